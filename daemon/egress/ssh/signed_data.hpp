// What an agent is asked to sign, read back: a signature is worth what it says. A login (RFC 4252 section 7, and OpenSSH's
// publickey-hostbound-v00@openssh.com) or a message (OpenSSH's PROTOCOL.sshsig); anything else is refused.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "shared/error.hpp"

namespace owhale::egress::ssh {

struct SignedLogin {
    std::string session;  // identifier of the session that it logs in on
    std::string user;     // on the other side
    std::string key;      // the blob that logs in
    std::string host_key; // blob; "" where the client is not bound to it
};
struct SignedMessage {
    std::string name_space; // "git", "file", …
};
using SignedData = std::variant<SignedLogin, SignedMessage>;

// invalid_value: it is neither.
Result<SignedData> read_signed(std::string_view data);

} // namespace owhale::egress::ssh
