#include "policy/names.hpp"

#include <algorithm>

#include "policy/fields.hpp"
#include "policy/normal/facts.hpp"
#include "policy/normal/languages.hpp"
#include "policy/normal/program_tables.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy {
namespace {

std::vector<std::string_view> fact_names() {
    std::vector<std::string_view> names;
    for (const auto& row : kFacts) names.push_back(row.name);
    return names;
}

// What the normal form calls the languages of code: those that it reads, and those that programs are known to read.
std::vector<std::string_view> language_names() {
    std::vector<std::string_view> names = {"sh", "opaque"};
    for (const auto& row : normal::language_tables().languages) names.push_back(row.name);
    const auto add = [&](const RoleRow& row) {
        const bool code = row.role == Role::code || row.role == Role::code_rest || row.role == Role::code_file;
        if (code && !row.argument.empty()) names.push_back(row.argument);
    };
    for (const auto& row : program_tables().roles) add(row);
    for (const auto& row : program_tables().options) add(row.value);
    return names;
}

std::string check_word(std::string_view what, std::string_view word, std::span<const std::string_view> known) {
    if (std::ranges::find(known, word) != known.end()) return {};
    return "there is no " + std::string(what) + " `" + std::string(word) + "`" + did_you_mean(word, known);
}

// "" when the word may stand in a list of this kind.
std::string problem_of(Words kind, const std::string& word, const Sets& sets) {
    switch (kind) {
    case Words::facts: {
        static const auto names = fact_names();
        return check_word("fact", word, names);
    }
    case Words::languages: {
        static const auto names = language_names();
        return check_word("language", word, names);
    }
    case Words::modes:
        return check_word("mode", word, kModes);
    case Words::programs:
    case Words::hosts:
    case Words::paths: {
        const std::string set(set_of(word));
        if (set.empty() || sets.contains(set) || (kind == Words::paths && is_place(set))) return {};
        return unknown_set(sets, set);
    }
    case Words::texts:
    case Words::rules:
        break;
    }
    return {};
}

Status check_lists(const RuleFile& file, const Draft& draft, const Sets& sets) {
    for (const auto& field : kLists) {
        const auto placed = draft.placed.find(field.name);
        if (placed == draft.placed.end()) continue;
        for (const auto& word : placed->second)
            if (const auto problem = problem_of(field.kind, word.text, sets); !problem.empty())
                return wrong_at(file.name, word.line, word.column, std::string(field.name) + ": " + problem);
    }
    const auto hosts = draft.placed.find("ceiling");
    if (hosts == draft.placed.end()) return {};
    for (const auto& host : hosts->second)
        if (const auto problem = problem_of(Words::hosts, host.text, sets); !problem.empty())
            return wrong_at(file.name, host.line, host.column, "hosts: " + problem);
    return {};
}

bool names_any(const std::string& pattern, const std::map<std::string, std::string>& ids) {
    const auto matches = [&](std::string_view id) { return match_glob(pattern, id) == Match::yes; };
    const auto built_in = std::span(kBuiltIn).first(kOverridable);
    return std::ranges::any_of(ids, [&](const auto& id) { return matches(id.first); }) ||
           std::ranges::any_of(built_in, matches);
}

std::string nearest_id(std::string_view word, const std::map<std::string, std::string>& ids) {
    std::vector<std::string_view> known(kBuiltIn.begin(), kBuiltIn.begin() + kOverridable);
    for (const auto& [id, where] : ids) known.push_back(id);
    return did_you_mean(word, known);
}

} // namespace

Status check_names(const RuleFile& file, const Sets& sets, std::map<std::string, std::string>& ids) {
    for (const auto& draft : file.rules) {
        const auto& rule = draft.rule;
        const auto [at, added] = ids.emplace(rule.id, file.name + ":" + std::to_string(rule.line));
        if (!added)
            return wrong_at(file.name, rule.line, draft.column, "the id `" + rule.id + "` is taken: " + at->second);
        CHECK(check_lists(file, draft, sets));
    }
    return {};
}

Status check_overrides(const RuleFile& file, const std::map<std::string, std::string>& ids) {
    for (const auto& draft : file.rules) {
        const auto placed = draft.placed.find("overrides");
        if (placed == draft.placed.end()) continue;
        for (const auto& word : placed->second)
            if (!names_any(word.text, ids))
                return wrong_at(file.name, word.line, word.column,
                                "overrides: there is no rule `" + word.text + "`" + nearest_id(word.text, ids));
    }
    return {};
}

} // namespace owhale::policy
