#include "cli/step_up.hpp"

#include <unistd.h>

#include "cli/events.hpp"
#include "cli/prompt.hpp"
#include "shared/verbs.hpp"

namespace owhale::cli {
namespace {

constexpr int kTries = 3;

Error without_account(Error error) {
    error.message = "this needs the password of an account, and you are not logged in to one";
    error.next = "owhalectl login NAME, then try again; where no account has a password yet: owhalectl setup";
    return error;
}

// With the password, and still not: a token for an agent never steps up.
Result<Reply> ended(Result<Reply> reply) {
    if (!reply && reply.error().code == Code::step_up_required)
        reply.error().next = "a person has to do this, logged in: owhalectl login; OWHALE_TOKEN must not be set";
    return reply;
}

std::string question(const Client& client, const Call& call) {
    const auto& who = client.token()->principal;
    const auto act = call.act.empty() ? std::string(call.verb) : call.act;
    return "To " + act + ", owhaled needs the password of " + (who.empty() ? "your account" : who) + ": ";
}

} // namespace

std::pair<std::string, std::string> proof_header(const Secret& password) {
    return {"Owhale-Password", base64(password.text())};
}

Status has_account(const Client& client) {
    if (client.token() != nullptr || client.device() != nullptr || ::geteuid() == 0) return {};
    return std::unexpected(without_account({Code::step_up_required, {}, {}, 0, {}}));
}

bool asks_password(const Client& client) {
    return client.token() != nullptr && can_ask();
}

Result<Reply> send_with_proof(Client& client, Call call, const Secret& given, Secret* kept) {
    Result<Reply> reply;
    if (!call.asks_first) {
        reply = client.send(call);
        if (reply || reply.error().code != Code::step_up_required) return reply;
        if (client.token() == nullptr) return std::unexpected(without_account(std::move(reply).error()));
        if (given.empty() && !can_ask()) return reply;
    } else if (client.token() == nullptr) {
        return std::unexpected(without_account({Code::step_up_required, {}, {}, 0, {}}));
    }
    std::string before; // what went wrong, said when nothing is echoed any more
    for (int tries = 1;; ++tries) {
        auto typed = given.empty() ? ask_password(before + question(client, call)) : Result<Secret>();
        if (!typed) return std::unexpected(typed.error());
        auto again = call;
        again.headers.push_back(proof_header(given.empty() ? *typed : given));
        reply = client.send(std::move(again));
        const bool wrong = !reply && reply.error().code == Code::credentials_wrong;
        if (wrong) reply.error().message = "the password is wrong"; // whose it is was known before
        if (reply && kept != nullptr && given.empty()) *kept = *std::move(typed);
        if (!wrong || !given.empty() || tries == kTries) return ended(std::move(reply));
        before = reply.error().message + "\n";
    }
}

} // namespace owhale::cli
