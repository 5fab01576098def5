// The known word closest to a mistyped one, for "did you mean".
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace owhale {

// Insertions, removals and replacements that make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);
// Empty when none is close (more than a third of its letters, plus one, differ). `word` beyond 256 bytes has none.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

} // namespace owhale
