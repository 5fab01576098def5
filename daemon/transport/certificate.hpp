// Certificates (X.509, RFC 5280): read, described, made.
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>
#include <vector>

#include "shared/error.hpp"
#include "transport/tls.hpp"

namespace owhale::transport {

struct FreeX509 {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

struct Pair {
    std::vector<Certificate> chain; // the server's own first; at most 8
    Key key;
};

// Errors: config_invalid, naming the one of the two that is no PEM.
Result<Pair> read_pair(const Credentials& credentials);

std::string fingerprint_of(X509* certificate);         // "SHA256:" and 64 hexadecimal digits
std::vector<std::string> names_of(X509* certificate);  // DNS names and addresses of subjectAltName
std::string doubt_about(X509* certificate);            // "" or "has expired", "is not valid yet"
std::string end_of(X509* certificate);                 // RFC 3339
bool is_signed_by(X509* certificate, X509* authority); // by its key; not whether the authority may

// What owhaled makes for itself: ECDSA on P-256, good for these names and addresses alone, from yesterday on (clocks differ), and
// no longer than every browser takes. Clients compare the certificate's fingerprint, or believe the CA: a device that takes it in
// trusts it for no other name, and nobody can sign with it any more, for its key is forgotten here.
struct OwnPair {
    Credentials credentials;
    std::string authority; // the CA's certificate, PEM
};
Result<OwnPair> make_own_pair(const std::vector<std::string>& names);

// Of the first certificate in a PEM text. config_invalid when there is none.
Result<Certificate> read_certificate(const std::string& text);

// An error with OpenSSL's own reason, whose queue it empties.
std::unexpected<Error> fail_tls(Code code, std::string message);

} // namespace owhale::transport
