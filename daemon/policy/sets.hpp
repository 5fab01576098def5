// Named lists of paths, programs and hosts: "@name".
#pragma once

#include "policy/rule_reader.hpp"

namespace owhale::policy {

using Sets = std::map<std::string, std::vector<std::string>>; // "@name" -> members without sets of files in them

// These stand for folders that only a request tells, and all below them: they stay in the members as they are.
inline constexpr std::array<std::string_view, 3> kPlaces = {"@home", "@workspace", "@tmp"};

// "@home" of "@home/.ssh/**"; "" where a word begins with no set.
std::string_view set_of(std::string_view word);
bool is_place(std::string_view set);
// The nearest set, for an error.
std::string unknown_set(const Sets& sets, std::string_view name);

// Takes in the sets of one file. A set may name others of its file and of earlier ones; its own name then means what
// it was in an earlier file, so that an administrator's `registries = ["@registries", "my.host"]` adds to a shipped one.
Status add_sets(Sets& sets, const RuleFile& file);

// What a word of a list stands for: itself, a set's members, or these with the rest of the path behind each.
std::vector<std::string> members_of(const Sets& sets, const std::string& word);

} // namespace owhale::policy
