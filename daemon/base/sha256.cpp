#include "base/sha256.hpp"

#include <algorithm>
#include <bit>

#include "base/sha256_blocks.hpp"
#include "base/sha256_rounds.hpp"

namespace owhale {
namespace {

using State = std::array<std::uint32_t, 8>;

void compress(State& state, const std::uint8_t* block) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t i = 0; i < 16; ++i)
        w[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
               std::uint32_t{block[4 * i + 2]} << 8 | block[4 * i + 3];
    for (std::size_t i = 16; i < 64; ++i) {
        const auto s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const auto s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t i = 0; i < 64; ++i) {
        const auto t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) +
                        kSha256Rounds[i] + w[i];
        const auto t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const State add = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += add[i];
}

void compress_all(State& state, const std::uint8_t* blocks, std::size_t count) {
    if (has_sha_instructions()) return compress_blocks(state.data(), blocks, count);
    for (; count != 0; --count, blocks += 64) compress(state, blocks);
}

} // namespace

void Sha256::update(std::span<const std::uint8_t> bytes) {
    length_ += bytes.size();
    while (!bytes.empty()) {
        if (filled_ == 0 && bytes.size() >= block_.size()) {
            const auto count = bytes.size() / block_.size();
            compress_all(state_, bytes.data(), count);
            bytes = bytes.subspan(count * block_.size());
            continue;
        }
        const auto taken = std::min(bytes.size(), block_.size() - filled_);
        std::copy_n(bytes.begin(), taken, block_.begin() + static_cast<std::ptrdiff_t>(filled_));
        bytes = bytes.subspan(taken);
        filled_ = (filled_ + taken) % block_.size();
        if (filled_ == 0) compress_all(state_, block_.data(), 1);
    }
}

std::array<std::uint8_t, 32> Sha256::digest() {
    const auto bits = length_ * 8;
    constexpr std::array<std::uint8_t, 64> kPadding = {0x80};
    update(std::span(kPadding).first((filled_ < 56 ? 56 : 120) - filled_));
    std::array<std::uint8_t, 8> size;
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
    update(size);
    std::array<std::uint8_t, 32> digest;
    for (std::size_t i = 0; i < 32; ++i) digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.digest();
}

std::string sha256_text(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const auto byte : sha256({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()})) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

} // namespace owhale
