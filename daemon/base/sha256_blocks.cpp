#include "base/sha256_blocks.hpp"

#include "base/sha256_rounds.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace owhale {

#if defined(__x86_64__)
namespace {

bool ask_processor() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

} // namespace

bool has_sha_instructions() {
    static const bool has = ask_processor();
    return has;
}

namespace {

// The instructions want the words a, b, e, f in one register and c, d, g, h in the other.
struct Registers {
    __m128i abef, cdgh;
};

__m128i load(const void* at) {
    return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

#define OWHALE_SHA __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

OWHALE_SHA Registers to_registers(const std::uint32_t* state) {
    const auto cdab = _mm_shuffle_epi32(load(state), 0xb1);
    const auto efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
    return {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

OWHALE_SHA void to_state(const Registers& from, std::uint32_t* state) {
    const auto feba = _mm_shuffle_epi32(from.abef, 0x1b);
    const auto dchg = _mm_shuffle_epi32(from.cdgh, 0xb1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Rounds 4 i to 4 i + 3; `words` are the last sixteen of the message schedule.
OWHALE_SHA void four_rounds(Registers& at, __m128i* words, const unsigned char* block, int i) {
    const auto swap_bytes = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    auto& next = words[i & 3];
    if (i < 4) {
        next = _mm_shuffle_epi8(load(block + 16 * i), swap_bytes);
    } else {
        const auto newest = words[(i + 3) & 3];
        next = _mm_sha256msg1_epu32(next, words[(i + 1) & 3]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(newest, words[(i + 2) & 3], 4));
        next = _mm_sha256msg2_epu32(next, newest);
    }
    const auto keyed = _mm_add_epi32(next, load(kSha256Rounds.data() + 4 * i));
    at.cdgh = _mm_sha256rnds2_epu32(at.cdgh, at.abef, keyed);
    at.abef = _mm_sha256rnds2_epu32(at.abef, at.cdgh, _mm_shuffle_epi32(keyed, 0x0e));
}

OWHALE_SHA void add(Registers& at, const Registers& before) {
    at.abef = _mm_add_epi32(at.abef, before.abef);
    at.cdgh = _mm_add_epi32(at.cdgh, before.cdgh);
}

} // namespace

__attribute__((target("sha,sse4.1,ssse3"))) void compress_blocks(std::uint32_t* state, const unsigned char* blocks,
                                                                 std::size_t count) {
    auto at = to_registers(state);
    for (; count != 0; --count, blocks += 64) {
        const auto before = at;
        __m128i words[4];
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) four_rounds(at, words, blocks, i);
        add(at, before);
    }
    to_state(at, state);
}

__attribute__((target("sha,sse4.1,ssse3"))) void compress_two(std::uint32_t* state, const unsigned char* blocks,
                                                              std::uint32_t* other_state,
                                                              const unsigned char* other_blocks, std::size_t count) {
    auto at = to_registers(state), other = to_registers(other_state);
    for (; count != 0; --count, blocks += 64, other_blocks += 64) {
        const auto before = at, other_before = other;
        __m128i words[4], other_words[4];
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) {
            four_rounds(at, words, blocks, i);
            four_rounds(other, other_words, other_blocks, i);
        }
        add(at, before);
        add(other, other_before);
    }
    to_state(at, state);
    to_state(other, other_state);
}
#undef OWHALE_SHA
#else
bool has_sha_instructions() {
    return false;
}
void compress_blocks(std::uint32_t*, const unsigned char*, std::size_t) {}
void compress_two(std::uint32_t*, const unsigned char*, std::uint32_t*, const unsigned char*, std::size_t) {}
#endif

} // namespace owhale
