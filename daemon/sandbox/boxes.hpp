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
    static constexpr std::size_t kMost = 32; // of one principal and fence; the spawner has 64 of a uid

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
    // For a run with a box of this key that is not there yet, of a principal and fence that has as many as it may: those that
    // can end for it, unused for longest first. Else none.
    std::vector<Row> to_end_for(const Use& use) const;
    std::vector<Row> list(const std::string& principal, bool any) const;
    // not_found for another principal's.
    Result<Row> find(const std::string& key, const std::string& principal, bool any) const;

private:
    std::map<std::string, Row> rows_;
};

} // namespace owhale::sandbox
