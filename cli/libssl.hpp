// OpenSSL's functions, loaded when the first https:// asks for them: linked, its loading would be a third of the time that
// a short command takes.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "shared/error.hpp"

// Everything that is called; the headers give each its type.
#define OWHALE_LIBSSL(F)                                                                                               \
    F(OPENSSL_init_ssl)                                                                                                \
    F(TLS_client_method)                                                                                               \
    F(SSL_CTX_new)                                                                                                     \
    F(SSL_CTX_free)                                                                                                    \
    F(SSL_CTX_ctrl)                                                                                                    \
    F(SSL_CTX_set_default_verify_paths)                                                                                \
    F(SSL_CTX_set_alpn_protos)                                                                                         \
    F(SSL_new)                                                                                                         \
    F(SSL_free)                                                                                                        \
    F(SSL_ctrl)                                                                                                        \
    F(SSL_set_fd)                                                                                                      \
    F(SSL_set1_host)                                                                                                   \
    F(SSL_set_hostflags)                                                                                               \
    F(SSL_get0_param)                                                                                                  \
    F(SSL_connect)                                                                                                     \
    F(SSL_read)                                                                                                        \
    F(SSL_write)                                                                                                       \
    F(SSL_shutdown)                                                                                                    \
    F(SSL_get_error)                                                                                                   \
    F(SSL_get_verify_result)                                                                                           \
    F(SSL_get1_peer_certificate)                                                                                       \
    F(X509_VERIFY_PARAM_set1_ip_asc)                                                                                   \
    F(X509_verify_cert_error_string)                                                                                   \
    F(X509_digest)                                                                                                     \
    F(X509_free)                                                                                                       \
    F(EVP_sha256)                                                                                                      \
    F(ERR_get_error)                                                                                                   \
    F(ERR_clear_error)                                                                                                 \
    F(ERR_reason_error_string)

namespace owhale::cli {

struct LibSsl {
#define OWHALE_MEMBER(name) decltype(&::name) name = nullptr;
    OWHALE_LIBSSL(OWHALE_MEMBER)
#undef OWHALE_MEMBER
};

// Stays loaded. `unsupported` when this machine has no OpenSSL 3.
Result<const LibSsl*> libssl();

} // namespace owhale::cli
