// The language of rule files as a table: each field of a rule, what its words are, where they are kept.
//
// Reading TOML, freezing and "did you mean" all go by this table: there is no second list of the fields.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "policy/rule.hpp"

namespace owhale::policy {

enum class Words : std::uint8_t { // what the words of a list are
    programs,                     // and sets of them
    texts,
    paths, // and sets of them
    hosts, // and sets of them
    facts,
    languages,
    modes,
    rules, // ids, with *
};

struct ListField {
    std::string_view name;
    std::vector<std::string> Rule::* words;
    Words kind;
    bool condition = true;
};

struct FlagField {
    std::string_view name;
    std::optional<bool> Rule::* flag;
};

inline constexpr std::array kLists = {
    ListField{"modes", &Rule::modes, Words::modes, false},
    ListField{"program", &Rule::program, Words::programs},
    ListField{"no_program", &Rule::no_program, Words::programs},
    ListField{"sub", &Rule::sub, Words::texts},
    ListField{"option", &Rule::option, Words::texts},
    ListField{"option_all", &Rule::option_all, Words::texts},
    ListField{"no_option", &Rule::no_option, Words::texts},
    ListField{"operand", &Rule::operand, Words::texts},
    ListField{"operands", &Rule::operands, Words::texts},
    ListField{"word", &Rule::word, Words::texts},
    ListField{"words", &Rule::words, Words::texts},
    ListField{"no_word", &Rule::no_word, Words::texts},
    ListField{"variable", &Rule::variable, Words::texts},
    ListField{"reads", &Rule::reads, Words::paths},
    ListField{"writes", &Rule::writes, Words::paths},
    ListField{"removes", &Rule::removes, Words::paths},
    ListField{"changes", &Rule::changes, Words::paths},
    ListField{"executes", &Rule::executes, Words::paths},
    ListField{"lists", &Rule::lists, Words::paths},
    ListField{"mounts", &Rule::mounts, Words::paths},
    ListField{"touches", &Rule::touches, Words::paths},
    ListField{"sends", &Rule::sends, Words::paths},
    ListField{"except", &Rule::except, Words::paths, false},
    ListField{"within", &Rule::within, Words::paths},
    ListField{"reads_within", &Rule::reads_within, Words::paths},
    ListField{"host", &Rule::host, Words::hosts},
    ListField{"url", &Rule::url, Words::texts},
    ListField{"except_host", &Rule::except_host, Words::hosts, false},
    ListField{"env", &Rule::env, Words::texts},
    ListField{"no_env", &Rule::no_env, Words::texts},
    ListField{"from", &Rule::from, Words::programs},
    ListField{"into", &Rule::into, Words::programs},
    ListField{"via", &Rule::via, Words::programs},
    ListField{"no_via", &Rule::no_via, Words::programs},
    ListField{"fact", &Rule::fact, Words::facts},
    ListField{"no_fact", &Rule::no_fact, Words::facts},
    ListField{"language", &Rule::language, Words::languages},
    ListField{"call", &Rule::call, Words::texts},
    ListField{"code", &Rule::code, Words::texts},
    ListField{"no_code", &Rule::no_code, Words::texts},
    ListField{"overrides", &Rule::overrides, Words::rules, false},
};

inline constexpr std::array kFlags = {
    FlagField{"connects", &Rule::connects}, FlagField{"sends_data", &Rule::sends_data},
    FlagField{"listens", &Rule::listens},   FlagField{"recursive", &Rule::recursive},
    FlagField{"agreed", &Rule::agreed},
};

inline constexpr std::array<std::string_view, 3> kDecisions = {"allow", "ask", "deny"};
inline constexpr std::array<std::string_view, 5> kSeverities = {"none", "low", "medium", "high", "critical"};
inline constexpr std::array<std::string_view, 3> kUnknowns = {"ask", "skip", "match"};
inline constexpr std::array<std::string_view, 2> kModes = {"local", "strict"};
inline constexpr std::array<std::string_view, 3> kNets = {"none", "scoped", "host"};
// Verdicts that no rule of a file gives; `overrides` may name the first two.
inline constexpr std::array<std::string_view, 5> kBuiltIn = {"net.host", "program.unknown", "default", "syntax",
                                                             "bounds"};
inline constexpr std::size_t kOverridable = 2;

// Whether anything but mode and exceptions says when the rule holds.
bool has_condition(const Rule& rule);

} // namespace owhale::policy
