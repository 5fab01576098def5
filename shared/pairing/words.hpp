// The fingerprint of a device's key in words that two people can read to each other. Pure.
//
// The first 64 bits of the key's SHA-256 as four proquints (D. S. Wilkerson, arXiv:0901.4016): consonants and vowels in turn,
// five letters for 16 bits, so that no list of words has to be kept and none can be taken for another language's.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace owhale::pairing {

// "lusab-babad-gutih-tugad"
std::string words_of(const std::array<std::uint8_t, 32>& key);
// As they were typed: any case, blanks and dashes between them.
std::string read_words(std::string_view typed);
// One proquint.
std::string word_of(std::uint16_t bits);

} // namespace owhale::pairing
