// Which event each verb of the API writes, or why it writes none; and which events no verb writes. Whether it does,
// tests/api/test_audit_events.py asks the real one.
#include "shared/verbs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "audit/event_name.hpp"
#include "checks.hpp"

using namespace owhale;
using Events = std::vector<audit::EventName>;

namespace {

struct Changing {
    std::string_view verb;
    Events events;
    std::string_view why_none = "";
};

// Every verb but those that read alone.
const std::vector<Changing>& changing() {
    static const std::vector<Changing> rows = {
        {"runs.create", {"run.intent", "run.start", "run.outcome", "run.denied", "approval.requested", "grant.used"}},
        {"runs.exec", {"run.intent", "run.start", "run.outcome", "run.denied"}},
        {"runs.attach", {"run.attach"}},
        {"runs.input", {"run.input"}},
        {"runs.ticket", {}, "the attach that it opens is told, or the ticket's refusal"},
        {"runs.signal", {"run.signal"}},
        {"runs.kill", {"run.kill"}},
        {"runs.remove", {"run.remove"}},
        {"boxes.reset", {"box.reset"}},
        {"boxes.publish", {"box.publish"}},
        {"workspaces.add", {"workspace.added"}},
        {"workspaces.remove", {"workspace.removed"}},
        {"audit.export", {"audit.exported"}},
        {"policy.check", {"policy.checked"}},
        {"policy.reload", {"policy.reload"}},
        {"approvals.approve", {"approval.decided", "grant.created", "host.allowed"}},
        {"approvals.deny", {"approval.decided"}},
        {"approvals.decide", {"approval.decided"}},
        {"approvals.cancel", {"approval.ended"}},
        {"approvals.claim", {"run.intent"}},
        {"hosts.allow", {"host.allowed"}},
        {"hosts.remove", {"host.removed"}},
        {"profiles.check", {}, "reads what it is given: nothing is loaded"},
        {"hosts.check", {}, "looks up what the book says: nothing is connected, and nothing is let through"},
        {"grants.revoke", {"grant.ended"}},
        {"freeze.set", {"freeze.set"}},
        {"freeze.thaw", {"freeze.thaw"}},
        {"secrets.set", {"secret.set"}},
        {"secrets.rotate", {"secret.rotate"}},
        {"secrets.reveal", {"secret.reveal"}},
        {"secrets.remove", {"secret.remove"}},
        {"secrets.rekey", {"secret.rekey"}},
        {"mcp", {}, "each call of a tool is a request of its own, with the verb that it is of"},
        {"login", {"login"}},
        {"logout", {"logout"}},
        {"password.change", {"password.change"}},
        {"stepup.open", {"step_up"}},
        {"stepup.close", {"step_up.closed"}},
        {"sessions.revoke", {"session.revoke"}},
        {"sessions.revoke_all", {"session.revoke"}},
        {"tokens.create", {"token.create"}},
        {"tokens.revoke", {"token.revoke"}},
        {"pair.create", {"pair.create"}},
        {"pair.join", {"pair.join"}},
        {"pair.prove", {"pair.join"}},
        {"pair.confirm", {"device.add"}},
        {"pair.cancel", {"pair.end"}},
        {"devices.change", {"device.change"}},
        {"devices.remove", {"device.remove"}},
        {"users.create", {"user.create"}},
        {"users.remove", {"user.remove"}},
        {"users.enable", {"user.enable"}},
        {"users.disable", {"user.disable"}},
        {"users.roles", {"user.roles"}},
        {"users.reset", {"user.reset"}},
        {"access.grant", {"access.grant"}},
        {"access.remove", {"access.remove"}},
        {"keys.rotate", {"key.rotate"}},
    };
    return rows;
}

// What happens without a verb that asks for it, or to any of them.
const Events kOwn = {"daemon.start",    "daemon.stop",          "daemon.reload",      "daemon.crashed",
                     "config.changed",  "audit.opened",         "audit.dropped",      "audit.index_rebuilt",
                     "audit.recovered", "audit.anchor_missing", "token.refused",      "account.bootstrap",
                     "verb.denied",     "rate.limited",         "connection.refused", "approval.flooded",
                     "host.refused",    "ssh.signed",           "ssh.refused",        "secret.open",
                     "secret.used",     "step_up.asked"};

const Changing* row_of(std::string_view verb) {
    const auto at = std::ranges::find(changing(), verb, &Changing::verb);
    return at == changing().end() ? nullptr : &*at;
}

} // namespace

TEST_CASE("a verb that changes something writes an event, or the table says why not") {
    for (const auto& verb : verbs()) {
        CAPTURE(verb.name);
        const auto* row = row_of(verb.name);
        if (verb.method != "GET") CHECK(row != nullptr);
        if (row != nullptr) CHECK(row->events.empty() == !row->why_none.empty());
    }
    for (const auto& row : changing()) {
        CAPTURE(row.verb);
        CHECK(find_verb(row.verb) != nullptr);
    }
}

TEST_CASE("an event is a verb's, or happens by itself") {
    std::set<std::string_view> told(kOwn.begin(), kOwn.end());
    for (const auto& row : changing()) told.insert(row.events.begin(), row.events.end());
    for (const auto name : audit::kEventNames) {
        CAPTURE(name);
        CHECK(told.contains(name));
    }
}
