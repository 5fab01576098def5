// What mends what doctor found: commands of a table of ours, for a person to read and to run. No word of a command comes
// from owhaled's answer.
#pragma once

#include <string>
#include <vector>

#include "base/userns_limits.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

struct Mending {
    std::string check;                 // its name
    std::string advice;                // the check's own words
    std::vector<std::string> commands; // for sh; empty: advice alone helps
};

// One for each check that is not ok, in their order; a command that an earlier one has is not repeated. `limits`: this
// machine's. `asked`: what owhalectl was told of where owhaled is (options_for()), so that a command of its is about the same
// one.
std::vector<Mending> mendings(const std::vector<api::Check>& checks, const UsernsLimits& limits = read_userns_limits(),
                              const std::string& asked = {});

// As a script: advice in comments, commands on lines of their own.
std::string script(const std::vector<Mending>& mendings);

} // namespace owhale::cli
