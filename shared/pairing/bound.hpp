// What the two sides of a pairing bind into CPace besides the code: the device's key and name, what it is, and the certificate of
// the TLS connection as each side sees it. Somebody in between has another certificate, so the two sides come to different keys. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace owhale::pairing {

// What joins, by its own word. A page cannot see its certificate: what it binds is what it was told over that very connection.
inline constexpr std::array<std::string_view, 3> kVia = {
    "program",           // it compared the certificate itself
    "browser",           // the browser believes the certificate, as far as the page can tell
    "browser-untrusted", // it does not: a warning was clicked away, or the page could not tell
};

inline constexpr std::string_view kChannel = "owhaled pairing 1"; // CPace's channel identifier

// `fingerprint`: "SHA256:" and 64 hexadecimal digits, of the server's certificate.
std::string joiner_ad(const std::array<std::uint8_t, 32>& key, std::string_view name, std::string_view via,
                      std::string_view fingerprint);
std::string maker_ad(std::string_view fingerprint);

} // namespace owhale::pairing
