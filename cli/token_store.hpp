// The tokens that logins gave, one private file per daemon; OWHALE_TOKEN wins over all of them, and a file
// that the command line names over that.
#pragma once

#include <optional>
#include <string>

#include "cli/secret.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

struct KeptToken {
    Secret token;
    std::string principal, expires; // as login said; "" for OWHALE_TOKEN
    std::string source;             // the file's path, or "OWHALE_TOKEN"
};

// What to show to this daemon, whose name is Peer.name; none when one never logged in. A token that has expired or was
// revoked is shown all the same: owhaled refuses it, and nobody acts as another principal without noticing.
Result<std::optional<KeptToken>> token_for(const std::string& daemon);

// Keeps a login's token, and says where.
Result<std::string> keep_token(const std::string& daemon, const KeptToken& token);
// True when there was one.
Result<bool> forget_token(const std::string& daemon);
// The same for an owhaled that was not reached: of `daemon` itself, and of whatever certificate it had ("daemon#…").
Result<bool> forget_every_token(const std::string& daemon);

bool token_in_environment();
// From now on the token in this file is shown, whatever else there is; it is read anew for each connection. Refused
// (unauthenticated, token_malformed) when it is no plain file, another's than root's or ours, open to others, or holds no
// token.
void show_token_of(std::string file);

} // namespace owhale::cli
