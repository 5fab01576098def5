#include "egress/http/leaf.hpp"

#include <array>
#include <boost/asio/ip/address.hpp>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "egress/http/tls_error.hpp"

namespace owhale::egress::http {
namespace {

constexpr long kHour = 3600;
constexpr std::size_t kLongestCommonName = 64; // RFC 5280 appendix A, ub-common-name

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

bool set_serial(X509* certificate) {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40); // positive, and always of the same length
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr), BN_free);
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& name) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(name.data());
    const auto size = static_cast<int>(std::min(name.size(), kLongestCommonName));
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, bytes, size, -1, 0) == 1;
}

bool set_life(X509* certificate, std::chrono::seconds life) {
    return X509_gmtime_adj(X509_getm_notBefore(certificate), -kHour) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(life.count())) != nullptr;
}

Certificate begin(const std::string& name, EVP_PKEY* key, std::chrono::seconds life) {
    Certificate made(X509_new());
    const bool begun = made && X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(made.get()) &&
                       set_life(made.get(), life) && set_name(made.get(), name) &&
                       X509_set_pubkey(made.get(), key) == 1;
    return begun ? std::move(made) : nullptr;
}

// Nothing in it is read as OpenSSL's syntax of extensions: names hold no comma and no colon, addresses are checked.
std::string alternative_name(const std::string& host) {
    boost::system::error_code no_address;
    boost::asio::ip::make_address(host, no_address);
    return (no_address ? "DNS:" : "IP:") + host;
}

bool plain(const std::string& host) {
    return !host.empty() && host.size() <= 253 &&
           host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._:") == std::string::npos;
}

} // namespace

Result<Key> make_key() {
    Key key(EVP_EC_gen("P-256"));
    if (!key) return fail_tls(nullptr, "a key cannot be made");
    return key;
}

Result<Certificate> make_authority(const std::string& name, EVP_PKEY* key, std::chrono::seconds life) {
    auto made = begin(name, key, life);
    auto* const raw = made.get();
    const bool done = raw != nullptr && X509_set_issuer_name(raw, X509_get_subject_name(raw)) == 1 &&
                      add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                      add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                      add_extension(raw, raw, NID_ext_key_usage, "serverAuth") &&
                      add_extension(raw, raw, NID_subject_key_identifier, "hash") &&
                      X509_sign(raw, key, EVP_sha256()) != 0;
    if (!done) return fail_tls(nullptr, "a CA cannot be made");
    return made;
}

Result<Certificate> make_leaf(const std::string& host, EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key,
                              std::chrono::seconds life) {
    if (!plain(host)) return fail(Code::invalid_value, "a certificate is for a host's plain name or address");
    auto made = begin(host, key, life);
    auto* const raw = made.get();
    if (raw != nullptr && ASN1_TIME_compare(X509_get0_notAfter(raw), X509_get0_notAfter(authority)) > 0)
        X509_set1_notAfter(raw, X509_get0_notAfter(authority));
    const bool done = raw != nullptr && X509_set_issuer_name(raw, X509_get_subject_name(authority)) == 1 &&
                      add_extension(raw, authority, NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(raw, authority, NID_key_usage, "critical,digitalSignature") &&
                      add_extension(raw, authority, NID_ext_key_usage, "serverAuth") &&
                      add_extension(raw, authority, NID_subject_key_identifier, "hash") &&
                      add_extension(raw, authority, NID_authority_key_identifier, "keyid:always") &&
                      add_extension(raw, authority, NID_subject_alt_name, alternative_name(host)) &&
                      X509_sign(raw, authority_key, EVP_sha256()) != 0;
    if (!done) return fail_tls(nullptr, "a certificate for " + host + " cannot be made");
    return made;
}

Result<std::string> to_pem(X509* certificate) {
    const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
    if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1)
        return fail_tls(nullptr, "a certificate cannot be written");
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

} // namespace owhale::egress::http
