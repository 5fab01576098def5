// Whether a certificate is believed: the one that was named, the one that was remembered, one that an authority vouches
// for, or one that the person at the terminal agrees to, which is then remembered. As ssh does with its known_hosts.
#pragma once

#include <string>

#include "cli/tls.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

// Whether one certificate alone can be this host's: it was named, or is remembered.
Result<bool> is_pinned(const Host& host);

// Why it is believed, in a few words. `unreachable` when it is not: nothing is sent.
Result<std::string> believe(const Host& host, const Certificate& certificate);

// Believed from now on: pairing proved it.
Status remember_certificate(const Host& host, const std::string& fingerprint);

// "SHA256:" and the digest in hexadecimal (with or without colons) or base64, as 64 lower-case hexadecimal digits
// behind "SHA256:".
Result<std::string> normal_fingerprint(const std::string& text);

} // namespace owhale::cli
