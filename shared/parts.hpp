// A text cut at each of a character: one part more than it has of these, also where a part is "".
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace owhale {

inline std::vector<std::string_view> parts_of(std::string_view text, char by) {
    std::vector<std::string_view> out;
    for (std::size_t from = 0; from <= text.size();) {
        const auto end = std::min(text.find(by, from), text.size());
        out.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return out;
}

} // namespace owhale
