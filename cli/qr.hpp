// A text as a QR code of half blocks, dark on light whatever the terminal's colours are.
#pragma once

#include <optional>
#include <string>

namespace owhale::cli {

// Lines of `columns` at most (0: any); none when it does not fit, or the text is too long for a code.
std::optional<std::string> qr_code(const std::string& text, std::size_t columns);

} // namespace owhale::cli
