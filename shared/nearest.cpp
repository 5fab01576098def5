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
    const auto best = nearest_few(word, known, 1);
    return best.empty() ? std::nullopt : std::optional(best.front());
}

std::vector<std::string_view> nearest_few(std::string_view word, std::span<const std::string_view> known,
                                          std::size_t most) {
    constexpr std::size_t kLongest = 256; // the distance costs the product of the lengths
    if (word.size() > kLongest) return {};
    std::vector<std::pair<std::size_t, std::string_view>> close;
    for (const auto one : known)
        if (const auto distance = edit_distance(word, one); distance <= 1 + one.size() / 3)
            close.emplace_back(distance, one);
    std::ranges::stable_sort(close, {}, [](const auto& one) { return one.first; });
    std::vector<std::string_view> out;
    for (const auto& [distance, one] : close)
        if (out.size() < most) out.push_back(one);
    return out;
}

} // namespace owhale
