#include "cli/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace owhale::cli {
namespace {

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

} // namespace

std::string nearest(std::string_view meant, const std::vector<std::string>& known) {
    std::string best;
    std::size_t least = std::max<std::size_t>(1, meant.size() / 3) + 1;
    for (const auto& name : known) {
        if (const auto edits = distance(meant, name); edits < least) {
            least = edits;
            best = name;
        }
    }
    return best;
}

} // namespace owhale::cli
