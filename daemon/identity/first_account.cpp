#include "identity/first_account.hpp"

#include <unistd.h>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/whole_seconds.hpp"
#include "identity/core.hpp"
#include "identity/passwords.hpp"

namespace owhale::identity {
namespace {

using boost::asio::awaitable;

std::string code_file(const Core& core) {
    return core.parts.settings.state_dir + "/setup-code";
}

bool is_waiting(const Core& core) {
    const auto* user = core.users.find(std::string(kFirstName));
    return user != nullptr && user->bootstrap;
}

awaitable<Status> make_first_account(Core& core) {
    boost::json::object data{{"account", kFirstName}};
    constexpr audit::EventName event("account.bootstrap");
    CO_CHECK(co_await core.journal.note_own(event, std::move(data)));
    User user;
    user.name = kFirstName;
    user.roles = kAdmin;
    user.must_change = user.bootstrap = true;
    user.created = wall_clock_us();
    user.created_by = "system";
    const auto added = core.users.add(std::move(user), "");
    if (!added) co_return std::unexpected(added.error());
    co_return Status{};
}

Status make_setup_code(Core& core) {
    core.setup_code = make_password();
    return write_file(code_file(core), core.setup_code + "\n", 0600);
}

} // namespace

awaitable<Status> prepare_first_account(Core& core) {
    if (core.users.empty() && !core.strict()) {
        const auto made = co_await make_first_account(core);
        if (!made) co_return std::unexpected(made.error());
    }
    if (!is_waiting(core)) {
        forget_setup_code(core);
        co_return Status{};
    }
    log::warning("the first password is still to be changed: run owhalectl setup");
    co_return make_setup_code(core);
}

void forget_setup_code(Core& core) {
    core.setup_code.clear();
    const auto path = code_file(core);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        log::warning("a file that is needed no more cannot be removed", {{"path", path}});
}

Result<api::Check> check_first_password(Core& core) {
    api::Check check{"first password", "ok", "", "", ""};
    if (const auto first = TRY(core.facts.first_password())) {
        check.detail = "set by " + first->by + " at " + whole_seconds(first->at) + " from " + first->peer;
        return check;
    }
    check.state = "weaker";
    const bool waiting = is_waiting(core);
    check.detail = waiting ? "admin still has the password that it began with" : "there is no account yet";
    check.lost = waiting ? "nobody can log in but for changing it; whoever has the rights to may do so first"
                         : "nobody can log in, so nothing that needs a password can be done";
    check.fix = core.rootless() ? "owhalectl setup" : "sudo owhalectl setup";
    return check;
}

Result<std::string> first_account_now(Core& core) {
    if (const auto first = TRY(core.facts.first_password()))
        return "the first account has a password of its own, set by " + first->by + " at " + whole_seconds(first->at);
    if (is_waiting(core)) return "admin with the password admin, good for changing it alone";
    return std::string(core.users.empty() ? "no account yet" : "there are accounts");
}

} // namespace owhale::identity
