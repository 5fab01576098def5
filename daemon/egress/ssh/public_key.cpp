#include "egress/ssh/public_key.hpp"

#include <array>
#include <memory>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include "base/sha256.hpp"
#include "egress/ssh/bytes.hpp"

namespace owhale::egress::ssh {
namespace {

template <auto free> struct Free {
    template <typename T> void operator()(T* what) const { free(what); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

constexpr int kLeastRsaBits = 1024, kMostRsaBits = 8192,
              kMostExponentBits = 64; // a check takes microseconds, never more

enum class Kind { ed25519, ecdsa, rsa, hardware };
struct TypeRow {
    std::string_view type;
    Kind kind;
    int fields; // strings that follow the type
    const char* group;
    const EVP_MD* (*digest)();
};
constexpr std::array kTypes = {
    TypeRow{"ssh-ed25519", Kind::ed25519, 1, nullptr, nullptr},
    TypeRow{"ecdsa-sha2-nistp256", Kind::ecdsa, 2, "P-256", EVP_sha256},
    TypeRow{"ecdsa-sha2-nistp384", Kind::ecdsa, 2, "P-384", EVP_sha384},
    TypeRow{"ecdsa-sha2-nistp521", Kind::ecdsa, 2, "P-521", EVP_sha512},
    TypeRow{"ssh-rsa", Kind::rsa, 2, nullptr, nullptr},
    TypeRow{"sk-ssh-ed25519@openssh.com", Kind::hardware, 2, nullptr, nullptr},
    TypeRow{"sk-ecdsa-sha2-nistp256@openssh.com", Kind::hardware, 3, nullptr, nullptr},
};
constexpr std::string_view kCertificate = "-cert-v01@openssh.com";

const TypeRow* row_of(std::string_view type) {
    for (const auto& row : kTypes)
        if (row.type == type) return &row;
    return nullptr;
}

// "ssh-ed25519-cert-v01@openssh.com" is of "ssh-ed25519", and the hardware's "sk-ssh-ed25519-cert-…" of "sk-ssh-ed25519@…".
std::string certified_type(std::string_view type) {
    std::string plain(type.substr(0, type.size() - kCertificate.size()));
    if (plain.starts_with("sk-")) plain += "@openssh.com";
    return plain;
}

std::string fingerprint_of(std::string_view blob) {
    const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size()});
    std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)> text{};
    sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(),
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    return std::string("SHA256:") + text.data();
}

std::unexpected<Error> bad(std::string message) {
    return fail(Code::invalid_value, std::move(message));
}

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}
Number number_of(std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

Key key_from(const char* type, OSSL_PARAM_BLD* build) {
    const std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>> params(OSSL_PARAM_BLD_to_param(build));
    const std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>> context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return Key(key);
}

Key ecdsa_key(const TypeRow& row, std::string_view point) {
    const std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>> build(OSSL_PARAM_BLD_new());
    if (!build || OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, row.group, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
        return nullptr;
    return key_from("EC", build.get());
}

Key rsa_key(std::string_view exponent, std::string_view modulus) {
    if (exponent.size() > kMostRsaBits / 8 || modulus.size() > kMostRsaBits / 8 + 1) return nullptr;
    const auto e = number_of(exponent), n = number_of(modulus);
    const std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>> build(OSSL_PARAM_BLD_new());
    if (!e || !n || !build || BN_num_bits(e.get()) > kMostExponentBits || BN_num_bits(n.get()) < kLeastRsaBits ||
        BN_num_bits(n.get()) > kMostRsaBits ||
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return nullptr;
    return key_from("RSA", build.get());
}

Key key_of(const TypeRow& row, Reader fields) {
    const auto first = fields.string();
    if (row.kind == Kind::ed25519)
        return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(first), first.size()));
    const auto second = fields.string();
    if (row.kind == Kind::ecdsa) return ecdsa_key(row, second);
    return row.kind == Kind::rsa ? rsa_key(first, second) : nullptr;
}

// What a key's signatures are called, and the digest that goes with the name; "" and null for what is not taken.
struct Scheme {
    bool known = false;
    const EVP_MD* digest = nullptr;
};
Scheme scheme_of(const TypeRow& row, std::string_view name) {
    if (row.kind == Kind::rsa) {
        if (name == "rsa-sha2-256") return {true, EVP_sha256()};
        if (name == "rsa-sha2-512") return {true, EVP_sha512()};
        return {};
    }
    if (name != row.type) return {};
    return {true, row.digest == nullptr ? nullptr : row.digest()};
}

// SSH writes an ECDSA signature as two numbers, OpenSSL reads DER.
std::string der_of(std::string_view signature) {
    Reader reader(signature);
    const auto r = reader.string(), s = reader.string();
    if (!reader.done() || r.size() > 67 || s.size() > 67) return {};
    const std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
    auto first = number_of(r), second = number_of(s);
    if (!pair || !first || !second || ECDSA_SIG_set0(pair.get(), first.get(), second.get()) != 1) return {};
    first.release();
    second.release();
    unsigned char* out = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &out);
    if (size <= 0) return {};
    std::string der(reinterpret_cast<char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return der;
}

} // namespace

Result<PublicKey> read_key(std::string_view blob) {
    Reader reader(blob);
    const std::string named(reader.string());
    const bool certificate = named.ends_with(kCertificate);
    const auto* row = row_of(certificate ? certified_type(named) : std::string_view(named));
    if (row == nullptr) return bad("a key of a type that is not known here");
    if (certificate) reader.string(); // its nonce
    PublicKey key{std::string(row->type), {}, {}};
    put_string(key.plain, key.type);
    for (int i = 0; i < row->fields; ++i) put_string(key.plain, reader.string());
    if (certificate ? !reader.good() : !reader.done()) return bad("a key that is cut off, or more than one");
    key.fingerprint = fingerprint_of(key.plain);
    return key;
}

Status verify(const PublicKey& key, std::string_view signature, std::string_view data) {
    Reader fields(key.plain), parts(signature);
    const auto* row = row_of(fields.string());
    const auto scheme = row == nullptr ? Scheme{} : scheme_of(*row, parts.string());
    const auto value = parts.string();
    if (!scheme.known || row->kind == Kind::hardware || !parts.done()) return bad("not a signature of this key's kind");
    const auto real = key_of(*row, fields);
    const auto bytes = row->kind == Kind::ecdsa ? der_of(value) : std::string(value);
    const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    if (!real || !context || EVP_DigestVerifyInit(context.get(), nullptr, scheme.digest, nullptr, real.get()) != 1 ||
        EVP_DigestVerify(context.get(), bytes_of(bytes), bytes.size(), bytes_of(data), data.size()) != 1)
        return bad("the signature is not the key's");
    return {};
}

} // namespace owhale::egress::ssh
