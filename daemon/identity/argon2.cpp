#include "identity/argon2.hpp"

#include <array>
#include <cstdio>
#include <sodium.h>

namespace owhale::identity {
namespace {

std::string random_base64(std::size_t size) {
    std::string bytes(size, '\0'),
        text(sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL_NO_PADDING), '\0');
    ::randombytes_buf(bytes.data(), bytes.size());
    ::sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                        sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    text.pop_back(); // the NUL
    return text;
}

} // namespace

Result<std::string> Argon2::make(std::string_view password) const {
    if (counter_ != nullptr) ++*counter_;
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (::crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost_.passes, cost_.memory,
                                crypto_pwhash_ALG_ARGON2ID13) != 0)
        return fail(Code::busy, "there is not enough memory to hash a password",
                    "try again, or lower argon2-memory in owhaled.conf");
    return std::string(out.data());
}

bool Argon2::check(const std::string& hash, std::string_view password) const {
    if (counter_ != nullptr) ++*counter_;
    if (hash.size() >= crypto_pwhash_STRBYTES) return false;
    std::array<char, crypto_pwhash_STRBYTES> padded{};
    hash.copy(padded.data(), hash.size());
    return ::crypto_pwhash_str_verify(padded.data(), password.data(), password.size()) == 0;
}

bool Argon2::is_cheap(const std::string& hash) const {
    unsigned version = 0;
    unsigned long long memory = 0, passes = 0;
    if (std::sscanf(hash.c_str(), "$argon2id$v=%u$m=%llu,t=%llu,", &version, &memory, &passes) != 3) return true;
    return memory < cost_.memory / 1024 || passes < cost_.passes;
}

std::string Argon2::nobodys() const {
    return "$argon2id$v=19$m=" + std::to_string(cost_.memory / 1024) + ",t=" + std::to_string(cost_.passes) + ",p=1$" +
           random_base64(crypto_pwhash_SALTBYTES) + "$" + random_base64(32);
}

} // namespace owhale::identity
