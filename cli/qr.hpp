// A text as a QR code, dark on light whatever the terminal's colours are: half blocks, two rows in one line; where the locale has none
// of these "##" and blanks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cli/bars.hpp"

namespace owhale::cli {

struct QrCode {
    std::string picture; // lines, with colours
    std::size_t columns = 0;
};
// None when the text is too long for a code.
std::optional<QrCode> qr_code(const std::string& text, Ink ink);

} // namespace owhale::cli
