// SHA-256 (FIPS 180-4) without a crypto library: for the spawner, which links none, and for the pure libraries.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace owhale {

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes);
// As 64 hexadecimal digits.
std::string sha256_text(std::string_view bytes);

} // namespace owhale
