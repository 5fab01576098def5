#include "egress/ssh/bytes.hpp"

namespace owhale::egress::ssh {

std::string_view Reader::raw(std::size_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
}

std::uint8_t Reader::byte() {
    const auto bytes = raw(1);
    return bytes.empty() ? 0 : static_cast<std::uint8_t>(bytes[0]);
}

std::uint32_t Reader::number() {
    std::uint32_t value = 0;
    for (const char c : raw(4)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
}

std::string_view Reader::string() {
    const auto size = number();
    return raw(size);
}

void put_number(std::string& to, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(value >> shift & 0xff);
}

void put_string(std::string& to, std::string_view value) {
    put_number(to, static_cast<std::uint32_t>(value.size()));
    to += value;
}

} // namespace owhale::egress::ssh
