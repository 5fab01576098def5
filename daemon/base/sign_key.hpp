// An Ed25519 key of owhaled's own (RFC 8032): its seed in a file that nobody else can read, its secret in wiped memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale {

class SignKey {
public:
    using Public = std::array<std::uint8_t, 32>;
    using Signature = std::array<std::uint8_t, 64>;

    // Reads the seed (32 bytes). The file has to be regular, ours, and closed to others; else state_unavailable, which
    // says what to do. A file that is not there is the errno ENOENT.
    static Result<SignKey> open(const std::string& path);
    // Makes the file, mode 0600, with a new seed.
    static Result<SignKey> make(const std::string& path);

    SignKey(SignKey&&) noexcept = default;
    SignKey& operator=(SignKey&&) noexcept = default;

    const Public& public_key() const { return public_; }
    // The first 16 hex digits of the public key's SHA-256.
    const std::string& id() const { return id_; }
    Signature sign(std::string_view bytes) const;
    static bool verify(const Public& key, std::string_view bytes, const Signature& signature);

private:
    struct Secret;
    struct Wipe {
        void operator()(Secret* secret) const;
    };
    SignKey() = default;
    static SignKey of_seed(std::string& seed); // and wipes it
    std::unique_ptr<Secret, Wipe> secret_;
    Public public_{};
    std::string id_;
};

} // namespace owhale
