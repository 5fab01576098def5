// What an admin does to accounts.
#include "stage.hpp"

using namespace owhale;
using namespace owhale::identity;
using owhale::identity::test::Stage;

namespace {

Asker root(Stage& stage, const char* verb = "users.create") {
    return Stage::asker(stage.service->of_peer(Stage::root()), verb);
}

Result<api::UserMade> create(Stage& stage, const std::string& name, std::optional<std::string> password = {},
                             std::vector<std::string> roles = {"agent"}) {
    auto asked = root(stage);
    api::UserRequest request{name, std::move(roles), std::move(password)};
    return stage.run(stage.service->accounts.create(std::move(asked), std::move(request)));
}

} // namespace

TEST_CASE("an account without a password gets one for once, which must be changed") {
    Stage stage;
    const auto made = create(stage, "alice");
    REQUIRE(made);
    REQUIRE(made->one_time_password);
    CHECK(made->user.must_change_password);
    const auto login = stage.log_in("alice", *made->one_time_password);
    REQUIRE(login);
    CHECK(login->must_change_password);
    CHECK(stage.who(login->access_token)->must_change);
    const auto given = create(stage, "bob", "given words here");
    REQUIRE(given);
    CHECK_FALSE(given->one_time_password);
    CHECK_FALSE(stage.log_in("bob", "given words here")->must_change_password);
}

TEST_CASE("names are one each; a removed one is free again only if it was never used") {
    Stage stage;
    REQUIRE(create(stage, "alice", "given words here"));
    CHECK_EQ(create(stage, "alice").error().code, Code::conflict);
    for (const auto* name : {"Alice", "ALICE", "", "al ice",
                             "al\xd1\x96"
                             "ce"})
        CHECK_EQ(create(stage, name).error().code, Code::invalid_value);
    CHECK_EQ(create(stage, "weak", "password123").error().code, Code::password_weak);
    CHECK_EQ(create(stage, "none", {}, {}).error().code, Code::invalid_value);
    const auto remove = [&](const char* name) {
        return stage.run(stage.service->accounts.remove(root(stage, "users.remove"), name));
    };
    REQUIRE(remove("alice"));
    CHECK_EQ(remove("alice").error().code, Code::not_found);
    REQUIRE(create(stage, "alice", "given words here"));
    const auto number = stage.who(stage.log_in("alice", "given words here")->access_token)->account;
    REQUIRE(remove("alice"));
    CHECK_EQ(create(stage, "alice").error().code, Code::conflict);
    REQUIRE(create(stage, "other", "given words here"));
    CHECK_GT(stage.who(stage.log_in("other", "given words here")->access_token)->account, number);
    stage.reopen();
    CHECK_EQ(create(stage, "alice").error().code, Code::conflict);
}

TEST_CASE("the last admin who can log in cannot be removed, disabled or demoted, not even two at once") {
    Stage stage;
    stage.admin();
    auto& accounts = stage.service->accounts;
    CHECK_EQ(stage.run(accounts.remove(root(stage), "admin")).error().code, Code::last_admin);
    CHECK_EQ(stage.run(accounts.disable(root(stage), "admin")).error().code, Code::last_admin);
    CHECK_EQ(stage.run(accounts.set_roles(root(stage), "admin", {{"agent"}})).error().code, Code::last_admin);
    REQUIRE(create(stage, "second", {}, {"admin", "auditor"}));
    const auto first = stage.begin(accounts.disable(root(stage), "admin"));
    const auto second = stage.begin(accounts.set_roles(root(stage), "second", {{"auditor"}}));
    stage.turn([&] { return first->has_value() && second->has_value(); });
    CHECK_EQ((*first)->has_value() + (*second)->has_value(), 1);
    CHECK_EQ((*second)->error().code, Code::last_admin);
    CHECK_EQ(stage.run(accounts.remove(root(stage), "second")).error().code, Code::last_admin);
    REQUIRE(stage.run(accounts.enable(root(stage), "admin")));
    REQUIRE(stage.run(accounts.remove(root(stage), "second")));
}

TEST_CASE("removal ends sessions and runs; reset ends sessions and asks for a new password") {
    Stage stage;
    stage.admin();
    stage.account("alice", {"agent"});
    const auto token = stage.log_in("alice", Stage::kPassword)->access_token;
    const auto reset = stage.run(stage.service->accounts.reset(root(stage, "users.reset"), "alice"));
    REQUIRE(reset);
    CHECK_EQ(stage.who(token).error().code, Code::token_revoked);
    CHECK_EQ(stage.log_in("alice", Stage::kPassword).error().code, Code::credentials_wrong);
    const auto login = stage.log_in("alice", reset->one_time_password);
    REQUIRE(login);
    CHECK(login->must_change_password);
    CHECK(stage.ended.empty());
    REQUIRE(stage.run(stage.service->accounts.remove(root(stage, "users.remove"), "alice")));
    CHECK_EQ(stage.who(login->access_token).error().code, Code::token_revoked);
    CHECK_EQ(stage.ended, std::vector<std::string>{"user:alice"});
    for (const auto* event : {"user.create", "user.reset", "user.remove"}) CHECK_EQ(stage.events(event).size(), 1);
}

TEST_CASE("a disabled account is told so to who has its password, and to nobody else") {
    Stage stage;
    stage.admin();
    stage.account("alice", {"agent"});
    REQUIRE(stage.run(stage.service->accounts.disable(root(stage), "alice")));
    CHECK_EQ(stage.log_in("alice", Stage::kPassword).error().code, Code::forbidden);
    CHECK_EQ(stage.log_in("alice", "wrong words").error().code, Code::credentials_wrong);
    CHECK(stage.service->accounts.show("alice")->disabled);
}
