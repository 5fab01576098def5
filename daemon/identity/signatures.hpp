// Signed requests (RFC 9421, shared/pairing/http_signature.hpp): whose they are, and that each counts once.
//
// Errors: token_malformed, token_revoked (no such device), token_signature, signature_stale, signature_replayed, busy
// (with retry_after: owhaled has just started, or too many came).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "identity/devices.hpp"
#include "identity/nonces.hpp"
#include "identity/principal.hpp"
#include "shared/error.hpp"

namespace owhale::identity {

// What of a request's head is signed, and the signature. Views of the head.
struct SignedHead {
    std::string_view method, target; // as in the request line
    std::string_view content_digest, input, signature;
};
// The keyid that it claims, unchecked; "" when it claims none.
std::string claimed_device(const SignedHead& head);

class Signatures {
public:
    explicit Signatures(std::int64_t now_s) : nonces_(now_s) {}

    struct Found {
        std::string device;
        std::shared_ptr<const Signed> proof;
    };
    // Not whether the device is still good, but that its key signed this head, now, and for the first time.
    Result<Found> check(const Devices& devices, const SignedHead& head, std::int64_t now_s);

private:
    Status spend(const std::string& device, std::int64_t now_s);
    Status refused(Nonces::Answer answer, std::int64_t now_s) const;

    Nonces nonces_;
    struct Spent {
        std::int64_t since = 0;
        std::uint32_t count = 0;
    };
    std::unordered_map<std::string, Spent> spent_; // by device that exists: no more than these
};

} // namespace owhale::identity
