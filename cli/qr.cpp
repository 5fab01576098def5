#include "cli/qr.hpp"

#include <qrcodegen/qrcodegen.hpp>

namespace owhale::cli {
namespace {

constexpr int kQuiet = 2; // modules around it: half of what the standard asks for, which phones take
constexpr auto kDarkOnLight = "\x1b[30;107m", kAllDark = "\x1b[30;40m", kLight = "\x1b[107m", kPlain = "\x1b[0m";

std::string in_half_blocks(const qrcodegen::QrCode& code) {
    const int end = code.getSize() + kQuiet;
    std::string out;
    for (int y = -kQuiet; y < end; y += 2) {
        out += kDarkOnLight;
        for (int x = -kQuiet; x < end; ++x) {
            const bool above = code.getModule(x, y), below = y + 1 < end && code.getModule(x, y + 1);
            out += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
        }
        (out += kPlain) += "\n";
    }
    return out;
}

// A module is two columns, which are about as wide as a line is high; a dark one is dark all over, as its letters are.
std::string in_ascii(const qrcodegen::QrCode& code) {
    const int end = code.getSize() + kQuiet;
    std::string out;
    for (int y = -kQuiet; y < end; ++y) {
        for (int x = -kQuiet; x < end; ++x) {
            const bool dark = code.getModule(x, y);
            if (x == -kQuiet || dark != code.getModule(x - 1, y)) out += dark ? kAllDark : kLight;
            out += dark ? "##" : "  ";
        }
        (out += kPlain) += "\n";
    }
    return out;
}

} // namespace

std::optional<QrCode> qr_code(const std::string& text, Ink ink) {
    try {
        const auto code = qrcodegen::QrCode::encodeText(text.c_str(), qrcodegen::QrCode::Ecc::MEDIUM);
        const auto modules = static_cast<std::size_t>(code.getSize() + 2 * kQuiet);
        if (ink == Ink::blocks) return QrCode{in_half_blocks(code), modules};
        return QrCode{in_ascii(code), 2 * modules};
    } catch (const qrcodegen::data_too_long&) {
        return std::nullopt;
    }
}

} // namespace owhale::cli
