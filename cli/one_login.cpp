#include "cli/one_login.hpp"

#include <cstdlib>

#include "cli/accounts.hpp"
#include "cli/messages.hpp"
#include "cli/prompt.hpp"
#include "cli/step_up.hpp"

namespace owhale::cli {
namespace {

constexpr int kTries = 3;

Result<std::string> name_of_account() {
    const char* user = std::getenv("USER");
    const std::string own = user != nullptr ? user : "";
    const auto typed = TRY(ask_line("Account that decides" + (own.empty() ? "" : " [" + own + "]") + ": "));
    const auto name = typed ? (typed->empty() ? own : *typed) : "";
    if (name.empty())
        return fail(Code::unauthenticated, "cancelled: no account was named",
                    "start it again, or owhalectl login NAME");
    return name;
}

Result<api::Login> open_session(Context& context, const std::string& name, const Secret& password) {
    api::LoginRequest request{name, password.text(), std::nullopt};
    Call call{.verb = "login", .body = write(request), .anonymous = true};
    wipe(request.password);
    auto body = TRY(context.ask(std::move(call)));
    auto login = TRY(read_login(body));
    wipe(body);
    return login;
}

// Whoever types a wrong one is asked again.
Result<api::Login> log_in_for(Context& context, const std::string& name, const Call& call, Secret& password) {
    std::string before;
    for (int tries = 1;; ++tries) {
        password = TRY(ask_password(before + "Password of " + name + ", to " + call.act + ": "));
        auto login = open_session(context, name, password);
        if (login || login.error().code != Code::credentials_wrong) return login;
        if (tries == kTries)
            login.error().next = "nothing was decided: owhalectl login, then owhalectl approve " + call.id;
        if (tries == kTries) return login;
        before = "owhaled: " + login.error().message + "\n";
    }
}

} // namespace

Result<std::string> ask_once_logged_in(Context& context, Call call) {
    CHECK(refuse_in_cage(context));
    const auto name = TRY(name_of_account());
    Secret password;
    auto login = TRY(log_in_for(context, name, call, password));
    const Secret token(std::move(login.access_token));
    const auto bearer = [&] { return std::pair<std::string, std::string>("Authorization", "Bearer " + token.text()); };
    call.headers.push_back(bearer());
    call.headers.push_back(proof_header(password));
    auto answer = context.ask(std::move(call));
    Call leave{.verb = "logout"};
    leave.headers.push_back(bearer());
    static_cast<void>(context.ask(std::move(leave))); // as far as owhaled lets us
    return answer;
}

} // namespace owhale::cli
