// Rules as bytes that are read in a fraction of the time that TOML takes: the shipped ones are frozen when owhaled is built.
#pragma once

#include "policy/ruleset.hpp"

namespace owhale::policy {

std::string freeze(const Ruleset& rules);

struct Thawed {
    std::vector<Rule> rules;
    std::map<std::string, std::vector<std::string>> sets;
    std::string version;
};

// config_invalid when these are not the bytes of `freeze`, of this build.
Result<Thawed> thaw(std::string_view frozen, bool examples = true);

} // namespace owhale::policy
