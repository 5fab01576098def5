// JSON Web Tokens in the one form that owhaled makes and takes: compact, EdDSA over Ed25519 (RFC 7515, 7519, 8037, 8725).
//
// The algorithm is never read out of a token: one that names another is refused before any key is looked up. A key is
// found by its id in a table that the caller holds, nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/sign_key.hpp"
#include "shared/error.hpp"

namespace owhale::identity {

inline constexpr std::size_t kMaxToken = 4096; // bytes, whole
inline constexpr std::size_t kMaxHeader = 512; // bytes, as base64url
inline constexpr std::int64_t kSkew =
    60; // seconds by which nbf and iat may lie ahead; exp is our own clock's, and exact
inline constexpr std::string_view kAudience = "owhaled";

struct Claims {
    std::string iss, aud, sub, jti;
    std::int64_t iat = 0, nbf = 0, exp = 0; // seconds since the epoch
};

// {"alg":"EdDSA","kid":…,"typ":"JWT"} and the claims, signed.
std::string write_token(const Claims& claims, const SignKey& key);

// The key of a `kid`, nullptr when there is none.
using FindKey = std::function<const SignKey::Public*(std::string_view kid)>;

struct Read {
    Claims claims;
    std::string kid;
};
// Form, header and signature: token_malformed, token_algorithm, token_unknown_key, token_signature.
Result<Read> read_token(std::string_view token, const FindKey& find_key);
// What the claims say: token_issuer, token_audience, token_expired, token_not_yet_valid. `now` in seconds.
Status check_claims(const Claims& claims, std::string_view issuer, std::int64_t now);

} // namespace owhale::identity
