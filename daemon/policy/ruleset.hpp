// All rules in force: the shipped ones, then the administrator's, then the project's, which can only narrow.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/rule.hpp"
#include "shared/error.hpp"

namespace owhale::policy {

enum class Origin : std::uint8_t { shipped, system, project }; // project: rules to ask or deny alone, no overrides

struct Source {
    std::string name; // file, for messages
    std::string text;
    Origin origin = Origin::system;
};

struct Ruleset {
    std::vector<Rule> rules;                             // in the order of the sources
    std::map<std::string, std::vector<std::string>> sets; // "@name" -> members, sets in sets resolved
    std::string version;                                 // hex SHA-256 over names and texts: changes when a rule does
};

// The texts that are built in: policy/*.toml.
std::vector<Source> shipped_sources();

// Parses and verifies each example of every source but the shipped ones, whose examples a test verifies. An error is
// config_invalid: "FILE:LINE:COLUMN: what", with the nearest known key.
Result<std::shared_ptr<const Ruleset>> load_rules(const std::vector<Source>& sources);

} // namespace owhale::policy
