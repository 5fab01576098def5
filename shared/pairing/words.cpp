#include "shared/pairing/words.hpp"

#include <sodium.h>

namespace owhale::pairing {
namespace {

constexpr std::string_view kConsonants = "bdfghjklmnprstvz", kVowels = "aiou";
constexpr std::size_t kWords = 4;

} // namespace

std::string word_of(std::uint16_t bits) {
    return {kConsonants[bits >> 12], kVowels[bits >> 10 & 3], kConsonants[bits >> 6 & 15], kVowels[bits >> 4 & 3],
            kConsonants[bits & 15]};
}

std::string words_of(const std::array<std::uint8_t, 32>& key) {
    std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
    ::crypto_hash_sha256(digest.data(), key.data(), key.size());
    std::string words;
    for (std::size_t i = 0; i < kWords; ++i) {
        if (i != 0) words += '-';
        words += word_of(static_cast<std::uint16_t>(digest[2 * i] << 8 | digest[2 * i + 1]));
    }
    return words;
}

std::string read_words(std::string_view typed) {
    std::string words;
    for (const char c : typed) {
        const bool between = c == '-' || c == ' ' || c == '\t';
        if (!between) words += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (between && !words.empty() && words.back() != '-') words += '-';
    }
    if (words.ends_with('-')) words.pop_back();
    return words;
}

} // namespace owhale::pairing
