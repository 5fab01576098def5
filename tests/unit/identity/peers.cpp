// Who a connection is, without and with a token.
#include "stage.hpp"

#include "base/clock.hpp"

using namespace owhale;
using namespace owhale::identity;
using owhale::identity::test::Stage;

namespace {

constexpr std::int64_t kHour = 3'600'000'000;

Peer run_peer(uid_t uid) {
    auto peer = Stage::local(uid);
    peer.run = 9;
    peer.run_id = "0190";
    return peer;
}

} // namespace

TEST_CASE("peers are told and counted by what they are") {
    CHECK_EQ(Stage::local(7).describe(), "unix:7 (pid 77, owhalectl)");
    CHECK_EQ(Stage::local(7).origin(), "unix:7");
    CHECK_EQ(Stage::tcp().describe(), "tcp 192.0.2.1");
    CHECK_EQ(Stage::tcp().origin(), "ip:192.0.2.1");
    Peer v6;
    v6.kind = Peer::Kind::tcp;
    v6.address = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9};
    CHECK_EQ(v6.origin(), "ip:2001:db8:1:2::/64");
    CHECK_EQ(run_peer(7).origin(), "run:0190");
    auto here = Stage::tcp();
    here.loopback = true;
    here.uid = 1000;
    CHECK_EQ(here.origin(), "local uid 1000"); // not what all users of this machine have in common
    here.loopback = false;                     // a proxy's word
    CHECK_EQ(here.origin(), "ip:192.0.2.1");
    CHECK_FALSE(run_peer(0).is_root());
}

TEST_CASE("a run is a run, whatever token it shows and whichever uid it has") {
    Stage stage;
    stage.admin();
    const auto token = stage.log_in("admin", Stage::kPassword)->access_token;
    for (const auto& who :
         {stage.service->of_peer(run_peer(0)), *stage.who(token, run_peer(0)), *stage.who("x", run_peer(0))}) {
        CHECK(who.kind == Kind::run);
        CHECK_EQ(who.name, "run:0190");
        CHECK(who.may(Permission::runs_create, true));
        CHECK_FALSE(who.may(Permission::runs_read, false));
        for (const auto permission :
             {Permission::users, Permission::tokens, Permission::account, Permission::audit_read})
            CHECK_FALSE(who.may(permission, true));
    }
}

TEST_CASE("a uid has no account, sessions and tokens of its own") {
    Stage stage;
    for (const uid_t uid : {0u, 1000u}) {
        const auto who = stage.service->of_peer(Stage::local(uid));
        for (const auto permission : {Permission::account, Permission::sessions, Permission::tokens})
            CHECK_EQ(who.own & static_cast<std::uint32_t>(permission), 0u);
        CHECK_FALSE(who.may(Permission::account, true));
        CHECK(who.may(Permission::runs_create, true));
        CHECK_EQ(who.may(Permission::users, true), uid == 0);
    }
}

TEST_CASE("a token keeps the connection's uid beside the account, and none over TCP") {
    Stage stage;
    stage.admin();
    const auto token = stage.log_in("admin", Stage::kPassword)->access_token;
    const auto local = stage.who(token, Stage::local(1000));
    CHECK_EQ(local->name, "user:admin");
    CHECK_EQ(local->uid, 1000u);
    CHECK_EQ(stage.who(token, Stage::tcp())->uid, static_cast<uid_t>(-1));
    CHECK_EQ(stage.service->of_peer(Stage::tcp()).own, 0u);
    CHECK(stage.service->of_peer(Stage::tcp()).kind == Kind::anonymous);
}

TEST_CASE("revoked, disabled and gone hold at once, on the token that was just believed") {
    Stage stage;
    stage.admin();
    const auto alice = stage.account("alice", {"agent"});
    const auto token = stage.log_in("alice", "some unrelated words")->access_token;
    REQUIRE(stage.who(token));
    auto asked = Stage::asker(stage.service->of_peer(Stage::root()), "users.disable");
    REQUIRE(stage.run(stage.service->accounts.disable(std::move(asked), "alice")));
    CHECK_EQ(stage.who(token).error().code, Code::token_revoked);
    CHECK_EQ(stage.ended, std::vector<std::string>{"user:alice"});
    asked = Stage::asker(stage.service->of_peer(Stage::root()), "users.enable");
    REQUIRE(stage.run(stage.service->accounts.enable(std::move(asked), "alice")));
    CHECK_EQ(stage.who(token).error().code, Code::token_revoked);
    stage.reopen();
    CHECK_EQ(stage.who(token).error().code, Code::token_revoked);
}

TEST_CASE("a clock that goes back revives nothing that expired, and is told of a token from later") {
    Stage stage;
    const std::int64_t start = 1'800'000'000'000'000;
    freeze_wall_clock(start);
    stage.admin();
    const auto token = stage.log_in("admin", Stage::kPassword)->access_token;
    freeze_wall_clock(start + 8 * 24 * kHour);
    CHECK_EQ(stage.who(token).error().code, Code::token_expired);
    const auto later = stage.log_in("admin", Stage::kPassword)->access_token;
    freeze_wall_clock(start + kHour);
    CHECK_EQ(stage.who(token).error().code, Code::token_expired);
    CHECK_EQ(stage.who(later).error().code, Code::token_not_yet_valid);
    CHECK(stage.who(stage.log_in("admin", Stage::kPassword)->access_token));
    stage.reopen();
    CHECK_EQ(stage.who(token).error().code, Code::token_expired);
}

TEST_CASE("a request with a token that was seen before asks the database nothing") {
    Stage stage;
    stage.admin();
    const auto token = stage.log_in("admin", Stage::kPassword)->access_token;
    REQUIRE(stage.who(token));
    const auto before = stage.database->changes();
    // The table is taken away: whatever still wanted it would fail.
    REQUIRE(stage.database->execute("ALTER TABLE sessions RENAME TO hidden"));
    CHECK(stage.who(token));
    REQUIRE(stage.database->execute("ALTER TABLE hidden RENAME TO sessions"));
    CHECK_EQ(stage.database->changes(), before);
}

TEST_CASE("keys rotate by age, old tokens are believed until they expire, then their key is gone") {
    Stage stage;
    const std::int64_t start = 1'800'000'000'000'000;
    freeze_wall_clock(start);
    stage.reopen();
    stage.admin();
    const auto old = stage.log_in("admin", Stage::kPassword)->access_token;
    freeze_wall_clock(start + 3 * kHour);
    auto asked = Stage::asker(stage.service->of_peer(Stage::root()), "keys.rotate");
    const auto rotated = stage.run(stage.service->keys.rotate(std::move(asked)));
    REQUIRE(rotated);
    CHECK_EQ(rotated->trusted.size(), 1);
    CHECK(stage.who(old));
    const auto fresh = stage.log_in("admin", Stage::kPassword)->access_token;
    freeze_wall_clock(start + 31 * 24 * kHour);
    stage.reopen(); // as a start does: a month has passed
    CHECK_EQ(stage.service->jwks().keys.size(), 1);
    CHECK_NE(stage.service->jwks().keys[0].kid, rotated->kid);
    CHECK_EQ(stage.who(fresh).error().code, Code::token_unknown_key);
}

TEST_CASE("strict: root alone comes in; rootless its own user makes the first account and no second") {
    Stage strict("strict");
    CHECK_EQ(strict.service->of_peer(Stage::local(1000)).own, 0u);
    CHECK(strict.service->of_peer(Stage::root()).may(Permission::users, false));
    CHECK(strict.service->stands_above(Stage::root(), strict.service->of_peer(Stage::root())));
    CHECK_FALSE(strict.service->stands_above(run_peer(0), strict.service->of_peer(run_peer(0))));
    CHECK_EQ(strict.log_in("admin", "admin").error().code, Code::credentials_wrong);

    Stage rootless("strict", true);
    const auto own = Stage::local(1000);
    CHECK(rootless.service->stands_above(own, rootless.service->of_peer(own)));
    auto asked = Stage::asker(rootless.service->of_peer(own), "users.create", own);
    api::UserRequest request{"chief", {"agent"}, "some unrelated words"};
    CHECK_EQ(rootless.run(rootless.service->accounts.create(asked, request)).error().code, Code::invalid_value);
    request.roles = {"admin"};
    REQUIRE(rootless.run(rootless.service->accounts.create(asked, request)));
    CHECK_FALSE(rootless.service->stands_above(own, rootless.service->of_peer(own)));
    CHECK_FALSE(rootless.service->of_peer(own).may(Permission::users, true));
}
