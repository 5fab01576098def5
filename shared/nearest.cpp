#include "shared/nearest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace owhale {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t corner = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto replaced = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
            corner = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
    constexpr std::size_t kLongest = 256; // the distance costs the product of the lengths
    if (word.size() > kLongest || known.empty()) return std::nullopt;
    const auto best = *std::ranges::min_element(known, {}, [&](auto one) { return edit_distance(word, one); });
    if (edit_distance(word, best) > 1 + best.size() / 3) return std::nullopt;
    return best;
}

} // namespace owhale
