// SHA-256 (FIPS 180-4), for the spawner, which links no crypto library: it names a filter's bytes in receipts.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace owhale::spawner {

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes);

} // namespace owhale::spawner
