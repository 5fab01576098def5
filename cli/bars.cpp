#include "cli/bars.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace owhale::cli {
namespace {

// Of `whole` parts, so many as count is of most; at least one of what is not nothing.
std::uint64_t share(std::uint64_t count, std::uint64_t most, std::uint64_t whole) {
    if (count == 0 || most == 0) return 0;
    const auto part = static_cast<double>(count) / static_cast<double>(most) * static_cast<double>(whole);
    return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(part + 0.5), 1, whole);
}

constexpr std::array kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

} // namespace

Ink ink() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        std::string text = value;
        std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
        const bool utf8 = text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
        return utf8 ? Ink::blocks : Ink::ascii;
    }
    return Ink::ascii;
}

std::string bar(std::uint64_t count, std::uint64_t most, std::size_t columns, Ink ink) {
    if (columns == 0) return {};
    if (ink == Ink::ascii) return std::string(share(count, most, columns), '#');
    const auto eighths = share(count, most, columns * 8);
    std::string out;
    for (std::uint64_t i = 0; i < eighths / 8; ++i) out += "█";
    return out + kEighths[eighths % 8];
}

std::string sparkline(const std::vector<std::uint64_t>& values, Ink ink) {
    constexpr std::array kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    constexpr std::array kAscii = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    const auto most = values.empty() ? 0 : *std::ranges::max_element(values);
    std::string out;
    for (const auto value : values) out += (ink == Ink::blocks ? kBlocks : kAscii)[share(value, most, 8)];
    return out;
}

} // namespace owhale::cli
