// What a device sends before anybody knows which it is: signatures of requests (RFC 9421), digests of bodies (RFC 9530), pairing
// codes as they are typed, and the shares of CPace.
#include <cstdint>
#include <cstdlib>
#include <sodium.h>
#include <string>

#include "shared/pairing/code.hpp"
#include "shared/pairing/cpace.hpp"
#include "shared/pairing/http_signature.hpp"

using namespace owhale;
using namespace owhale::pairing;

namespace {

void must(bool holds) {
    if (!holds) abort();
}

struct Keys {
    std::array<std::uint8_t, 32> open{};
    std::array<std::uint8_t, 64> secret{};
    Keys() {
        must(sodium_init() >= 0);
        const std::array<std::uint8_t, 32> seed{7};
        crypto_sign_seed_keypair(open.data(), secret.data(), seed.data());
    }
};
const Keys& keys() {
    static const Keys all;
    return all;
}

// "INPUT\0SIGNATURE": nobody but the key's holder signs anything, and one signature has one reading.
void read(std::string_view text) {
    const auto end = std::min(text.find('\0'), text.size());
    const auto input = text.substr(0, end), bytes = text.substr(std::min(end + 1, text.size()));
    const auto read = read_signature(input, bytes);
    if (!read) return must(!read.error().message.empty());
    must(input.size() <= kMostInput && bytes.size() <= kMostSignature && input.ends_with(read->params));
    must(read->nonce.size() >= kLeastNonce && read->nonce.size() <= kMostNonce);
    must(!read->keyid.empty() && read->keyid.size() <= kMostKeyid);
    must(!is_signed_by(keys().open, request_base("GET", "/", digest_field(digest_of("")), read->params), *read));
}

// "METHOD\0TARGET\0BODY": what is signed is read back, and is no signature of anything else.
void sign(std::string_view text) {
    const auto first = std::min(text.find('\0'), text.size());
    const auto second = std::min(text.find('\0', std::min(first + 1, text.size())), text.size());
    const auto method = text.substr(0, first);
    const auto target = text.substr(std::min(first + 1, text.size()), second - std::min(first + 1, second));
    const auto body = text.substr(std::min(second + 1, text.size()));
    const Signing signing{"device", "0123456789abcdef0123", 1'700'000'000};
    const auto fields = sign_request(keys().secret, signing, method, target, body);
    const auto read = read_signature(fields.signature_input, fields.signature);
    must(read && read->keyid == signing.keyid && read->created == signing.created);
    const auto digest = read_digest(fields.content_digest);
    must(digest && *digest == digest_of(body) && digest_field(*digest) == fields.content_digest);
    const auto base = request_base(method, target, fields.content_digest, read->params);
    must(is_signed_by(keys().open, base, *read) && !is_signed_by(keys().open, base + "x", *read));
    const auto other = request_base(method, std::string(target) + "x", fields.content_digest, read->params);
    must(!is_signed_by(keys().open, other, *read));
}

void type_code(std::string_view typed) {
    const auto code = read_code(typed);
    if (!code) return;
    must(code->size() == kCodeSize && is_hint(hint_of(*code)));
    const auto again = read_code(shown_code(*code));
    must(again && *again == *code);
}

// A stranger's share: met or refused, and no tag of zeros is ever the right one.
void meet(std::string_view bytes) {
    must(sodium_init() >= 0);
    Share other;
    bytes.copy(reinterpret_cast<char*>(other.y.data()), other.y.size());
    other.ad = bytes.substr(std::min(bytes.size(), other.y.size()));
    CPace side(CPace::Side::responder, "7K3M9QXT", "channel", std::string(CPace::kSidSize, 's'), "ours");
    if (!side.meet(other)) return;
    must(!side.is_their_tag(Tag{}) && !side.is_their_tag(side.own_tag()));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        read(text);
        break;
    case 1:
        sign(text);
        break;
    case 2:
        (void)read_digest(text);
        break;
    case 3:
        type_code(text);
        break;
    default:
        meet(text);
    }
    return 0;
}
