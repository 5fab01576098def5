// What the two sides of a pairing bind into CPace besides the code: the device's key and name, and the certificate of the TLS
// connection as each side sees it. Somebody in between has another certificate, so the two sides come to different keys. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace owhale::pairing {

inline constexpr std::string_view kChannel = "owhaled pairing 1"; // CPace's channel identifier

// `fingerprint`: "SHA256:" and 64 hexadecimal digits, of the server's certificate.
std::string joiner_ad(const std::array<std::uint8_t, 32>& key, std::string_view name, std::string_view fingerprint);
std::string maker_ad(std::string_view fingerprint);

} // namespace owhale::pairing
