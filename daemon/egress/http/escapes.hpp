// A value in a text that was encoded character by character: %41, \u0041, \/, or hexadecimal. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace owhale::egress::http {

enum class Escape : std::uint8_t { percent, backslash };
struct Span {
    std::size_t at = std::string_view::npos, size = 0;
};

// The first place, npos none. A byte of the value may be escaped or not.
Span find_escaped(std::string_view text, std::string_view value, Escape escape);
// Each byte as two digits, in any case.
Span find_hex(std::string_view text, std::string_view value);
// Where the longest end of the text starts that may go on as the value; text.size() none. Of a long value the first 256
// bytes are compared.
std::size_t escaped_beginning(std::string_view text, std::string_view value, Escape escape);
std::size_t hex_beginning(std::string_view text, std::string_view value);

} // namespace owhale::egress::http
