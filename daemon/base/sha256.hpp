// SHA-256 (FIPS 180-4) without a crypto library: for the spawner, which links none, and for the pure libraries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace owhale {

// Of what comes in pieces. Allocates nothing: it is used between a clone and the exec.
class Sha256 {
public:
    void update(std::span<const std::uint8_t> bytes);
    // Ends it: nothing may follow.
    std::array<std::uint8_t, 32> digest();

private:
    std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::uint8_t, 64> block_{};
    std::size_t filled_ = 0;
    std::uint64_t length_ = 0; // bytes
};

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes);
// As 64 hexadecimal digits.
std::string sha256_text(std::string_view bytes);

} // namespace owhale
