// New passwords: asked for twice at the terminal, or taken from stdin, until owhaled takes one.
#pragma once

#include <functional>
#include <string>

#include "cli/context.hpp"
#include "cli/secret.hpp"
#include "cli/tree.hpp"

namespace owhale::cli {

// Asks for a new password (the rules are said first), hands it to `use`, and asks again while that answers password_weak;
// with `from_stdin` the next line of stdin is handed over, once.
Status with_new_password(const std::string& whose, bool from_stdin, const std::function<Status(const Secret&)>& use);

// Replaces the password of the account that is logged in.
Status change_password(Context& context, const std::string& whose, const Secret& old, bool from_stdin);

// With a new one that is known.
Status replace_password(Context& context, const Secret& old, const Secret& fresh);

// The password at hand: the next line of stdin, or what is typed after the question.
Result<Secret> current_password(const std::string& question, bool from_stdin);

// --password-stdin of a command that owhaled may want the password with: the first line of stdin is kept for that.
void declare_proof(Command command, bool& from_stdin);
Status prove_from_stdin(Context& context, bool from_stdin);

} // namespace owhale::cli
