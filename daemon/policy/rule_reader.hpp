// One rule file, from TOML to rules: the shape alone. What its names mean in other files is policy/names.hpp's.
#pragma once

#include <map>

#include "base/toml_reader.hpp"
#include "policy/ruleset.hpp"

namespace owhale::policy {

struct Draft {
    Rule rule;
    std::uint32_t column = 0;
    std::map<std::string_view, std::vector<Placed>> placed; // by field, for errors that are found later
};

struct SetDraft {
    std::string name;
    std::vector<Placed> members;
    std::uint32_t line = 0, column = 0;
};

struct RuleFile {
    std::string name;
    Origin origin = Origin::system;
    std::vector<Draft> rules;
    std::vector<SetDraft> sets;
};

Result<RuleFile> read_rules(const Source& source);

// config_invalid at a place of a file.
std::unexpected<Error> wrong_at(std::string_view file, std::uint32_t line, std::uint32_t column, std::string_view what);
// The same error with what to do about a wrong file, where it says nothing of it.
Error with_next(Error error);
// "; did you mean `x`?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

} // namespace owhale::policy
