// Logging in, and how accounts, roles and rights are told to people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/secret.hpp"
#include "cli/tree.hpp"
#include "shared/api_identity.hpp"

namespace owhale::cli {

extern const std::vector<std::string> kRoles; // admin approver agent auditor monitor

// Exchanges the password for a token, and keeps it for this daemon: what is asked next is asked as that account. The
// session of the token that was kept before is ended, if owhaled lets us.
struct LoggedIn {
    api::Login login;
    std::string file; // where the token is kept
};
Result<LoggedIn> log_in(Context& context, const std::string& name, const Secret& password,
                        const std::optional<std::string>& setup_code = {});

// forbidden inside of a cage: owhaled takes whoever asks from there for the run, which has no password. So nobody is
// asked for one.
Status refuse_in_cage(Context& context);

// An answer to login for -o json: all but the token, which is kept.
std::string told_as_json(const api::Login& login);

// Whether the first account still has the password that everybody knows; false when owhaled does not say.
bool first_password_stands(Context& context);

// -a and --user of lists: everybody's, or one account's, for those who may see them.
struct Whose {
    bool all = false;
    std::string user;
};
void declare(Command command, Whose& whose, const std::string& things);
void ask_for(const Whose& whose, Call& call);

// "a", "b,c" are a, b, c.
std::vector<std::string> split(const std::vector<std::string>& words);
std::string joined(const std::vector<std::string>& words);
// "run commands, look at runs": of permissions as whoami names them, those over one's own things or over everyone's.
std::string in_words(const std::vector<std::string>& permissions, bool everyones);
// "2026-11-26T11:46:53Z (in 6d)", "… (2h ago)"; "" of none.
std::string when(const std::optional<std::string>& rfc3339);
// For tables: "in 6d", "2h ago".
std::string when_in_short(const std::string& rfc3339);

} // namespace owhale::cli
