#include "egress/names_given.hpp"

#include <algorithm>
#include <array>

namespace owhale::egress {
namespace {

namespace ip = boost::asio::ip;

constexpr std::uint32_t kFirst4 = 0xc6120000; // 198.18.0.0
constexpr std::array<unsigned char, 6> kPrefix6 = {0xfd, 0x6f, 0x77, 0x68, 0x61, 0x6c};

// From 1: an address that ends in zeros reads like a network's own.
ip::address_v4 v4_of(std::size_t number) {
    return ip::address_v4(kFirst4 + 1 + static_cast<std::uint32_t>(number));
}

ip::address_v6 v6_of(std::size_t number) {
    ip::address_v6::bytes_type bytes{};
    std::ranges::copy(kPrefix6, bytes.begin());
    const auto value = static_cast<std::uint32_t>(number) + 1;
    for (unsigned i = 0; i < 4; ++i) bytes[12 + i] = static_cast<unsigned char>(value >> (24 - 8 * i));
    return ip::address_v6(bytes);
}

std::optional<std::size_t> number_of(const ip::address& address) {
    if (address.is_v4()) {
        const auto value = address.to_v4().to_uint();
        if (value <= kFirst4 || value > kFirst4 + NamesGiven::kMost) return std::nullopt;
        return value - kFirst4 - 1;
    }
    const auto bytes = address.to_v6().to_bytes();
    if (!std::equal(kPrefix6.begin(), kPrefix6.end(), bytes.begin())) return std::nullopt;
    if (std::any_of(bytes.begin() + 6, bytes.begin() + 12, [](auto byte) { return byte != 0; })) return std::nullopt;
    std::uint32_t value = 0;
    for (unsigned i = 12; i < 16; ++i) value = value << 8 | bytes[i];
    return value == 0 ? std::nullopt : std::optional<std::size_t>(value - 1);
}

} // namespace

std::optional<NamesGiven::Pair> NamesGiven::addresses_of(const std::string& name) {
    const auto known = numbers_.find(name);
    const bool full = names_.size() >= kMost || bytes_ + name.size() > kMostBytes;
    if (known == numbers_.end() && full) return std::nullopt;
    const auto number = known == numbers_.end() ? names_.size() : known->second;
    if (known == numbers_.end()) {
        bytes_ += names_.emplace_back(name).size();
        numbers_.emplace(names_.back(), number);
    }
    return Pair{v4_of(number), v6_of(number)};
}

const std::string* NamesGiven::name_of(const ip::address& address) const {
    const auto number = number_of(address);
    return number && *number < names_.size() ? &names_[*number] : nullptr;
}

bool NamesGiven::is_given(const ip::address& address) {
    if (address.is_v4()) return (address.to_v4().to_uint() & 0xfffe0000u) == kFirst4;
    const auto bytes = address.to_v6().to_bytes();
    return std::equal(kPrefix6.begin(), kPrefix6.end(), bytes.begin());
}

} // namespace owhale::egress
