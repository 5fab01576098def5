// Certificates that a run's own CA is and makes (X.509, RFC 5280): P-256, for servers alone.
#pragma once

#include <chrono>
#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>

#include "shared/error.hpp"

namespace owhale::egress::http {

struct FreeX509 {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;
using Key = std::unique_ptr<EVP_PKEY, FreeX509>;

Result<Key> make_key();
// Signs leaves alone (path length 0) and those for servers alone.
Result<Certificate> make_authority(const std::string& name, EVP_PKEY* key, std::chrono::seconds life);
// Of one host, a name or an address; valid from an hour ago, `life` long, never longer than its authority.
Result<Certificate> make_leaf(const std::string& host, EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key,
                              std::chrono::seconds life);
Result<std::string> to_pem(X509* certificate);

} // namespace owhale::egress::http
