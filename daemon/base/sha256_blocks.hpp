// SHA-256's compression (FIPS 180-4, 6.2.2) by the x86 SHA instructions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace owhale {

bool has_sha_instructions();
// Takes `count` blocks of 64 bytes into the eight words of the state. Only where has_sha_instructions().
void compress_blocks(std::uint32_t* state, const unsigned char* blocks, std::size_t count);

// The same of two messages: a processor waits for the rounds of one while it works at those of the other.
void compress_two(std::uint32_t* state, const unsigned char* blocks, std::uint32_t* other_state,
                  const unsigned char* other_blocks, std::size_t count);

} // namespace owhale
