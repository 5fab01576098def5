#include "cli/passwords.hpp"

#include "cli/messages.hpp"
#include "cli/prompt.hpp"

namespace owhale::cli {
namespace {

constexpr int kTries = 5;
constexpr std::size_t kLeast = 8; // owhaled counts characters; so many bytes they have at least

// `before` is said with the first question, when nothing is echoed any more.
Result<Secret> choose(const std::string& whose, std::string before) {
    for (int tries = 1; tries <= kTries; ++tries) {
        auto first = TRY(ask_secret(before + "New password of " + whose + ": "));
        before = "That is too short: 8 characters at least.\n";
        if (first.text().size() < kLeast) continue;
        const auto second = TRY(ask_secret("The same again: "));
        if (first.text() == second.text()) return first;
        before = "The two differ.\n";
    }
    return fail(Code::password_weak, "no new password was chosen");
}

} // namespace

Status with_new_password(const std::string& whose, bool from_stdin, const std::function<Status(const Secret&)>& use) {
    if (from_stdin) {
        const auto fresh = TRY(secret_from_stdin("the new password of " + whose));
        return use(fresh);
    }
    std::string before = "A password has 8 to 128 characters of any kind, spaces too; a few random words are good.\n"
                         "Nothing that contains the account's name, and none of the most common passwords.\n";
    for (int tries = 1;; ++tries) {
        const auto fresh = TRY(choose(whose, before));
        auto used = use(fresh);
        if (used || used.error().code != Code::password_weak || tries == kTries) return used;
        before = "owhaled: " + used.error().message + "\n";
    }
}

Status change_password(Context& context, const std::string& whose, const Secret& old, bool from_stdin) {
    return with_new_password(whose, from_stdin,
                             [&](const Secret& fresh) { return replace_password(context, old, fresh); });
}

Status replace_password(Context& context, const Secret& old, const Secret& fresh) {
    api::PasswordRequest request{old.text(), fresh.text()};
    Call call{.verb = "password.change", .body = write(request)};
    wipe(request.old_password);
    wipe(request.new_password);
    TRY(context.ask(std::move(call)));
    return {};
}

Result<Secret> current_password(const std::string& question, bool from_stdin) {
    return from_stdin ? secret_from_stdin("the password") : ask_password(question);
}

void declare_proof(Command command, bool& from_stdin) {
    command.flag("--password-stdin", from_stdin, "read your own password from stdin, should owhaled want it");
}

Status prove_from_stdin(Context& context, bool from_stdin) {
    if (!from_stdin) return {};
    auto own = TRY(secret_from_stdin("your own password"));
    context.give_password(std::move(own));
    return {};
}

} // namespace owhale::cli
