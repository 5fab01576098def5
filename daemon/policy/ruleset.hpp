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

class Index; // policy/index.hpp

struct Source {
    std::string name; // file, for messages
    std::string text;
    Origin origin = Origin::system;
    std::string_view frozen; // of a shipped one, instead of its text: what `freeze` made of it when this was built
    bool examples = true;    // of a frozen one: keep its examples, half of what there is to read
};

constexpr std::size_t kMaxRuleFile = 1 << 20, kMaxRules = 5'000, kMaxRuleFiles = 256;
constexpr std::size_t kMaxProjectFile = 64 << 10; // it comes with the code, and is read for each run there

struct Ruleset {
    std::vector<Rule> rules;                              // in the order of the sources
    std::map<std::string, std::vector<std::string>> sets; // "@name" -> members, sets in sets resolved
    std::string version;                                  // hex SHA-256 over names and texts: changes when a rule does
    std::shared_ptr<const Index> index;                   // the rules, prepared for matching
};

// The rules that are built in: policy/*.toml.
std::vector<Source> shipped_sources();

enum class Verify : std::uint8_t {
    added,
    none,
    all
}; // whose examples: all but the shipped ones', which a test verifies

// An error is config_invalid: "FILE:LINE:COLUMN: what", with the nearest known key.
Result<std::shared_ptr<const Ruleset>> load_rules(const std::vector<Source>& sources, Verify verify = Verify::added);

} // namespace owhale::policy
