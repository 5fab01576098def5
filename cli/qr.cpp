#include "cli/qr.hpp"

#include <qrcodegen/qrcodegen.hpp>

namespace owhale::cli {
namespace {

constexpr int kQuiet = 2; // modules around it: half of what the standard asks for, which phones take
constexpr auto kColours = "\x1b[30;107m", kPlain = "\x1b[0m";

} // namespace

std::optional<std::string> qr_code(const std::string& text, std::size_t columns) {
    try {
        const auto code = qrcodegen::QrCode::encodeText(text.c_str(), qrcodegen::QrCode::Ecc::MEDIUM);
        const int size = code.getSize();
        if (columns != 0 && static_cast<std::size_t>(size + 2 * kQuiet) > columns) return std::nullopt;
        std::string out;
        for (int y = -kQuiet; y < size + kQuiet; y += 2) {
            out += kColours;
            for (int x = -kQuiet; x < size + kQuiet; ++x) {
                const bool above = code.getModule(x, y), below = y + 1 < size + kQuiet && code.getModule(x, y + 1);
                out += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
            }
            (out += kPlain) += "\n";
        }
        return out;
    } catch (const qrcodegen::data_too_long&) {
        return std::nullopt;
    }
}

} // namespace owhale::cli
