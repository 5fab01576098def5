// Why TLS failed, in words: OpenSSL's reason, and of a certificate what is wrong with it.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string>

#include "shared/error.hpp"

namespace owhale::egress::http {

// unreachable; empties the thread's queue of errors. `ssl` may be null.
inline std::unexpected<Error> fail_tls(const SSL* ssl, std::string message) {
    const auto* reason = ERR_reason_error_string(ERR_peek_error());
    if (reason != nullptr) (message += ": ") += reason;
    ERR_clear_error();
    const long verdict = ssl == nullptr ? X509_V_OK : SSL_get_verify_result(ssl);
    if (verdict == X509_V_OK) return fail(Code::unreachable, std::move(message));
    (message += ": ") += X509_verify_cert_error_string(verdict);
    return fail(Code::unreachable, std::move(message),
                "Install the CA that signed it (update-ca-certificates) and restart owhaled, or mend the server.");
}

} // namespace owhale::egress::http
