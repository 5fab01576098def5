// Sealing: XChaCha20-Poly1305 (libsodium, draft-irtf-cfrg-xchacha) with a random nonce of 24 bytes before the ciphertext,
// and keyed hashes (BLAKE2b, RFC 7693). What is bound beside the content is told to each call.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret_bytes.hpp"

namespace owhale::vault {

using Digest = std::array<std::uint8_t, 32>;

SecretBytes random_key();
// Nonce, ciphertext, tag.
std::string seal(const SecretBytes& key, std::string_view bound, std::string_view content);
// Empty when the key is another, or the bytes or what they are bound to were changed.
std::optional<SecretBytes> open_sealed(const SecretBytes& key, std::string_view bound, std::string_view sealed);

Digest digest_of(std::string_view bytes);
Digest keyed_digest(const SecretBytes& key, std::string_view bytes);
// A key of its own for one purpose, made of another: "head", "id".
SecretBytes subkey(const SecretBytes& key, std::string_view purpose);
// 16 hex digits by which people tell keys apart; nothing of the key.
std::string id_of(const SecretBytes& key);

// Builds what is bound: each part with its length before it, so that no two lists of parts look alike.
class Bound {
public:
    explicit Bound(std::string_view format) { add(format); }
    Bound& add(std::string_view part);
    Bound& add(std::uint64_t number);
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

} // namespace owhale::vault
