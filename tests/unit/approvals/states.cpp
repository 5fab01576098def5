#include "approvals/state.hpp"

#include <boost/json/array.hpp>
#include <set>

#include "approvals/deciders.hpp"
#include "checks.hpp"
#include "shared/openapi_facts.hpp"

using namespace owhale;
using namespace owhale::approvals;

namespace {

constexpr State kAll[] = {State::pending, State::approved, State::used,     State::void_,
                          State::denied,  State::expired,  State::cancelled};

identity::Principal person(const std::string& name, std::uint32_t roles, std::uint32_t uid = static_cast<uid_t>(-1)) {
    identity::Principal who;
    who.kind = identity::Kind::user;
    who.name = "user:" + name;
    who.uid = uid;
    identity::grant(who, roles);
    return who;
}

const Question kQuestion{"unix:1000", "unix:1000", 1000, "high", 1};

} // namespace

TEST_CASE("every way between two states is in the table, and no other") {
    const std::set<std::pair<State, State>> ways = {
        {State::pending, State::approved},   {State::pending, State::denied}, {State::pending, State::expired},
        {State::pending, State::cancelled},  {State::approved, State::used},  {State::approved, State::void_},
        {State::approved, State::cancelled}, {State::used, State::void_}};
    for (const auto from : kAll)
        for (const auto to : kAll) CHECK_EQ(may_follow(from, to), ways.contains({from, to}));
    for (const auto state : kAll) {
        CHECK_EQ(ended(state), state != State::pending && state != State::approved);
        CHECK_EQ(state_of(name(state)), state);
    }
    CHECK_FALSE(state_of("granted").has_value());
}

TEST_CASE("who decides") {
    const House local{true, "high"}, strict{false, "high"};
    struct Row {
        const char* what;
        identity::Principal who;
        House house;
        Question question;
        bool may, counts;
    };
    auto agents = person("alice", identity::kAdmin);
    agents.for_agent = true;
    auto first = person("admin", identity::kAdmin);
    first.must_change = true;
    identity::Principal socket, cage, root;
    socket.kind = identity::Kind::unix_uid, socket.name = "unix:1001", socket.uid = 1001;
    identity::grant(socket, identity::kAdmin);
    root.kind = identity::Kind::unix_uid, root.name = "unix:0", root.uid = 0;
    identity::grant(root, identity::kAdmin);
    cage.kind = identity::Kind::run, cage.name = "run:x";
    identity::grant(cage, identity::kAdmin);
    auto critical = kQuestion, two = kQuestion, tokens = kQuestion, unknown = kQuestion, far = kQuestion;
    critical.severity = "critical";
    two.quorum = 2;
    tokens.principal = tokens.payer = "user:alice", tokens.uid = static_cast<uid_t>(-1);
    unknown.severity = "whatever";
    far.uid = static_cast<uid_t>(-1), far.principal = far.payer = "user:carol";
    auto below = kQuestion;
    below.principal = "run:y", below.payer = "user:alice";
    const auto device = [](std::uint32_t roles, uid_t uid = static_cast<uid_t>(-1)) {
        identity::Principal who;
        who.kind = identity::Kind::device, who.name = "device:1", who.user = "alice", who.uid = uid;
        identity::grant(who, roles);
        return who;
    };
    auto twice = tokens;
    twice.quorum = 2;
    const Row rows[] = {
        {"a device", device(identity::kApprover), local, kQuestion, true, true},
        {"a device of who may not", device(identity::kAuditor), local, kQuestion, false, false},
        {"a device of whom the requester belongs to, in strict", device(identity::kAdmin), strict, tokens, true, true},
        {"the same where two count", device(identity::kAdmin), strict, twice, true, false},
        {"a device at the uid that asked, in strict", device(identity::kAdmin, 1000), strict, kQuestion, false, false},
        {"a device on this machine, of whom the requester belongs to", device(identity::kAdmin, 1001), strict, tokens,
         false, false},
        {"a device on this machine, where nobody knows the agent's uid", device(identity::kAdmin, 1001), strict, far,
         false, false},
        {"a device on this machine, of another person", device(identity::kAdmin, 1001), strict, kQuestion, true, true},
        {"an admin", person("root", identity::kAdmin), local, kQuestion, true, true},
        {"an approver", person("bob", identity::kApprover), local, kQuestion, true, true},
        {"an approver beyond its severity", person("bob", identity::kApprover), local, critical, false, false},
        {"an approver, of no severity that is known", person("bob", identity::kApprover), local, unknown, false, false},
        {"an admin, critical", person("root", identity::kAdmin), local, critical, true, true},
        {"an agent's role", person("bob", identity::kAgent), local, kQuestion, false, false},
        {"an auditor", person("bob", identity::kAuditor), local, kQuestion, false, false},
        {"a token for an agent", agents, local, kQuestion, false, false},
        {"whose password is not its own", first, local, kQuestion, false, false},
        {"a socket", socket, local, kQuestion, false, false},
        {"root's socket", root, local, kQuestion, false, false},
        {"a run", cage, local, kQuestion, false, false},
        {"its own human by uid", person("alice", identity::kAdmin, 1000), local, kQuestion, true, true},
        {"its own human where two count", person("alice", identity::kAdmin, 1000), local, two, true, false},
        {"its own human in strict", person("alice", identity::kAdmin, 1000), strict, kQuestion, false, false},
        {"its own account's token", person("alice", identity::kAdmin), strict, tokens, false, false},
        {"its own account's token, local", person("alice", identity::kAdmin), local, tokens, true, true},
        {"another in strict", person("bob", identity::kAdmin, 1001), strict, kQuestion, true, true},
        {"a run of its own account's", person("alice", identity::kAdmin), strict, below, false, false},
        {"both over TCP are not the same", person("bob", identity::kAdmin), strict, far, true, true},
    };
    for (const auto& row : rows) {
        const auto ruling = rule(row.who, row.question, row.house);
        CHECK_MESSAGE(ruling.may == row.may, row.what);
        if (row.may) CHECK_MESSAGE(ruling.counts == row.counts, row.what);
        CHECK_MESSAGE(ruling.why_not.empty() == row.may, row.what);
    }
}

TEST_CASE("the description of the API names these states, in this order, and no other") {
    boost::json::array all;
    for (const auto state : kAll) all.emplace_back(name(state));
    CHECK_EQ(openapi_facts::words("approval_state"), all);
}
