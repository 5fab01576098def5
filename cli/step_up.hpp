// Acts that owhaled wants the password for, with that one act: a token alone lies in a file that an agent can read.
#pragma once

#include "cli/client.hpp"
#include "cli/secret.hpp"

namespace owhale::cli {

// The answer to a call. When owhaled answers step_up_required, sends it again with the password: `given`, or else what is
// typed at the terminal, three times at most. Without an account, or without either, step_up_required stays the answer.
// What was typed and was right is left in `typed`, where that is not null. A call that asks_first is sent with the password alone.
Result<Reply> send_with_proof(Client& client, Call call, const Secret& given, Secret* typed = nullptr);

// unauthenticated when an act that wants the password cannot be done by this client: before anybody types a value for it.
Status has_account(const Client& client);

// Whether a call can ask first: there is a login, and somebody to ask.
bool asks_password(const Client& client);

// The header that carries the password with a request.
std::pair<std::string, std::string> proof_header(const Secret& password);

} // namespace owhale::cli
