// Small letters, of ASCII alone: what holes are made of stays.
#pragma once

#include <string>
#include <string_view>

namespace owhale::policy::normal {

inline std::string lowered(std::string_view text) {
    std::string out(text);
    for (std::size_t at = 0; at < out.size(); ++at) {
        if (out[at] == '\0')
            ++at;
        else if (out[at] >= 'A' && out[at] <= 'Z')
            out[at] = static_cast<char>(out[at] + 32);
    }
    return out;
}

} // namespace owhale::policy::normal
