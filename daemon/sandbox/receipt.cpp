#include "sandbox/receipt.hpp"

#include <sodium.h>

#include "audit/event.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

std::string base64(const unsigned char* bytes, std::size_t size) {
    std::string out(sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes, size, sodium_base64_VARIANT_ORIGINAL);
    out.pop_back(); // the NUL
    return out;
}

Result<std::string> signed_bytes(api::Receipt receipt) {
    receipt.signature.clear();
    auto json = codec::encode(receipt);
    json.as_object().erase("signature");
    return audit::canonical(json);
}

template <std::size_t N> bool decode_base64(const std::string& text, std::array<unsigned char, N>& to) {
    std::size_t length = 0;
    return sodium_base642bin(to.data(), to.size(), text.data(), text.size(), nullptr, &length, nullptr,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           length == N;
}

Result<SignKey> open_or_make(const std::string& path) {
    auto key = SignKey::open(path);
    if (!key && key.error().errnum == ENOENT) return SignKey::make(path);
    return key;
}

} // namespace

Result<std::unique_ptr<ReceiptKey>> ReceiptKey::open(const std::string& dir) {
    auto key = TRY(open_or_make(dir + "/receipt.key")); // not inside `new`: what it got would leak when this returns
    return std::unique_ptr<ReceiptKey>(new ReceiptKey(std::move(key)));
}

Status ReceiptKey::sign(api::Receipt& receipt) const {
    receipt.key_id = key_id();
    const auto bytes = TRY(signed_bytes(receipt));
    const auto signature = key_.sign(bytes);
    receipt.signature = base64(signature.data(), signature.size());
    return {};
}

std::string ReceiptKey::public_key() const {
    return base64(key_.public_key().data(), key_.public_key().size());
}

Result<bool> verify_receipt(const api::Receipt& receipt, const std::string& public_key) {
    SignKey::Public key{};
    SignKey::Signature signature{};
    if (!decode_base64(public_key, key)) return fail(Code::invalid_value, "the public key is not 32 bytes of base64");
    if (!decode_base64(receipt.signature, signature)) return false;
    return SignKey::verify(key, TRY(signed_bytes(receipt)), signature);
}

} // namespace owhale::sandbox
