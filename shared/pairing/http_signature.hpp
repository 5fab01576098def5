// HTTP message signatures (RFC 9421) in the one form that devices use, and its digest of the body (RFC 9530). Pure.
//
//   Content-Digest:  sha-256=:BASE64:                  always, of an empty body too
//   Signature-Input: LABEL=("@method" "@path" "@query" "content-digest");created=SECONDS;nonce="…";keyid="ID";alg="ed25519"
//   Signature:       LABEL=:BASE64 of 64 bytes:
//
// These components in this order; the four parameters in any order, each once, and no other. One signature a request.
// What RFC 8941 would let be written in other ways is refused, so that there is one reading: no blanks but those above,
// no further members. Errors: token_malformed, which says what was expected.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::pairing {

inline constexpr std::size_t kMostInput = 512, kMostSignature = 160, kMostDigest = 80; // bytes of the fields
inline constexpr std::size_t kLeastNonce = 16, kMostNonce = 64, kMostKeyid = 64;       // characters

struct Signature {
    std::string params;       // what follows LABEL=, as it came: the base's last line
    std::int64_t created = 0; // seconds since the epoch
    std::string nonce, keyid; // of A-Z a-z 0-9 - _ . : / + =
    std::array<std::uint8_t, 64> bytes{};
};
Result<Signature> read_signature(std::string_view input, std::string_view signature);
// The 32 bytes of the field Content-Digest.
Result<std::array<std::uint8_t, 32>> read_digest(std::string_view field);
std::array<std::uint8_t, 32> digest_of(std::string_view body);
std::string digest_field(const std::array<std::uint8_t, 32>& digest);

struct Component {
    std::string_view name, value; // "@method", "POST"
};
// RFC 9421 section 2.5: a line a component, then the parameters.
std::string signature_base(std::span<const Component> components, std::string_view params);
// The same of our form. `target` as it stands in the request line: "/v1/runs?limit=1"; a request without a query has the
// component "?" (section 2.2.7).
std::string request_base(std::string_view method, std::string_view target, std::string_view content_digest,
                         std::string_view params);
bool is_signed_by(const std::array<std::uint8_t, 32>& key, std::string_view base, const Signature& signature);

// What a client writes.
struct Fields {
    std::string content_digest, signature_input, signature;
};
struct Signing {
    std::string keyid, nonce;
    std::int64_t created = 0;
};
// `secret`: of crypto_sign, 64 bytes.
Fields sign_request(const std::array<std::uint8_t, 64>& secret, const Signing& signing, std::string_view method,
                    std::string_view target, std::string_view body);

} // namespace owhale::pairing
