#include "transport/certificate.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/clock.hpp"
#include "config/endpoint.hpp"

namespace owhale::transport {
namespace {

constexpr std::size_t kLongestChain = 8;
constexpr long kDay = 24 * 3600;
constexpr long kLife = 820 * kDay;       // Apple's devices take none that is longer than 825 days
constexpr std::size_t kLongestName = 40; // of a subject: X.520 has room for 64

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

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
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

// RFC 5280 section 4.2.1.10: these and nothing else. Of a name what is below it is permitted too.
std::string constraints(const std::vector<std::string>& names) {
    std::string text = "critical";
    for (const auto& name : names) {
        const auto address = config::parse_address(name);
        text += address ? ",permitted;IP:" + name + "/" : ",permitted;DNS:" + name;
        if (!address) continue;
        text += name.find(':') == std::string::npos ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    }
    return text;
}

bool describe(X509* certificate, X509* issuer, EVP_PKEY* key, const std::string& name) {
    auto* const subject = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), kLife) != nullptr &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(certificate, key) == 1;
}

// What a device lists it by: the first name that is no other machine's, too.
std::string authority_name(const std::vector<std::string>& names) {
    const auto is_ours = [](const auto& name) { return name != "localhost" && !config::parse_address(name); };
    const auto found = std::ranges::find_if(names, is_ours);
    return "owhaled, " + (found == names.end() ? "localhost" : found->substr(0, kLongestName));
}

bool make_authority(X509* authority, EVP_PKEY* key, const std::vector<std::string>& names) {
    return describe(authority, authority, key, authority_name(names)) &&
           add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(authority, authority, NID_key_usage, "critical,keyCertSign") &&
           add_extension(authority, authority, NID_ext_key_usage, "serverAuth") &&
           add_extension(authority, authority, NID_name_constraints, constraints(names)) &&
           add_extension(authority, authority, NID_subject_key_identifier, "hash") &&
           X509_sign(authority, key, EVP_sha256()) > 0;
}

bool make_certificate(X509* certificate, EVP_PKEY* key, X509* authority, EVP_PKEY* signing,
                      const std::vector<std::string>& names) {
    return describe(certificate, authority, key, "owhaled") &&
           add_extension(certificate, authority, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, authority, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, authority, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, authority, NID_subject_alt_name, alternative_names(names)) &&
           add_extension(certificate, authority, NID_authority_key_identifier, "keyid:always") &&
           X509_sign(certificate, signing, EVP_sha256()) > 0;
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

std::string end_of(X509* certificate) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
    return rfc3339(std::int64_t{::timegm(&parts)} * 1'000'000);
}

bool is_signed_by(X509* certificate, X509* authority) {
    auto* const key = X509_get0_pubkey(authority);
    const bool good = key != nullptr && X509_verify(certificate, key) == 1;
    ERR_clear_error();
    return good;
}

Result<Certificate> read_certificate(const std::string& text) {
    ERR_clear_error();
    Certificate certificate(PEM_read_bio_X509(reading(text).get(), nullptr, no_passphrase, nullptr));
    if (!certificate) return fail_tls(Code::config_invalid, "this is no certificate in PEM");
    return certificate;
}

Result<OwnPair> make_own_pair(const std::vector<std::string>& names) {
    ERR_clear_error();
    const Key signing(EVP_EC_gen("P-256")), key(EVP_EC_gen("P-256"));
    const Certificate authority(X509_new()), certificate(X509_new());
    const Bio authority_text(BIO_new(BIO_s_mem())), certificate_text(BIO_new(BIO_s_mem())),
        key_text(BIO_new(BIO_s_secmem()));
    const bool good =
        signing && key && authority && certificate && make_authority(authority.get(), signing.get(), names) &&
        make_certificate(certificate.get(), key.get(), authority.get(), signing.get(), names) &&
        PEM_write_bio_X509(authority_text.get(), authority.get()) == 1 &&
        PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1 &&
        PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
    if (!good) return fail_tls(Code::internal, "a certificate cannot be made");
    OwnPair made;
    made.credentials.certificate = written(certificate_text.get());
    made.credentials.key = written(key_text.get());
    made.authority = written(authority_text.get());
    return made;
}

} // namespace owhale::transport
