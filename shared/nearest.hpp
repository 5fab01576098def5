// The known word closest to a mistyped one, for "did you mean".
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace owhale {

// Insertions, removals and replacements that make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);
// Empty when none is close (more than a third of its letters, plus one, differ). `word` beyond 256 bytes has none.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);
// The closest ones, the nearest first, at most `most`; none that nearest() would not name.
std::vector<std::string_view> nearest_few(std::string_view word, std::span<const std::string_view> known,
                                          std::size_t most);

} // namespace owhale
