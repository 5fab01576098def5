#include "identity/utf8.hpp"

#include "shared/codec.hpp"

namespace owhale::identity {

std::optional<std::u32string> code_points(std::string_view text) {
    if (!codec::is_utf8(text)) return std::nullopt;
    std::u32string out;
    for (const char raw : text) {
        const auto byte = static_cast<unsigned char>(raw);
        const bool continues = (byte & 0xc0) == 0x80;
        // A lead byte keeps what its length leaves: 7, 5, 4 or 3 bits.
        const unsigned kept = byte < 0x80 ? 0x7f : byte < 0xe0 ? 0x1f : byte < 0xf0 ? 0x0f : 0x07;
        if (continues)
            out.back() = out.back() << 6 | (byte & 0x3f);
        else
            out.push_back(byte & kept);
    }
    return out;
}

} // namespace owhale::identity
