// The profiles that are loaded, by name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/profile.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

class Profiles {
public:
    // Reads DIR/tables.toml and every other DIR/*.toml. One that is wrong refuses them all, with line and column.
    static Result<Profiles> load(const std::string& dir);
    // Reads the folder again; keeps what it had when anything is wrong. Runs that live keep theirs.
    Status reload();

    // profile_unknown, naming the nearest one.
    Result<std::shared_ptr<const Profile>> find(std::string_view name) const;
    std::vector<std::shared_ptr<const Profile>> list() const;
    // As it would be read from NAME.toml beside the others, in place of one of that name. Nothing is loaded.
    Result<Profile> check(const std::string& name, std::string_view text) const;
    // Never null once loaded.
    std::shared_ptr<const Tables> tables() const { return tables_; }

private:
    std::string dir_;
    std::shared_ptr<const Tables> tables_;
    std::map<std::string, std::shared_ptr<const Profile>, std::less<>> by_name_;
};

} // namespace owhale::sandbox
