#include "desk_side.hpp"

#include "approvals/grants.hpp"

using namespace owhale;
using namespace owhale::approvals;

namespace {

using Words = std::vector<std::string>;
constexpr std::int64_t kNow = 1'800'000'000'000'000, kSecond = 1'000'000;

api::Frozen plan(Words argv) {
    api::Frozen frozen;
    frozen.verb = "runs.create";
    frozen.principal = "unix:1000";
    frozen.uid = 1000;
    frozen.argv = std::move(argv);
    frozen.cwd = frozen.workspace = "/home/u/p";
    frozen.workspace_writable = true;
    frozen.environment = {{"PATH", "p1"}, {"HOME", "h1"}, {"TERM", "t1"}};
    frozen.profile = "default";
    frozen.profile_digest = "d1";
    frozen.net = "none";
    frozen.files = {{"/usr/bin/rm", std::string(64, 'a'), "program", true}};
    frozen.policy = "v1";
    return frozen;
}

api::Verdict asked() {
    api::Verdict verdict;
    verdict.decision = "ask";
    verdict.rule = "destroy.rm";
    verdict.severity = "high";
    verdict.policy = "v1";
    return verdict;
}

sandbox::Plea plea_of(api::Frozen frozen) {
    sandbox::Plea plea;
    plea.run = "run-1";
    plea.principal = frozen.principal;
    plea.verdict = asked();
    plea.frozen = std::move(frozen);
    plea.plain = [](std::vector<std::string>) -> boost::asio::awaitable<Result<bool>> { co_return true; };
    return plea;
}

api::Approval approval_of(const api::Frozen& frozen) {
    api::Approval approval;
    approval.id = "approval-1";
    approval.run = "run-0";
    approval.principal = frozen.principal;
    approval.command = *frozen.argv;
    approval.frozen = frozen;
    approval.verdict = asked();
    return approval;
}

identity::Principal person(const std::string& name, bool any) {
    identity::Principal who;
    who.name = name;
    who.own = static_cast<std::uint32_t>(identity::Permission::grants);
    if (any) who.any = who.own;
    return who;
}

struct Side : approvals::test::DeskSide {
    Side() : grants({io.get_executor(), settings, *log, *database}) { freeze_wall_clock(kNow); }
    std::string make(const api::Frozen& frozen, const api::GrantRequest& wanted) {
        const auto made = run(grants.make(approval_of(frozen), wanted, "user:alice"));
        REQUIRE(made.has_value());
        return *made;
    }
    bool covers(api::Frozen frozen) { return take(plea_of(std::move(frozen))); }
    bool take(const sandbox::Plea& plea) {
        const auto taken = run(grants.take(plea));
        REQUIRE(taken.has_value());
        return taken->has_value();
    }
    std::string state(const std::string& id) { return grants.show(person("user:root", true), id)->state; }
    Grants grants;
};

api::GrantRequest times(std::uint32_t count) {
    api::GrantRequest wanted;
    wanted.times = count;
    return wanted;
}

api::GrantRequest like(Words words) {
    api::GrantRequest wanted;
    wanted.like = std::move(words);
    return wanted;
}

} // namespace

TEST_CASE("a count is used up, and each use is in the log") {
    Side side;
    const auto frozen = plan({"rm", "-r", "build"});
    CHECK_FALSE(side.covers(frozen));
    const auto id = side.make(frozen, times(2));
    CHECK(side.covers(frozen));
    CHECK(side.state(id) == "active");
    CHECK(side.covers(frozen));
    CHECK(side.state(id) == "used");
    CHECK_FALSE(side.covers(frozen));
    CHECK(side.events("grant.created").size() == 1);
    CHECK(side.events("grant.used").size() == 2);
    CHECK(side.events("grant.ended").size() == 1);
}

TEST_CASE("two runs that start at once share what is left") {
    Side side;
    const auto frozen = plan({"rm", "-r", "build"});
    side.make(frozen, times(3));
    const auto plea = plea_of(frozen);
    int taken = 0, done = 0;
    for (int i = 0; i < 10; ++i)
        boost::asio::co_spawn(side.io, side.grants.take(plea),
                              [&](std::exception_ptr, Result<std::optional<sandbox::Agreement>> one) {
                                  ++done;
                                  if (one && *one) ++taken;
                              });
    side.turn([&] { return done == 10; });
    CHECK(taken == 3);
    CHECK(side.events("grant.used").size() == 3);
}

TEST_CASE("time ends it, and a clock that is set back revives nothing") {
    Side side;
    const auto frozen = plan({"rm", "-r", "build"});
    api::GrantRequest hour;
    hour.for_ms = 3'600'000;
    const auto id = side.make(frozen, hour);
    freeze_wall_clock(kNow + 3599 * kSecond);
    CHECK(side.covers(frozen));
    freeze_wall_clock(kNow + 3600 * kSecond);
    CHECK_FALSE(side.covers(frozen));
    freeze_wall_clock(kNow);
    CHECK_FALSE(side.covers(frozen));
    freeze_wall_clock(kNow + 3601 * kSecond);
    side.run(side.grants.sweep());
    CHECK(side.state(id) == "expired");
    freeze_wall_clock(kNow);
    CHECK_FALSE(side.covers(frozen));
}

TEST_CASE("it is for its principal, place and plan alone") {
    Side side;
    const auto frozen = plan({"rm", "-r", "build"});
    side.make(frozen, times(100));
    const auto with = [&](auto change) {
        auto other = frozen;
        change(other);
        return side.covers(other);
    };
    CHECK_FALSE(with([](auto& f) { f.principal = "unix:1001"; }));
    CHECK_FALSE(with([](auto& f) { f.uid = 1001; }));
    CHECK_FALSE(with([](auto& f) { f.workspace = "/home/u/q"; }));
    CHECK_FALSE(with([](auto& f) { f.cwd = "/home/u/p/sub"; }));
    CHECK_FALSE(with([](auto& f) { f.profile = "build"; }));
    CHECK_FALSE(with([](auto& f) { f.net = "host"; }));
    CHECK_FALSE(with([](auto& f) { f.verb = "runs.exec"; }));
    CHECK_FALSE(with([](auto& f) { f.joined = "run-9"; }));
    CHECK_FALSE(with([](auto& f) { f.stdin_digest = "s"; }));
    CHECK_FALSE(with([](auto& f) { f.argv = Words{"rm", "-r", "src"}; }));
    CHECK_FALSE(with([](auto& f) { f.argv = Words{"rm", "-r", "build", "-f"}; }));
    CHECK_FALSE(with([](auto& f) { f.environment["PATH"] = "p2"; }));
    CHECK_FALSE(with([](auto& f) { f.environment["LD_PRELOAD"] = "x"; }));
    CHECK_FALSE(with([](auto& f) { f.environment.erase("HOME"); }));
    CHECK_FALSE(with([](auto& f) { f.files.front().path = "/home/u/bin/rm"; }));
    CHECK(with([](auto& f) { f.environment["TERM"] = "t2"; }));
    CHECK(with([](auto& f) { f.environment["LC_ALL"] = "C"; }));
    CHECK(with([](auto& f) { f.workspace_writable = false; }));
    CHECK(with([](auto& f) { f.policy = "v2"; })); // the same rule asks, as loudly
}

TEST_CASE("what it binds has changed: it ends, with the reason") {
    struct Row {
        const char* why;
        void (*change)(sandbox::Plea&);
    };
    for (const auto& [why, change] :
         {Row{"/usr/bin/rm changed", [](auto& p) { p.frozen.files.front().digest = std::string(64, 'b'); }},
          Row{"/usr/bin/rm can be written by others than root now",
              [](auto& p) { p.frozen.files.front().held = false; }},
          Row{"the profile default changed", [](auto& p) { p.frozen.profile_digest = "d2"; }},
          Row{"the policy changed: other.rule asks about it now, as high",
              [](auto& p) { p.frozen.policy = "v2", p.verdict.rule = "other.rule"; }}}) {
        Side side;
        const auto frozen = plan({"rm", "-r", "build"});
        const auto id = side.make(frozen, times(5));
        auto plea = plea_of(frozen);
        change(plea);
        CHECK_FALSE(side.take(plea));
        const auto grant = side.grants.show(person("user:root", true), id);
        CHECK(grant->state == "void");
        CHECK(grant->ended_because == why);
        CHECK_FALSE(side.covers(frozen)); // for good
        CHECK(side.events("grant.ended").size() == 1);
    }
}

TEST_CASE("a grant never outranks a deny, nor what is critical") {
    Side side;
    const auto frozen = plan({"rm", "-r", "build"});
    side.make(frozen, times(5));
    auto plea = plea_of(frozen);
    plea.verdict.decision = "deny";
    CHECK_FALSE(side.take(plea));
    plea.verdict.decision = "ask";
    plea.verdict.severity = "critical";
    CHECK_FALSE(side.take(plea));
    plea.verdict = asked();
    plea.verdict.opaque = std::vector<api::Opaque>{{0, 1, "unknown"}};
    CHECK_FALSE(side.take(plea));
    plea.verdict = asked();
    CHECK(side.take(plea));
}

TEST_CASE("templates cover what fits, and what does the same") {
    Side side;
    side.make(plan({"rm", "-r", "build"}), like({"rm", "-r", "<path>"}));
    CHECK(side.covers(plan({"rm", "-r", "out/x"})));
    CHECK_FALSE(side.covers(plan({"rm", "-r", "/etc"})));
    CHECK_FALSE(side.covers(plan({"rm", "-r", "../q"})));
    CHECK_FALSE(side.covers(plan({"rm", "-r", "-f"})));
    CHECK_FALSE(side.covers(plan({"rm", "-r", "a", "b"})));
    auto plea = plea_of(plan({"rm", "-r", "link/x"}));
    plea.plain = [](std::vector<std::string> paths) -> boost::asio::awaitable<Result<bool>> {
        co_return paths != Words{"/home/u/p/link/x"};
    };
    CHECK_FALSE(side.take(plea));
    plea.plain = nullptr;
    CHECK_FALSE(side.take(plea));
    freeze_wall_clock(kNow + 8 * 3600 * kSecond);
    CHECK_FALSE(side.covers(plan({"rm", "-r", "out/x"})));
}

TEST_CASE("a place for a sub-command is another command each time") {
    Side side;
    side.make(plan({"git", "status", "x"}), like({"git", "<word>", "x"}));
    CHECK_FALSE(side.covers(plan({"git", "tag", "x"})));
    CHECK(side.covers(plan({"git", "status", "x"})));
}

TEST_CASE("what is no grant is refused before anything is stored") {
    Side side;
    const auto refused = [&](const api::Frozen& frozen, const api::GrantRequest& wanted) {
        const auto good = side.grants.check(approval_of(frozen), wanted);
        return good ? std::string() : std::string(describe(good.error().code).name);
    };
    const auto rm = plan({"rm", "-r", "build"});
    CHECK(refused(rm, {}) == "invalid_value");
    CHECK(refused(rm, times(0)) == "invalid_value");
    CHECK(refused(rm, times(1001)) == "invalid_value");
    api::GrantRequest forever;
    forever.for_ms = 31ull * 86'400'000;
    CHECK(refused(rm, forever) == "invalid_value");
    CHECK(refused(rm, like({"rm", "-r", "src"})) == "invalid_value");
    CHECK(refused(rm, like({"rm", "<word>", "build"})) == "invalid_value");
    CHECK(refused(rm, like({"rm", "*", "*"})) == "invalid_value");
    CHECK(refused(plan({"bash", "-c", "rm x"}), times(2)) == "forbidden");
    CHECK(refused(plan({"sudo", "rm", "x"}), times(2)) == "forbidden");
    CHECK(refused(plan({"make"}), times(2)) == "forbidden");
    auto trusting = times(2);
    trusting.trust_workspace = true;
    CHECK(refused(plan({"make"}), trusting).empty());
    CHECK(refused(plan({"bash", "-c", "rm x"}), trusting) == "forbidden");
    CHECK(side.events("grant.created").empty());
}

TEST_CASE("trust in the workspace is written into the grant, and only that grant covers make") {
    Side side;
    auto trusting = times(2);
    trusting.trust_workspace = true;
    const auto id = side.make(plan({"make"}), trusting);
    CHECK(side.grants.show(person("user:root", true), id)->trust_workspace);
    CHECK(side.covers(plan({"make"})));
}

TEST_CASE("people see their own, revoke at once, and a restart keeps what is left") {
    Side side;
    const auto frozen = plan({"rm", "-r", "build"});
    const auto id = side.make(frozen, times(3));
    CHECK(side.covers(frozen));
    const auto owner = person("unix:1000", false), stranger = person("unix:1001", false);
    CHECK(side.grants.list(owner, {})->grants.size() == 1);
    CHECK(side.grants.list(stranger, {})->grants.empty());
    CHECK(side.grants.show(stranger, id).error().code == Code::not_found);
    CHECK(side.run(side.grants.revoke(stranger, id, nullptr)).error().code == Code::not_found);
    Grants again({side.io.get_executor(), side.settings, *side.log, *side.database});
    CHECK(again.show(owner, id)->used == 1);
    CHECK(side.run(again.revoke(owner, id, nullptr)).has_value());
    CHECK(side.run(again.revoke(owner, id, nullptr)).error().code == Code::conflict);
    CHECK_FALSE(side.covers(frozen));
    CHECK(again.list(owner, {})->grants.empty());
    Grants::Wanted all;
    all.all = true;
    CHECK(again.list(owner, all)->grants.size() == 1);
    freeze_wall_clock(kNow + 8ll * 86'400 * kSecond);
    side.run(again.sweep());
    CHECK(again.list(owner, all)->grants.empty());
}

TEST_CASE("attack: a grant of a scoped plan used with more of the network than it had") {
    Side side;
    auto frozen = plan({"curl", "https://a.test/"});
    frozen.net = "scoped";
    frozen.scope.emplace();
    frozen.scope->hosts = {{"book.test", {}, {}, {}, "hosts"}, {"a.test", {{443}}, {}, {}, "command"}};
    api::GrantRequest wanted;
    wanted.times = 20;
    side.make(frozen, wanted);
    CHECK(side.covers(frozen));
    auto other_book = frozen;
    other_book.scope->hosts.erase(other_book.scope->hosts.begin());
    CHECK(side.covers(other_book)); // a standing line is somebody's own word
    const std::vector<std::function<void(api::NetScope&)>> wider = {
        [](auto& scope) { scope.hosts.push_back({"evil.test", {}, {}, {}, "request"}); },
        [](auto& scope) { scope.hosts.push_back({"a.test", {{22}}, {}, {}, "command"}); },
        [](auto& scope) { scope.host_ports = {5432}; },
        [](auto& scope) { scope.ports = {{"0.0.0.0", 80, 80}}; },
        [](auto& scope) { scope.secrets = {{"KEY", "env", {}}}; },
        [](auto& scope) { scope.brokers = {"ssh-agent"}; },
    };
    for (std::size_t i = 0; i < wider.size(); ++i) {
        auto more = frozen;
        wider[i](*more.scope);
        CHECK_MESSAGE(!side.covers(more), i);
    }
}
