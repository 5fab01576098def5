#include "sandbox/receipt.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include "audit/event.hpp"
#include "base/files.hpp"
#include "sandbox/digest.hpp"
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

Result<std::string> read_or_make_seed(const std::string& path) {
    if (const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)); fd) {
        struct stat st{};
        if (::fstat(fd.get(), &st) != 0) return fail_errno(path);
        if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
            return fail(Code::state_unavailable, path + " can be read by others", "chmod 600 " + path);
        return read_all(fd.get(), crypto_sign_SEEDBYTES);
    }
    if (errno != ENOENT) return fail_errno(path);
    std::string seed(crypto_sign_SEEDBYTES, '\0');
    randombytes_buf(seed.data(), seed.size());
    CHECK(write_file(path, seed, 0600));
    return seed;
}

} // namespace

struct ReceiptKey::Secret {
    std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
    Secret() { sodium_mlock(secret.data(), secret.size()); }
    ~Secret() { sodium_munlock(secret.data(), secret.size()); }
};

ReceiptKey::ReceiptKey() : secret_(std::make_unique<Secret>()) {}
ReceiptKey::~ReceiptKey() = default;

Result<std::unique_ptr<ReceiptKey>> ReceiptKey::open(const std::string& dir) {
    if (sodium_init() < 0) return fail(Code::internal, "libsodium does not start");
    const auto path = dir + "/receipt.key";
    auto seed = TRY(read_or_make_seed(path));
    if (seed.size() != crypto_sign_SEEDBYTES)
        return fail(Code::state_unavailable, path + " is damaged", "move it away: a new key is made at the next start");
    std::unique_ptr<ReceiptKey> key(new ReceiptKey);
    auto& pair = *key->secret_;
    crypto_sign_seed_keypair(pair.open.data(), pair.secret.data(), reinterpret_cast<const unsigned char*>(seed.data()));
    sodium_memzero(seed.data(), seed.size());
    key->key_id_ = sha256_hex({reinterpret_cast<const char*>(pair.open.data()), pair.open.size()}).substr(0, 16);
    return key;
}

Status ReceiptKey::sign(api::Receipt& receipt) const {
    receipt.key_id = key_id_;
    const auto bytes = TRY(signed_bytes(receipt));
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                         secret_->secret.data());
    receipt.signature = base64(signature.data(), signature.size());
    return {};
}

std::string ReceiptKey::public_key() const {
    return base64(secret_->open.data(), secret_->open.size());
}

Result<bool> verify_receipt(const api::Receipt& receipt, const std::string& public_key) {
    std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> key{};
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    if (!decode_base64(public_key, key)) return fail(Code::invalid_value, "the public key is not 32 bytes of base64");
    if (!decode_base64(receipt.signature, signature)) return false;
    const auto bytes = TRY(signed_bytes(receipt));
    return crypto_sign_verify_detached(signature.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                       bytes.size(), key.data()) == 0;
}

} // namespace owhale::sandbox
