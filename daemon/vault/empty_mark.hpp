// That the vault of a state folder holds no secret, as an empty file beside the database: for who has to know whether a key may
// be made, and must not read the database because it has rights that the database's bytes are no reason for.
//
// It stands for emptiness, so that where it is lost - in a backup of the database alone, or an older owhaled's folder - nothing
// is made anew that secrets need.
#pragma once

#include <string>

#include "shared/error.hpp"

namespace owhale::vault {

// Where there is no database, or the mark. Not where neither can be known.
bool may_make_key(const std::string& state_dir);

// Of the thread that has the database.
class EmptyMark {
public:
    explicit EmptyMark(std::string state_dir) : state_dir_(std::move(state_dir)) {}
    // After the last secret went. Without it no key is made, and nothing else is lost: a failure is logged.
    void put();
    // Before the first secret is stored; gone from the disk, too, when it returns. state_unavailable.
    Status remove();

private:
    std::string path() const { return state_dir_ + "/vault.empty"; }

    std::string state_dir_;
    bool gone_ = false; // and the disk knows
};

} // namespace owhale::vault
