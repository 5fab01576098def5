#include "sandbox/digest.hpp"

#include "checks.hpp"

using namespace owhale::sandbox;

TEST_CASE("SHA-256 of FIPS 180-4's examples") {
    CHECK_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK_EQ(sha256_hex(std::string(1'000'000, 'a')),
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a digest is the same however its bytes come") {
    std::string text;
    for (int i = 0; i < 5'000; ++i) text += static_cast<char>(i * 7 / 3);
    unsigned char expected[crypto_hash_sha256_BYTES];
    for (const std::size_t length : {0u, 1u, 63u, 64u, 65u, 127u, 128u, 129u, 1'000u, 5'000u}) {
        const std::string_view part(text.data(), length);
        crypto_hash_sha256(expected, reinterpret_cast<const unsigned char*>(part.data()), part.size());
        for (const std::size_t step : {1u, 7u, 63u, 64u, 65u, 200u, 4'999u}) {
            Sha256 hash;
            for (std::size_t at = 0; at < part.size(); at += step) hash.update(part.substr(at, step));
            CAPTURE(length);
            CAPTURE(step);
            CHECK_EQ(hash.hex(), to_hex({reinterpret_cast<const char*>(expected), sizeof expected}));
        }
    }
}
