#include "vault/access.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::vault;
using identity::Kind;
using identity::Principal;

namespace {

Principal user(const std::string& name, std::int64_t account, std::uint32_t roles = identity::kAgent) {
    Principal who;
    who.kind = Kind::user;
    who.name = "user:" + name;
    who.account = account;
    identity::grant(who, roles);
    return who;
}

Meta secret() {
    Meta meta;
    meta.secret.name = "KEY";
    meta.secret.owner = "user:alice";
    meta.account = 7;
    return meta;
}

} // namespace

TEST_CASE("its owner alone, unless it names others") {
    auto meta = secret();
    CHECK(may_use(user("alice", 7), meta));
    CHECK_FALSE(may_use(user("alice", 8), meta)); // a later account of that name
    CHECK_FALSE(may_use(user("bob", 9, identity::kAdmin), meta));
    meta.secret.access.principals = {{"user:bob", "unix:1000"}};
    CHECK(may_use(user("bob", 9), meta));
    CHECK_FALSE(may_use(user("alice", 8), meta));
    Principal unix_user;
    unix_user.kind = Kind::unix_uid;
    unix_user.name = "unix:1000";
    CHECK(may_use(unix_user, meta));
    unix_user.name = "unix:1001";
    CHECK_FALSE(may_use(unix_user, meta));
    meta.secret.access.roles = {{"auditor"}};
    CHECK(may_use(user("eve", 10, identity::kAuditor), meta));
    CHECK_FALSE(may_use(user("eve", 10, identity::kAgent), meta));
}

TEST_CASE("no run, and nobody without a name") {
    auto meta = secret();
    meta.secret.access.roles = {{"agent"}};
    auto run = user("alice", 7);
    run.kind = Kind::run;
    CHECK_FALSE(may_use(run, meta));
    CHECK_FALSE(is_owner(run, meta));
    Principal nobody;
    identity::grant(nobody, identity::kAgent);
    CHECK_FALSE(may_use(nobody, meta));
}

TEST_CASE("expiry and profiles hold for the owner, too") {
    auto meta = secret();
    const std::string now = "2026-11-26T12:00:00.000000Z";
    CHECK(check_standing(meta, "any", now));
    meta.secret.expires = "2026-11-26T12:00:00.000001Z";
    CHECK(check_standing(meta, "any", now));
    meta.secret.expires = now;
    CHECK_EQ(check_standing(meta, "any", now).error().code, Code::secret_denied);
    meta.secret.expires.reset();
    meta.secret.access.profiles = {{"deploy"}};
    CHECK(check_standing(meta, "deploy", now));
    CHECK_FALSE(check_standing(meta, "build", now));
    CHECK_FALSE(check_standing(meta, "", now));
    meta.secret.access.profiles.emplace();
    CHECK_FALSE(check_standing(meta, "deploy", now));
}
