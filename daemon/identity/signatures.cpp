#include "identity/signatures.hpp"

#include "base/clock.hpp"
#include "shared/pairing/http_signature.hpp"

namespace owhale::identity {
namespace {

constexpr std::uint32_t kMostOfDevice = 16'384; // a window: an eighth of what is remembered
constexpr std::int64_t kWindow = Nonces::kSkew + Nonces::kAhead;
constexpr std::int64_t kSecond = 1'000'000;
constexpr const char* kSignAnew = "sign the request anew, with the time of now and another nonce";

std::unexpected<Error> busy(std::string what, std::string next, std::int64_t retry_after) {
    auto error = fail(Code::busy, std::move(what), std::move(next));
    error.error().retry_after = static_cast<unsigned>(retry_after);
    return error;
}

} // namespace

Status Signatures::refused(Nonces::Answer answer, std::int64_t now_s) const {
    using enum Nonces::Answer;
    switch (answer) {
    case fresh:
        return {};
    case seen:
        return fail(Code::signature_replayed, "this signed request was used before", kSignAnew);
    case too_old:
    case too_new: {
        const std::string which = answer == too_old ? "too long ago, or before owhaled started" : "in the future";
        return fail(Code::signature_stale,
                    "the request was signed " + which + ": it is " + rfc3339(now_s * kSecond) + " here",
                    "set the device's clock, which may be behind by " + std::to_string(Nonces::kSkew) +
                        " s and ahead by " + std::to_string(Nonces::kAhead) + " s; then " + kSignAnew);
    }
    case starting: {
        const auto wait = nonces_.wait(now_s);
        return busy("owhaled has just started, and takes no request yet that may have been signed before",
                    "in " + std::to_string(wait) + " s " + kSignAnew, wait);
    }
    case full:
        break;
    }
    return busy("too many signed requests came lately", "try again in a minute", Nonces::kSkew);
}

std::string claimed_device(const SignedHead& head) {
    const auto read = pairing::read_signature(head.input, head.signature);
    return read ? read->keyid : std::string();
}

Status Signatures::spend(const std::string& device, std::int64_t now_s) {
    auto& spent = spent_[device];
    if (now_s - spent.since >= kWindow || now_s < spent.since) spent = {now_s, 0};
    return ++spent.count > kMostOfDevice ? refused(Nonces::Answer::full, now_s) : Status{};
}

Result<Signatures::Found> Signatures::check(const Devices& devices, const SignedHead& head, std::int64_t now_s) {
    // A proxy's or an absolute target would leave it open what "@path" is.
    if (!head.target.starts_with('/'))
        return fail(Code::token_malformed, "a signed request names its path alone: /v1/…", "send no absolute target");
    auto signature = TRY(pairing::read_signature(head.input, head.signature));
    auto proof = std::make_shared<Signed>();
    proof->digest = TRY(pairing::read_digest(head.content_digest));
    const auto* device = devices.find(signature.keyid);
    if (device == nullptr)
        return fail(Code::token_revoked, "the device is not paired here, or not any more",
                    "pair it: owhalectl pair join URL");
    const auto known = device->since_start ? Nonces::Known::since : Nonces::Known::before;
    CHECK(refused(nonces_.look(signature.created, now_s, known), now_s));
    proof->base = pairing::request_base(head.method, head.target, head.content_digest, signature.params);
    if (!pairing::is_signed_by(device->key, proof->base, signature))
        return fail(Code::token_signature, "the request's signature is wrong",
                    "pair the device again if its key is gone");
    CHECK(spend(device->id, now_s));
    CHECK(refused(nonces_.take(signature.keyid, signature.nonce, signature.created, now_s, known), now_s));
    proof->key = device->key;
    proof->signature = signature.bytes;
    return Found{device->id, std::move(proof)};
}

} // namespace owhale::identity
