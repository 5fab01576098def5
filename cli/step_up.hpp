// Acts that owhaled wants the password for, with that one act: a token alone lies in a file that an agent can read.
#pragma once

#include "cli/client.hpp"
#include "cli/secret.hpp"

namespace owhale::cli {

// The answer to a call. When owhaled answers step_up_required, sends it again with the password: `given`, or else what is
// typed at the terminal, three times at most. Without an account, or without either, step_up_required stays the answer.
Result<Reply> send_with_proof(Client& client, Call call, const Secret& given);

// The header that carries the password with a request.
std::pair<std::string, std::string> proof_header(const Secret& password);

} // namespace owhale::cli
