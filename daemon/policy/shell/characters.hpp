// The classes of bytes that the grammar knows (bash reads these in the C locale).
#pragma once

#include <array>
#include <string_view>

namespace owhale::policy::shell {

constexpr bool is_one_of(int byte, std::string_view set) {
    for (const char member : set)
        if (static_cast<unsigned char>(member) == byte) return true;
    return false;
}
constexpr bool is_blank(int byte) {
    return byte == ' ' || byte == '\t';
}
constexpr bool is_digit(int byte) {
    return byte >= '0' && byte <= '9';
}
constexpr bool is_letter(int byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}
constexpr bool is_name_start(int byte) {
    return is_letter(byte) || byte == '_';
}
constexpr bool is_name(int byte) {
    return is_name_start(byte) || is_digit(byte);
}
constexpr bool is_special_parameter(int byte) {
    return is_one_of(byte, "@*#?-$!");
}
// What ends a word: blanks, operators, a line's end, the end.
constexpr auto kBreaks = [] {
    std::array<bool, 256> out{};
    for (const char byte : std::string_view(" \t\n;&|<>()")) out[static_cast<unsigned char>(byte)] = true;
    return out;
}();
constexpr bool is_break(int byte) {
    return byte < 0 || kBreaks[static_cast<std::size_t>(byte)];
}

} // namespace owhale::policy::shell
