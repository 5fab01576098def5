// Agents' tokens and sessions.
#include "stage.hpp"

#include "base/clock.hpp"

using namespace owhale;
using namespace owhale::identity;
using owhale::identity::test::Stage;

namespace {

constexpr std::uint64_t kHour = 3'600'000; // milliseconds

struct Minted {
    std::string token, id;
    Principal who;
};

Result<api::TokenMade> try_mint(Stage& stage, const Principal& maker, api::TokenRequest request) {
    auto asked = Stage::asker(maker, "tokens.create");
    return stage.run(stage.service->tokens.mint(std::move(asked), std::move(request)));
}

Minted mint(Stage& stage, const Principal& maker, api::TokenRequest request) {
    const auto made = try_mint(stage, maker, std::move(request));
    REQUIRE(made);
    return {made->access_token, made->token.id, *stage.who(made->access_token)};
}

Code refusal(Stage& stage, const Principal& maker, api::TokenRequest request) {
    const auto made = try_mint(stage, maker, std::move(request));
    return made ? Code::internal : made.error().code;
}

Status revoke(Stage& stage, const Principal& who, const std::string& id) {
    auto asked = Stage::asker(who, "tokens.revoke");
    return stage.run(stage.service->tokens.revoke_token(std::move(asked), id));
}

} // namespace

TEST_CASE("a token has its role's rights, and not its account's") {
    Stage stage;
    const auto admin = stage.admin();
    const auto agent = mint(stage, admin, {"agent", kHour, "build", "/srv", "nightly"});
    CHECK_EQ(agent.who.name, "user:admin");
    CHECK(agent.who.for_agent);
    CHECK_EQ(agent.who.profile, "build");
    CHECK_EQ(agent.who.cwd, "/srv");
    CHECK(agent.who.may(Permission::runs_create, true));
    for (const auto permission : {Permission::users, Permission::account, Permission::sessions})
        CHECK_FALSE(agent.who.may(permission, true));
    CHECK_FALSE(agent.who.may(Permission::tokens, false));
    CHECK_EQ(stage.run(stage.service->prove(Stage::root(), agent.who, Stage::kPassword)).error().code,
             Code::step_up_required);
    CHECK_FALSE(stage.service->stands_above(Stage::root(), agent.who));
}

TEST_CASE("no token is wider than its maker") {
    Stage stage;
    const auto admin = stage.admin();
    const auto alice = stage.account("alice", {"agent"});
    CHECK_EQ(refusal(stage, alice, {"admin", kHour, {}, {}, {}}), Code::forbidden);
    CHECK_EQ(refusal(stage, alice, {"auditor", kHour, {}, {}, {}}), Code::forbidden);
    CHECK_EQ(refusal(stage, alice, {"king", kHour, {}, {}, {}}), Code::invalid_value);
    CHECK_EQ(refusal(stage, alice, {"agent", 0, {}, {}, {}}), Code::invalid_value);
    CHECK_EQ(refusal(stage, alice, {"agent", 367 * 24 * kHour, {}, {}, {}}), Code::invalid_value);
    CHECK_EQ(refusal(stage, alice, {"agent", kHour, {}, {}, "a\nb"}), Code::invalid_value);
    CHECK_EQ(refusal(stage, stage.service->of_peer(Stage::root()), {"agent", kHour, {}, {}, {}}),
             Code::unauthenticated);

    const auto first = mint(stage, admin, {"agent", kHour, "build", "/srv/a", {}});
    CHECK_EQ(refusal(stage, first.who, {"admin", kHour / 2, {}, {}, {}}), Code::forbidden);
    CHECK_EQ(refusal(stage, first.who, {"agent", 2 * kHour, {}, {}, {}}), Code::forbidden);
    CHECK_EQ(refusal(stage, first.who, {"agent", kHour / 2, "default", {}, {}}), Code::forbidden);
    CHECK_EQ(refusal(stage, first.who, {"agent", kHour / 2, {}, "/srv", {}}), Code::forbidden);
    CHECK_EQ(refusal(stage, first.who, {"agent", kHour / 2, {}, "/srv/ab", {}}), Code::forbidden);
    const auto second = mint(stage, first.who, {"agent", kHour / 2, {}, "/srv/a/b", {}});
    CHECK_EQ(second.who.profile, "build");
    CHECK_EQ(second.who.cwd, "/srv/a/b");
}

TEST_CASE("revoking a token revokes those minted with it, at any depth, and nothing beside") {
    Stage stage;
    const auto admin = stage.admin();
    const auto first = mint(stage, admin, {"agent", kHour, {}, {}, {}});
    const auto second = mint(stage, first.who, {"agent", kHour / 2, {}, {}, {}});
    const auto third = mint(stage, second.who, {"agent", kHour / 4, {}, {}, {}});
    const auto beside = mint(stage, admin, {"agent", kHour, {}, {}, {}});
    REQUIRE(revoke(stage, admin, first.id));
    for (const auto& token : {first.token, second.token, third.token})
        CHECK_EQ(stage.who(token).error().code, Code::token_revoked);
    CHECK(stage.who(beside.token));
    CHECK(revoke(stage, admin, first.id)); // it has ended: that is what was asked for
    CHECK_EQ(refusal(stage, third.who, {"agent", 1000, {}, {}, {}}), Code::token_revoked);
}

TEST_CASE("an agent sees and ends what it made, not what its human did") {
    Stage stage;
    const auto admin = stage.admin();
    const auto first = mint(stage, admin, {"agent", kHour, {}, {}, {}});
    const auto other = mint(stage, admin, {"agent", kHour, {}, {}, {}});
    const auto below = mint(stage, first.who, {"agent", kHour / 2, {}, {}, {}});
    const auto seen = stage.service->tokens.tokens(first.who, {});
    REQUIRE(seen);
    REQUIRE_EQ(seen->tokens.size(), 2);
    CHECK_EQ(seen->tokens[0].id, below.id);
    CHECK_EQ(revoke(stage, first.who, other.id).error().code, Code::not_found);
    CHECK_EQ(stage.service->tokens.token(first.who, other.id).error().code, Code::not_found);
    CHECK_EQ(revoke(stage, below.who, first.id).error().code, Code::not_found);
    CHECK(revoke(stage, first.who, below.id));
    CHECK(stage.who(other.token));
}

TEST_CASE("a stranger's id is no id; an admin's right is over all") {
    Stage stage;
    const auto admin = stage.admin();
    const auto alice = stage.account("alice", {"agent"}), bob = stage.account("bob", {"agent"});
    const auto token = mint(stage, alice, {"agent", kHour, {}, {}, {}});
    CHECK_EQ(stage.service->tokens.token(bob, token.id).error().code, Code::not_found);
    CHECK_EQ(revoke(stage, bob, token.id).error().code, Code::not_found);
    CHECK_EQ(revoke(stage, bob, "x").error().code, Code::not_found);
    CHECK_EQ(revoke(stage, bob, alice.session).error().code, Code::not_found);
    CHECK_EQ(stage.service->tokens.tokens(bob, {"alice", false}).error().code, Code::forbidden);
    CHECK_EQ(stage.service->tokens.tokens(bob, {"nobody", false}).error().code, Code::forbidden);
    CHECK_EQ(stage.service->tokens.tokens(admin, {"alice", false})->tokens.size(), 1);
    auto asked = Stage::asker(bob, "sessions.revoke");
    CHECK_EQ(stage.run(stage.service->tokens.revoke_session(asked, alice.session)).error().code, Code::not_found);
    asked = Stage::asker(admin, "sessions.revoke");
    CHECK_EQ(stage.run(stage.service->tokens.revoke_session(asked, token.id)).error().code,
             Code::not_found); // no session
    CHECK(stage.run(stage.service->tokens.revoke_session(asked, alice.session)));
    CHECK(stage.who(token.token)); // made in that session, and for an agent: it goes on
    CHECK(revoke(stage, admin, token.id));
}

TEST_CASE("a role that is taken from the account is taken from its tokens at once") {
    Stage stage;
    stage.admin();
    const auto alice = stage.account("alice", {"admin"});
    const auto token = mint(stage, alice, {"admin", kHour, {}, {}, {}});
    CHECK(token.who.may(Permission::users, true));
    auto asked = Stage::asker(stage.service->of_peer(Stage::root()), "users.roles");
    REQUIRE(stage.run(stage.service->accounts.set_roles(asked, "alice", {{"agent"}})));
    CHECK_EQ(stage.who(token.token)->own, 0u);
    REQUIRE(stage.run(stage.service->accounts.set_roles(asked, "alice", {{"admin", "agent"}})));
    CHECK(stage.who(token.token)->may(Permission::users, true));
}

TEST_CASE("all sessions but the one that asks end together") {
    Stage stage;
    const auto admin = stage.admin();
    for (int i = 0; i < 3; ++i) REQUIRE(stage.log_in("admin", Stage::kPassword));
    CHECK_EQ(stage.service->tokens.sessions(admin, {})->sessions.size(), 4);
    auto asked = Stage::asker(admin, "sessions.revoke_all");
    CHECK_EQ(stage.run(stage.service->tokens.revoke_sessions(asked, ""))->revoked, 3);
    const auto left = stage.service->tokens.sessions(admin, {})->sessions;
    REQUIRE_EQ(left.size(), 1);
    CHECK(left[0].current);
    CHECK_EQ(stage.service->tokens.sessions(admin, {"", true})->sessions.size(), 4);
    asked = Stage::asker(stage.service->of_peer(Stage::root()), "sessions.revoke_all");
    CHECK_EQ(stage.run(stage.service->tokens.revoke_sessions(asked, "")).error().code, Code::invalid_value);
    CHECK_EQ(stage.run(stage.service->tokens.revoke_sessions(asked, "admin"))->revoked, 1);
}

TEST_CASE("an account has so many logins: the oldest makes room") {
    Stage stage;
    stage.admin();
    const auto oldest = stage.who(stage.log_in("admin", Stage::kPassword)->access_token)->session;
    REQUIRE(stage.database->execute(
        "INSERT INTO sessions SELECT 'f' || value, user, kind, roles, profile, cwd, label, maker, "
        "kid, peer, created, expires, last_used, revoked FROM sessions, (WITH RECURSIVE n(value) AS "
        "(SELECT 1 UNION SELECT value + 1 FROM n WHERE value < 1000) SELECT value FROM n) WHERE jti = '" +
        oldest + "'"));
    const auto admin = stage.who(stage.log_in("admin", Stage::kPassword)->access_token);
    const auto live = stage.service->accounts.show("admin")->sessions;
    CHECK_LE(live, 1002);
    REQUIRE(stage.log_in("admin", Stage::kPassword));
    CHECK_LE(stage.service->accounts.show("admin")->sessions, live);
}
