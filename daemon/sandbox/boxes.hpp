// The boxes that runs have used since the spawner started: they live there, this is what the API tells of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

class Boxes {
public:
    struct Use {
        std::string key, principal, workspace;
        std::uint32_t uid = 0; // whose it is in the spawner's eyes
        std::string profile;   // of its runs
        std::string fence;     // of the token that they were started with, "" none
    };
    // A run begins to use it.
    void used(const Use& use);
    // The spawner ended it.
    void ended(const std::string& key);

    struct Row {
        std::string principal;
        std::uint32_t uid = 0;
        api::Box box; // without its runs
        std::string profile, fence;
    };
    std::vector<Row> list(const std::string& principal, bool any) const;
    // not_found for another principal's.
    Result<Row> find(const std::string& key, const std::string& principal, bool any) const;

private:
    std::map<std::string, Row> rows_;
};

} // namespace owhale::sandbox
