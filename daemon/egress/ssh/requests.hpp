// The requests of an agent's client that are let through (draft-ietf-sshm-ssh-agent section 3; OpenSSH's PROTOCOL.agent), and
// what each of them asks for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "egress/ssh/public_key.hpp"

namespace owhale::egress::ssh {

inline constexpr std::uint8_t kFailure = 5, kSuccess = 6, kRequestIdentities = 11, kIdentitiesAnswer = 12,
                              kSignRequest = 13, kSignResponse = 14, kExtension = 27;

// "add a key", "lock the agent": what a request would do that is never let through.
std::string_view name_of(std::uint8_t request);

struct Identity {
    std::string blob, comment;
    PublicKey key;
};
// Of an IDENTITIES_ANSWER, whole; keys of unknown types are left out. invalid_value.
Result<std::vector<Identity>> read_identities(std::string_view message);
std::string write_identities(const std::vector<Identity>& identities);

struct Binding { // session-bind@openssh.com: "I log in on this session, and this is the host's key"
    std::string session;
    PublicKey host;
};
// Of a whole EXTENSION message: forbidden for a forwarded agent, invalid_value for another extension, or when the host's
// signature over the session's identifier is not the host's.
Result<Binding> read_binding(std::string_view message);

struct Signing {
    std::string blob, data;
    std::uint32_t flags = 0;
    PublicKey key;
};
// Of a whole SIGN_REQUEST. invalid_value.
Result<Signing> read_signing(std::string_view message);

inline constexpr std::string_view kUnbound = ",unbound";
struct Purpose {
    std::string what; // "git", "file", "host SHA256:… as user git"
    // Whom people agree to: the fingerprint of the host's key, "" when it is no login. Where the signature does not hold the
    // key (plain `publickey`), kUnbound follows: whoever has that key's private half can pass the signature on to any host.
    std::string host;
};
// What the signature would be for. forbidden, with the reason: a login on a session that the connection is not bound to,
// with another key than the one that signs, or a message of an unknown kind.
Result<Purpose> judge(const Signing& signing, const std::optional<Binding>& binding);

} // namespace owhale::egress::ssh
