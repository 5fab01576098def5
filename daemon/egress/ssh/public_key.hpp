// Public keys as SSH writes them (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709; OpenSSH's PROTOCOL.certkeys): their
// fingerprints, and whether a signature is theirs.
#pragma once

#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::egress::ssh {

struct PublicKey {
    std::string type;        // "ssh-ed25519": of a certificate, that of the key in it
    std::string plain;       // the key's own blob: what a fingerprint is of
    std::string fingerprint; // "SHA256:…", as ssh-keygen -l
};

// ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa (1024 to 8192 bits), those two kinds in hardware (sk-…@openssh.com), and
// certificates of each. invalid_value.
Result<PublicKey> read_key(std::string_view blob);

// That `signature` (as SSH writes it) over `data` was made with the key; of a key in hardware, or by SHA-1, never.
// invalid_value.
Status verify(const PublicKey& key, std::string_view signature, std::string_view data);

} // namespace owhale::egress::ssh
