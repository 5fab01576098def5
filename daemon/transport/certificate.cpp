#include "transport/certificate.hpp"

#include <arpa/inet.h>
#include <array>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "config/endpoint.hpp"

namespace owhale::transport {
namespace {

constexpr std::size_t kLongestChain = 8;
constexpr long kDay = 24 * 3600;
constexpr long kYears = 10 * 365 * kDay;

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Bio reading(const std::string& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string written(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

int no_passphrase(char*, int, int, void*) {
    return -1;
}

std::string text_of(const GENERAL_NAME* name) {
    const auto* value = name->type == GEN_DNS ? name->d.dNSName : name->type == GEN_IPADD ? name->d.iPAddress : nullptr;
    if (value == nullptr) return {};
    const auto* data = ASN1_STRING_get0_data(value);
    const auto size = ASN1_STRING_length(value);
    if (name->type == GEN_DNS) return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text, sizeof text);
    return text;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    auto* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names)
        ((text += text.empty() ? "" : ",") += config::parse_address(name) ? "IP:" : "DNS:") += name;
    return text;
}

bool set_serial(X509* certificate) {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
    bytes[0] &= 0x7f; // positive
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr), BN_free);
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool describe_self(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names) {
    auto* const name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), kYears) != nullptr &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("owhaled"), -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, NID_subject_alt_name, alternative_names(names));
}

} // namespace

std::unexpected<Error> fail_tls(Code code, std::string message) {
    if (const auto* reason = ERR_reason_error_string(ERR_peek_last_error()); reason != nullptr)
        (message += ": ") += reason;
    ERR_clear_error();
    return fail(code, std::move(message));
}

Result<Pair> read_pair(const Credentials& credentials) {
    ERR_clear_error();
    Pair pair;
    const auto chain = reading(credentials.certificate);
    while (auto* one = PEM_read_bio_X509(chain.get(), nullptr, no_passphrase, nullptr)) {
        pair.chain.emplace_back(one);
        if (pair.chain.size() > kLongestChain)
            return fail(Code::config_invalid, credentials.certificate_name + ": its chain is longer than 8");
    }
    if (pair.chain.empty()) return fail_tls(Code::config_invalid, credentials.certificate_name + " is not PEM");
    ERR_clear_error(); // of the end of the file
    pair.key.reset(PEM_read_bio_PrivateKey(reading(credentials.key).get(), nullptr, no_passphrase, nullptr));
    if (!pair.key) return fail_tls(Code::config_invalid, credentials.key_name + " is not an unencrypted PEM key");
    return pair;
}

std::string fingerprint_of(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string text = "SHA256:";
    for (unsigned int i = 0; i < size; ++i) (text += kHex[digest[i] >> 4]) += kHex[digest[i] & 15];
    return text;
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    auto* const all =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i)
        if (auto name = text_of(sk_GENERAL_NAME_value(all, i)); !name.empty()) names.push_back(std::move(name));
    GENERAL_NAMES_free(all);
    return names;
}

std::string doubt_about(X509* certificate) {
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return "has expired";
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) return "is not valid yet";
    return {};
}

Result<Credentials> make_self_signed(const std::vector<std::string>& names) {
    ERR_clear_error();
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    const Bio certificate_text(BIO_new(BIO_s_mem())), key_text(BIO_new(BIO_s_secmem()));
    const bool good =
        key && certificate && describe_self(certificate.get(), key.get(), names) &&
        X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0 &&
        PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1 &&
        PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
    if (!good) return fail_tls(Code::internal, "a certificate cannot be made");
    Credentials made;
    made.certificate = written(certificate_text.get());
    made.key = written(key_text.get());
    return made;
}

} // namespace owhale::transport
