// Patterns with {a,b} as several patterns without, and where the ranges of a pattern end: as match_glob reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::policy {

// The place of the "]" of a range such as [0-9a-f] that begins at `from`; 0 where it is none, and "[" is itself.
std::size_t range_end(std::string_view pattern, std::size_t from);
// Whether a "{" at `from` has its "}".
bool has_alternatives(std::string_view pattern, std::size_t from);
// None when they are too many, or when a piece of one would mean something else beside its neighbours.
std::optional<std::vector<std::string>> alternatives_of(std::string_view pattern);

} // namespace owhale::policy
