#include "sandbox/sha256_blocks.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace owhale::sandbox {

#if defined(__x86_64__)
namespace {

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
alignas(16) constexpr std::uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

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

__attribute__((target("sha,sse4.1,ssse3"))) void compress_blocks(std::uint32_t* state, const unsigned char* blocks,
                                                                 std::size_t count) {
    const auto load = [](const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); };
    const auto swap_bytes = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    // The instructions want the words a, b, e, f in one register and c, d, g, h in the other.
    const auto cdab = _mm_shuffle_epi32(load(state), 0xb1);
    const auto efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
    auto abef = _mm_alignr_epi8(cdab, efgh, 8);
    auto cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
    for (; count != 0; --count, blocks += 64) {
        const auto abef_before = abef, cdgh_before = cdgh;
        __m128i words[4]; // the last sixteen words of the message schedule
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) {
            auto& next = words[i & 3];
            if (i < 4) {
                next = _mm_shuffle_epi8(load(blocks + 16 * i), swap_bytes);
            } else {
                const auto newest = words[(i + 3) & 3];
                next = _mm_sha256msg1_epu32(next, words[(i + 1) & 3]);
                next = _mm_add_epi32(next, _mm_alignr_epi8(newest, words[(i + 2) & 3], 4));
                next = _mm_sha256msg2_epu32(next, newest);
            }
            const auto keyed = _mm_add_epi32(next, load(kRounds + 4 * i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, keyed);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(keyed, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const auto feba = _mm_shuffle_epi32(abef, 0x1b);
    const auto dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#else
bool has_sha_instructions() {
    return false;
}
void compress_blocks(std::uint32_t*, const unsigned char*, std::size_t) {}
#endif

} // namespace owhale::sandbox
