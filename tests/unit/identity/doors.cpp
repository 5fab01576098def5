// Passwords at the door.
#include "stage.hpp"

#include "base/files.hpp"

using namespace owhale;
using namespace owhale::identity;
using owhale::identity::test::Stage;

namespace {

std::uint64_t cost_of(Stage& stage, const std::string& name, const std::string& password, const Peer& from) {
    const auto before = stage.hashes.load();
    CHECK_FALSE(stage.log_in(name, password, from));
    return stage.hashes - before;
}

} // namespace

TEST_CASE("wrong name, wrong password, first account, disabled: one Argon2id each and the same words") {
    Stage stage;
    stage.admin();
    stage.account("alice", {"agent"});
    const auto wrong = stage.log_in("alice", "wrong").error();
    CHECK_EQ(wrong.code, Code::credentials_wrong);
    for (const auto* name : {"alice", "nobody", "Alice",
                             "al\xd1\x96"
                             "ce",
                             "", "'; DROP TABLE users"}) {
        CHECK_EQ(cost_of(stage, name, "wrong", Stage::root()), 1);
        const auto error = stage.log_in(name, "wrong").error();
        CHECK_EQ(error.code, wrong.code);
        CHECK_EQ(error.message, wrong.message);
        CHECK_EQ(error.next, wrong.next);
    }
    Stage fresh;
    CHECK_EQ(cost_of(fresh, "admin", "wrong", Stage::root()), 1);
    CHECK_EQ(fresh.log_in("admin", "wrong").error().message, wrong.message);
}

TEST_CASE("what cannot be a password costs nothing") {
    Stage stage;
    const auto before = stage.hashes.load();
    CHECK_EQ(stage.log_in("admin", "").error().code, Code::invalid_value);
    CHECK_EQ(stage.log_in("admin", std::string(2000, 'x')).error().code, Code::invalid_value);
    CHECK_EQ(stage.log_in(std::string(2000, 'x'), "x").error().code, Code::invalid_value);
    CHECK_EQ(stage.log_in("admin", "\xff").error().code, Code::invalid_value);
    CHECK_EQ(stage.hashes, before);
}

TEST_CASE("admin/admin: for root, with the code over loopback, for nobody else, and good for one thing") {
    Stage stage;
    CHECK_EQ(stage.log_in("admin", "admin", Stage::local(1000)).error().code, Code::forbidden);
    auto run = Stage::root();
    run.run = 3;
    CHECK_EQ(stage.log_in("admin", "admin", run).error().code, Code::forbidden);
    auto loopback = Stage::tcp();
    CHECK_EQ(stage.log_in("admin", "admin", loopback).error().code, Code::forbidden);
    const auto code = *read_file(stage.folder / "setup-code", 100);
    const auto with_code = [&](Peer peer, std::string given) {
        api::LoginRequest request{"admin", "admin", std::move(given)};
        return stage.run(stage.service->doors.login(std::move(peer), std::move(request), {}));
    };
    CHECK_EQ(with_code(loopback, code.substr(0, code.size() - 1)).error().code, Code::forbidden); // not loopback
    loopback.loopback = true;
    CHECK_EQ(with_code(loopback, "guess").error().code, Code::forbidden);
    CHECK(with_code(loopback, code.substr(0, code.size() - 1)));
    const auto admin = stage.log_in("admin", "admin");
    REQUIRE(admin);
    CHECK(admin->must_change_password);
    const auto who = *stage.who(admin->access_token);
    CHECK(who.must_change);
    for (const auto& row : permissions())
        CHECK_EQ(who.may(row.permission, true), row.permission == Permission::account);
    Secret secret;
    CHECK_EQ(stage.run(stage.service->prove(Stage::root(), who, "admin")).error().code, Code::password_change_required);
    stage.admin();
    CHECK_FALSE(read_file(stage.folder / "setup-code", 100));
    CHECK_EQ(stage.log_in("admin", "admin").error().code, Code::credentials_wrong);
    CHECK_EQ(stage.service->first_password()->state, "ok");
    stage.reopen();
    CHECK_EQ(stage.log_in("admin", "admin").error().code, Code::credentials_wrong);
    CHECK_EQ(stage.events("account.bootstrap").size(), 1);
}

TEST_CASE("the delay of an account holds for strangers, not for who had its password before, never for root") {
    Stage stage;
    stage.admin();
    stage.account("alice", {"agent"});
    const auto home = Stage::local(1000), stranger = Stage::local(2000);
    REQUIRE(stage.log_in("alice", Stage::kPassword, home));
    for (int i = 0; i < 5; ++i)
        CHECK_EQ(stage.log_in("alice", "wrong", stranger).error().code, Code::credentials_wrong);
    const auto before = stage.hashes.load();
    const auto delayed = stage.log_in("alice", "wrong", stranger).error();
    CHECK_EQ(delayed.code, Code::rate_limited);
    CHECK_EQ(delayed.retry_after, 1);
    CHECK_NE(delayed.message.find("unix:2000 (pid 77, owhalectl)"), std::string::npos);
    CHECK_EQ(stage.log_in("alice", Stage::kPassword, Stage::tcp()).error().code, Code::rate_limited);
    CHECK_EQ(stage.log_in("alice", Stage::kPassword, Stage::tcp()).error().message.find("2000"), std::string::npos);
    CHECK_EQ(stage.hashes, before);
    CHECK(stage.log_in("alice", Stage::kPassword, home));
    CHECK(stage.log_in("alice", Stage::kPassword, Stage::root()));
    for (int i = 0; i < 20; ++i) CHECK_EQ(stage.log_in("alice", "wrong").error().code, Code::credentials_wrong);
    stage.monotonic += 1'000'000'000;
    CHECK(stage.log_in("alice", Stage::kPassword, Stage::tcp()));
}

TEST_CASE("a name that nobody has is delayed in the same way") {
    Stage stage;
    for (int i = 0; i < 5; ++i)
        CHECK_EQ(stage.log_in("nobody", "x", Stage::tcp()).error().code, Code::credentials_wrong);
    CHECK_EQ(stage.log_in("nobody", "x", Stage::tcp(2)).error().code, Code::rate_limited);
}

TEST_CASE("on the socket one delay holds for a uid's logins and step-ups, and for nobody else's") {
    Stage stage;
    stage.admin();
    stage.account("alice", {"admin"});
    const auto agent = Stage::local(1000);
    const auto who = *stage.who(stage.log_in("alice", Stage::kPassword, agent)->access_token, agent);
    for (int i = 0; i < 5; ++i)
        CHECK_EQ(stage.run(stage.service->prove(agent, who, "guess")).error().code, Code::credentials_wrong);
    CHECK_EQ(stage.run(stage.service->prove(agent, who, Stage::kPassword)).error().code, Code::rate_limited);
    CHECK_EQ(stage.log_in("alice", Stage::kPassword, agent).error().code, Code::rate_limited);
    CHECK(stage.run(stage.service->prove(Stage::local(1001), who, Stage::kPassword)));
    CHECK(stage.run(stage.service->prove(Stage::root(), who, Stage::kPassword)));
}

TEST_CASE("two password changes at once: exactly one wins") {
    Stage stage;
    const auto who = stage.admin();
    std::vector<std::shared_ptr<std::optional<Status>>> results;
    for (const auto* password : {"first new words", "second new words", "third new words"}) {
        auto asked = Stage::asker(who, "password.change");
        api::PasswordRequest change{Stage::kPassword, password};
        results.push_back(stage.begin(stage.service->doors.change_password(std::move(asked), std::move(change), {})));
    }
    stage.turn([&] { return std::ranges::all_of(results, [](auto& one) { return one->has_value(); }); });
    int won = 0, works = 0;
    for (const auto& one : results) won += (*one)->has_value();
    for (const auto* password : {"first new words", "second new words", "third new words", Stage::kPassword})
        works += stage.log_in("admin", password).has_value();
    CHECK_EQ(won, 1);
    CHECK_EQ(works, 1);
    CHECK_EQ(stage.events("password.change").size(), 2); // the first one ever, and the one that won
}

TEST_CASE("a change ends the other logins, keeps the one that asked and agents' tokens") {
    Stage stage;
    const auto who = stage.admin();
    const auto other = stage.log_in("admin", Stage::kPassword)->access_token;
    auto asked = Stage::asker(who, "tokens.create");
    const auto token = stage.run(stage.service->tokens.mint(asked, api::TokenRequest{"agent", 60'000, {}, {}, {}}));
    REQUIRE(token);
    asked = Stage::asker(who, "password.change");
    REQUIRE(stage.run(stage.service->doors.change_password(asked, {Stage::kPassword, "other words now"}, {})));
    CHECK_EQ(stage.who(other).error().code, Code::token_revoked);
    CHECK(stage.who(token->access_token));
    CHECK_EQ(stage.run(stage.service->doors.change_password(asked, {"other words now", "short"}, {})).error().code,
             Code::password_weak);
    CHECK_EQ(
        stage.run(stage.service->doors.change_password(asked, {"other words now", "other words now"}, {})).error().code,
        Code::password_weak);
    CHECK_EQ(
        stage.run(stage.service->doors.change_password(asked, {"wrong words", "new other words"}, {})).error().code,
        Code::credentials_wrong);
}

TEST_CASE("a hash is made anew when the cost rises") {
    Stage stage;
    stage.admin();
    stage.settings.argon2_passes = 2;
    stage.reopen();
    const auto before = stage.hashes.load();
    REQUIRE(stage.log_in("admin", Stage::kPassword));
    CHECK_EQ(stage.hashes - before, 2);
    REQUIRE(stage.log_in("admin", Stage::kPassword));
    CHECK_EQ(stage.hashes - before, 3);
}

TEST_CASE("the queue of passwords is bounded, and nobody's work is left out") {
    Stage stage;
    std::vector<std::shared_ptr<std::optional<Result<api::Login>>>> results;
    bool gone = false;
    for (int i = 0; i < 100; ++i) {
        api::LoginRequest request{"admin", "wrong", {}};
        results.push_back(
            stage.begin(stage.service->doors.login(Stage::root(), std::move(request), [&] { return gone; })));
    }
    stage.turn([&] { return stage.hashes > 0; });
    gone = true;
    stage.turn([&] { return std::ranges::all_of(results, [](auto& one) { return one->has_value(); }); });
    const auto count = [&](Code code) {
        return std::ranges::count_if(results, [&](auto& one) { return (*one)->error().code == code; });
    };
    CHECK_GE(count(Code::busy), 35);
    CHECK_LT(stage.hashes, 20); // what nobody waited for was not hashed
    CHECK_EQ(count(Code::busy) + count(Code::credentials_wrong), 100);
}

TEST_CASE("failures are in the log, at most one a second of a peer, with a count, and never a password") {
    Stage stage;
    stage.admin();
    for (int i = 0; i < 6; ++i) CHECK_FALSE(stage.log_in(i == 5 ? "Hunter2 typed as a name" : "alice", "hunter22"));
    stage.turn([&] { return stage.events("login").size() >= 3; }); // admin's own, the first failure, the rest
    std::uint64_t told = 0;
    for (const auto& row : stage.events("login")) {
        CHECK_EQ(row.json.find("unter2"), std::string::npos);
        if (row.json.find("\"count\":5") != std::string::npos) told += 5;
    }
    CHECK_EQ(told, 5);
}
