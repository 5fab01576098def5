// SHA-256 of many messages, two at once where the processor has instructions for it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace owhale {

// Of each text with the byte `first` before it, into the same place of `out`, which is as long.
void sha256_many(std::uint8_t first, std::span<const std::string_view> texts,
                 std::span<std::array<std::uint8_t, 32>> out);

} // namespace owhale
