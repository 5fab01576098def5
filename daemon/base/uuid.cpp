#include "base/uuid.hpp"

#include <sodium.h>

#include "base/clock.hpp"

namespace owhale {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr bool dash_before(std::size_t byte) {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int nibble(char c) {
    const auto at = kHex.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

} // namespace

Uuid make_uuid() {
    Uuid uuid;
    ::randombytes_buf(uuid.data(), uuid.size());
    const auto ms = static_cast<std::uint64_t>(wall_clock_us() / 1000);
    for (std::size_t i = 0; i < 6; ++i) uuid[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x70);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
    return uuid;
}

std::string to_string(const Uuid& uuid) {
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (dash_before(i)) text += '-';
        text += kHex[uuid[i] >> 4];
        text += kHex[uuid[i] & 15];
    }
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != 36) return {};
    Uuid uuid;
    std::size_t at = 0;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (dash_before(i) && text[at++] != '-') return {};
        const int high = nibble(text[at]), low = nibble(text[at + 1]);
        if (high < 0 || low < 0) return {};
        uuid[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return uuid;
}

} // namespace owhale
