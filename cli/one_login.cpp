#include "cli/one_login.hpp"

#include <cstdlib>

#include "cli/accounts.hpp"
#include "cli/messages.hpp"
#include "cli/prompt.hpp"
#include "cli/step_up.hpp"

namespace owhale::cli {
namespace {

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

} // namespace

Result<std::string> ask_once_logged_in(Context& context, Call call) {
    CHECK(refuse_in_cage(context));
    const auto name = TRY(name_of_account());
    const auto password = TRY(ask_password("Password of " + name + ", to " + call.act + ": "));
    auto login = TRY(open_session(context, name, password));
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
