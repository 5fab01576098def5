#include "verbs/following.hpp"

#include <boost/json/serialize.hpp>

#include "checks.hpp"

using namespace owhale;
using verbs::may_follow;

namespace {

constexpr std::string_view kOwn = "user:own", kOther = "user:other";

audit::Followed event(std::string name, boost::json::object data, std::string principal = std::string(kOwn),
                      std::string outcome = "ok") {
    audit::Row row;
    row.seq = 7;
    row.json = boost::json::serialize(boost::json::object{
        {"event", name}, {"principal", principal}, {"outcome", outcome}, {"data", std::move(data)}});
    return *audit::followed(row);
}

identity::Principal with(std::uint32_t roles, std::string_view name) {
    identity::Principal who;
    who.name = name;
    identity::grant(who, roles);
    return who;
}

} // namespace

TEST_CASE("who sees which events") {
    using namespace identity;
    struct Row {
        const char* name;
        std::uint32_t others; // roles that see those of others
    };
    for (const auto& [name, others] : {Row{"approval.requested", kAdmin | kApprover | kAuditor},
                                       Row{"approval.decided", kAdmin | kApprover | kAuditor},
                                       Row{"grant.created", kAdmin | kApprover}, Row{"freeze.set", kAdmin | kApprover},
                                       Row{"run.intent", kAdmin | kApprover}, Row{"run.outcome", kAdmin | kApprover}})
        for (const std::uint32_t role : {kAdmin, kApprover, kAgent, kAuditor, kMonitor}) {
            CAPTURE(name);
            CAPTURE(role);
            CHECK(may_follow(event(name, {}), with(role, kOther), {}) == ((others & role) != 0));
        }
    CHECK(may_follow(event("run.intent", {}), with(kAgent, kOwn), {}));
    CHECK(may_follow(event("approval.requested", {}), with(kAgent, kOwn), {}));
    CHECK(may_follow(event("grant.used", {}), with(kAgent, kOwn), {}));
    CHECK_FALSE(may_follow(event("grant.used", {}), with(0, kOwn), {}));
}

TEST_CASE("an event is its requester's, not its doer's") {
    const auto decided = event("approval.decided", {{"requester", kOwn}}, std::string(kOther));
    CHECK(may_follow(decided, with(identity::kAgent, kOwn), {}));
    CHECK_FALSE(may_follow(decided, with(identity::kAgent, kOther), {}));
    CHECK(may_follow(event("freeze.set", {{"frozen", "*"}}, "user:x"), with(identity::kAgent, kOwn), {}));
    CHECK_FALSE(may_follow(event("freeze.set", {{"frozen", kOther}}, "user:x"), with(identity::kAgent, kOwn), {}));
}

TEST_CASE("a flood is announced to nobody else") {
    const auto flood = event("approval.requested", {}, std::string(kOwn), "throttled");
    CHECK(may_follow(flood, with(identity::kAgent, kOwn), {}));
    CHECK_FALSE(may_follow(flood, with(identity::kAdmin, kOther), {}));
}

TEST_CASE("accounts, keys and the daemon's own are no events, whoever asks") {
    for (const auto* name :
         {"login", "users.create", "daemon.start", "policy.reload", "approval.unheard-of", "runx", ""})
        CHECK_FALSE(may_follow(event(name, {}), with(identity::kAdmin, kOwn), {}));
}

TEST_CASE("types choose kinds and events, and nothing that is none") {
    const auto types = verbs::wanted_types("run.outcome,approval");
    REQUIRE(types.has_value());
    const auto who = with(identity::kAdmin, kOwn);
    CHECK(may_follow(event("run.outcome", {}), who, *types));
    CHECK(may_follow(event("approval.ended", {}), who, *types));
    CHECK_FALSE(may_follow(event("run.intent", {}), who, *types));
    CHECK(verbs::wanted_types("")->empty());
    for (const auto* text : {"x", "run,", "run,,grant", " run", "RUN", "login"}) {
        CAPTURE(text);
        const bool good = verbs::wanted_types(text).has_value();
        CHECK(good == (std::string_view(text) == "run,"));
    }
}

TEST_CASE("a message is an id, a name and one line") {
    CHECK(verbs::as_message(event("run.intent", {{"text", "a\n\nid: 9\r\n"}})) ==
          "id: 7\nevent: run.intent\ndata: "
          "{\"event\":\"run.intent\",\"principal\":\"user:own\",\"outcome\":\"ok\",\"data\":{\"text\":\"a\\n\\nid: "
          "9\\r\\n\"}}\n\n");
}
