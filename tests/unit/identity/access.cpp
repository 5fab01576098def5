#include "identity/access.hpp"

#include "checks.hpp"
#include "folder.hpp"
#include "identity/principal.hpp"
#include "store/migrations.hpp"

using namespace owhale;
using namespace owhale::identity;

namespace {

struct Table {
    test::Folder folder;
    store::Database database = std::move(*store::Database::open(folder / "state.db", store::Durability::process));
    Table() { REQUIRE(store::migrate(database, "state")); }
    Access open(const std::string& text = "", Access::Standing standing = {}) {
        return *Access::open(database, *read_unix_roles(text), standing);
    }
};

std::uint32_t roles(const Access& access, uid_t uid, const std::vector<std::uint32_t>& groups = {}) {
    const auto* row = access.find(uid, 50'000, groups);
    return row == nullptr ? 0 : row->roles;
}

std::string refusal(std::string_view text) {
    const auto read = read_unix_roles(text);
    REQUIRE_FALSE(read);
    CHECK_EQ(read.error().code, Code::config_invalid);
    return read.error().message;
}

constexpr Access::Standing kStrict{false, true, 4321};
constexpr Subject uid(std::uint32_t id) {
    return {Subject::Kind::uid, id};
}
constexpr Subject gid(std::uint32_t id) {
    return {Subject::Kind::gid, id};
}

} // namespace

TEST_CASE("the mode's default: everybody an agent, or nobody but root") {
    Table table;
    CHECK_EQ(roles(table.open(), 1000), kAgent);
    CHECK_EQ(roles(table.open(), 0), kAdmin);
    CHECK_EQ(roles(table.open("", kStrict), 1000), 0u);
    CHECK_EQ(roles(table.open("", kStrict), 0), kAdmin);
    const Access::Standing rootless{true, true, 1000};
    CHECK_EQ(roles(table.open("", rootless), 1000), static_cast<std::uint32_t>(kAgent | kAuditor));
    CHECK_EQ(roles(table.open("", rootless), 0), 0u);
}

TEST_CASE("uid before group before everybody, owhaled.conf before setup") {
    Table table;
    auto access = table.open("1000=agent,auditor @27=admin *=auditor");
    CHECK_EQ(roles(access, 1000, {27}), static_cast<std::uint32_t>(kAgent | kAuditor));
    CHECK_EQ(roles(access, 1001, {5, 27}), kAdmin);
    CHECK_EQ(roles(access, 1003), kAuditor);
    REQUIRE(access.grant(uid(1002), 0, "user:a", 1)); // a row that grants nothing shuts out
    CHECK_EQ(roles(access, 1002, {27}), 0u);
    REQUIRE(access.grant(uid(1000), kAdmin, "user:a", 1));
    REQUIRE(access.grant(uid(1003), kApprover, "user:a", 2));
    CHECK_EQ(roles(access, 1000), static_cast<std::uint32_t>(kAgent | kAuditor));
    CHECK_EQ(roles(access, 1003), kApprover);
    CHECK_EQ(access.all().front().subject, uid(0));
    CHECK_EQ(access.all().back().source, "mode");
}

TEST_CASE("what setup gave is there after a restart, until it is taken back") {
    Table table;
    {
        auto access = table.open("", kStrict);
        REQUIRE(access.grant(gid(27), kAgent, "unix:0", 5));
        REQUIRE(access.grant(gid(27), kAgent | kAuditor, "unix:0", 6));
    }
    auto access = table.open("", kStrict);
    CHECK_EQ(roles(access, 1000, {27}), static_cast<std::uint32_t>(kAgent | kAuditor));
    CHECK_EQ(access.all().back().by, "unix:0");
    REQUIRE(access.has(gid(27)));
    CHECK_EQ(access.has(uid(27)).error().code, Code::not_found);
    REQUIRE(access.remove(gid(27)));
    CHECK_EQ(roles(access, 1000, {27}), 0u);
    CHECK(access.is_own(uid(0)));
    CHECK_FALSE(access.is_own(uid(1)));
}

TEST_CASE("subjects have one text each") {
    CHECK_EQ(*parse_subject("uid:0"), uid(0));
    CHECK_EQ(*parse_subject("gid:27"), gid(27));
    CHECK_EQ(*parse_subject("*"), Subject{});
    for (const auto* text : {"", "uid:", "uid:-1", "uid:01", "uid:1 ", "UID:1", "uid:4294967295", "uid:99999999999",
                             "root", "gid:0x1", "**"})
        CHECK_EQ(parse_subject(text).error().code, Code::invalid_value);
}

TEST_CASE("names are looked up, and a wrong word is named") {
    const auto rows = *read_unix_roles("root=admin  @root=agent,auditor\t*=agent");
    REQUIRE_EQ(rows.size(), 3);
    CHECK_EQ(rows[0].subject, uid(0));
    CHECK_EQ(rows[1].subject, gid(0));
    CHECK_EQ(rows[1].roles, static_cast<std::uint32_t>(kAgent | kAuditor));
    CHECK(read_unix_roles("")->empty());
    CHECK_NE(refusal("nosuchuser=agent").find("there is no user nosuchuser"), std::string::npos);
    CHECK_NE(refusal("@nosuchgroup=agent").find("there is no group nosuchgroup"), std::string::npos);
    CHECK_NE(refusal("1000=agnet").find("\"1000=agnet\""), std::string::npos);
    CHECK_NE(refusal("1000").find("not SUBJECT=ROLES"), std::string::npos);
    CHECK_NE(refusal("=agent").find("not SUBJECT=ROLES"), std::string::npos);
    CHECK_NE(refusal("1000=agent uid:1=agent").find("uid:1"), std::string::npos);
    CHECK_NE(refusal("0=agent root=admin").find("stands twice"), std::string::npos);
    CHECK_NE(refusal("99999999999=agent").find("is no id"), std::string::npos);
}
