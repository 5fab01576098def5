#include "mcp/percent.hpp"

#include <charconv>

#include "base/utf8.hpp"

namespace owhale::mcp {

std::optional<std::string> from_percent(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (text.front() != '%') {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        unsigned byte = 0;
        if (text.size() < 3) return std::nullopt;
        const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
        if (error != std::errc{} || end != text.data() + 3 || byte == 0) return std::nullopt;
        out += static_cast<char>(byte);
        text.remove_prefix(3);
    }
    if (first_not_utf8(out) != out.size()) return std::nullopt;
    return out;
}

} // namespace owhale::mcp
