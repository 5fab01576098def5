#include "vault/seal.hpp"

#include <sodium.h>

namespace owhale::vault {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == 32);

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

} // namespace

SecretBytes random_key() {
    SecretBytes key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
    ::randombytes_buf(key.data(), key.size());
    return key;
}

std::string seal(const SecretBytes& key, std::string_view bound, std::string_view content) {
    std::string out(kNonce + content.size() + kTag, '\0');
    ::randombytes_buf(out.data(), kNonce);
    ::crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(out) + kNonce, nullptr, bytes(content), content.size(),
                                                 bytes(bound), bound.size(), nullptr, bytes(out), key.data());
    return out;
}

std::optional<SecretBytes> open_sealed(const SecretBytes& key, std::string_view bound, std::string_view sealed) {
    if (sealed.size() < kNonce + kTag) return std::nullopt;
    const auto body = sealed.substr(kNonce);
    SecretBytes out(body.size() - kTag);
    if (::crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, bytes(body), body.size(),
                                                     bytes(bound), bound.size(), bytes(sealed), key.data()) != 0)
        return std::nullopt;
    return out;
}

Digest digest_of(std::string_view text) {
    Digest out{};
    ::crypto_generichash(out.data(), out.size(), bytes(text), text.size(), nullptr, 0);
    return out;
}

Digest keyed_digest(const SecretBytes& key, std::string_view text) {
    Digest out{};
    ::crypto_generichash(out.data(), out.size(), bytes(text), text.size(), key.data(), key.size());
    return out;
}

SecretBytes subkey(const SecretBytes& key, std::string_view purpose) {
    const auto text = Bound("owhale.subkey.1").add(purpose).text();
    SecretBytes out(crypto_generichash_KEYBYTES);
    ::crypto_generichash(out.data(), out.size(), bytes(text), text.size(), key.data(), key.size());
    return out;
}

std::string id_of(const SecretBytes& key) {
    constexpr std::size_t kShown = 8;
    const auto digest = keyed_digest(subkey(key, "id"), "");
    std::array<char, 2 * kShown + 1> hex{};
    ::sodium_bin2hex(hex.data(), hex.size(), digest.data(), kShown);
    return hex.data();
}

Bound& Bound::add(std::string_view part) {
    add(std::uint64_t{part.size()});
    text_ += part;
    return *this;
}

Bound& Bound::add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) text_ += static_cast<char>(number >> shift & 0xff);
    return *this;
}

} // namespace owhale::vault
