#include "spawner/narrow.hpp"

#include <array>

#include "base/clock.hpp"
#include "checks.hpp"

using namespace owhale;
using namespace owhale::spawner;
using wire::MountKind;

namespace {

const Filter kStrict{"strict", {}, {}}, kDefault{"default", {}, {}}, kBuild{"build", {}, {}};
const std::vector<std::string> kSystem = {"/usr", "/etc"};

MountOp shown(const std::string& host, bool writable, const std::string& target = "") {
    MountOp op;
    op.kind = MountKind::resolved;
    op.flags = writable ? wire::kMountWritable : 0u;
    op.host = host;
    op.target = target.empty() ? host : target;
    op.landlock_write = writable;
    return op;
}

MountOp other(MountKind kind, unsigned flags, const std::string& target, const std::string& source = "") {
    MountOp op;
    op.kind = kind;
    op.flags = flags;
    op.source = source;
    op.target = target;
    return op;
}

MountOp pin(const std::string& target, bool writable = false) {
    return other(MountKind::mask, wire::kMountPin | (writable ? wire::kMountWritable : 0u), target);
}

struct Case {
    Case() {
        parent.plan = std::make_unique<JailPlan>();
        parent.plan->uid = parent.plan->gid = 1000;
        parent.plan->filter = &kDefault;
        parent.limits = {1000, 10, 2000, 2000, 0};
        parent.plan->mounts.push_back(shown("/p", true));
        admitted.plan = std::make_unique<JailPlan>();
        admitted.plan->uid = admitted.plan->gid = 1000;
        admitted.plan->filter = &kDefault;
        admitted.limits = {1000, 10, 0, 0, 0};
    }
    JailPlan& plan() { return *admitted.plan; }
    JailPlan& its() { return *parent.plan; }
    Status hold() { return hold_to_parent(admitted, message, parent, kSystem); }
    bool holds(MountOp op) {
        plan().mounts.clear();
        plan().mounts.push_back(std::move(op));
        return hold().has_value();
    }
    // What was added for a mount that holds: "T" a target held in place, "T!" one that is read-only, "T?" an empty one.
    std::string added(MountOp op) {
        if (!holds(std::move(op))) return "refused";
        std::string text;
        for (std::size_t i = 1; i < plan().mounts.size(); ++i) {
            const auto& copy = plan().mounts[i];
            CHECK((copy.flags & wire::kMountOptional) != 0);
            text += copy.target;
            text += (copy.flags & wire::kMountPin) == 0 ? "? " : (copy.flags & wire::kMountWritable) == 0 ? "! " : " ";
        }
        return text;
    }

    Run parent;
    Admitted admitted;
    wire::Run message{};
};

} // namespace

TEST_CASE("the parent's filter is the widest") {
    const std::array filters = {&kStrict, &kDefault, &kBuild};
    for (std::size_t its = 0; its < filters.size(); ++its)
        for (std::size_t own = 0; own < filters.size(); ++own) {
            CAPTURE(its);
            CAPTURE(own);
            Case c;
            c.its().filter = filters[its];
            c.plan().filter = filters[own];
            CHECK_EQ(c.hold().has_value(), own <= its);
        }
}

TEST_CASE("ids, network, listener and box are the parent's or none") {
    const auto refused = [](void (*spoil)(Case&)) {
        Case c;
        spoil(c);
        return !c.hold();
    };
    CHECK_FALSE(refused([](Case&) {}));
    CHECK(refused([](Case& c) { c.plan().uid = 1001; }));
    CHECK(refused([](Case& c) { c.plan().gid = 1001; }));
    CHECK(refused([](Case& c) { c.plan().groups = {5}; }));
    CHECK(refused([](Case& c) { c.its().groups = {5}; }));
    CHECK(refused([](Case& c) { c.plan().net_host = true; }));
    CHECK_FALSE(refused([](Case& c) { c.plan().net_host = c.its().net_host = true; }));
    CHECK(refused([](Case& c) { c.plan().daemon = c.its().daemon = true; }));
    CHECK(refused([](Case& c) { c.message.flags = wire::kRunKeepBox; }));
}

TEST_CASE("limits are no higher, and the parent's where none is said") {
    Case c;
    CHECK(c.hold());
    CHECK_EQ(c.admitted.limits.cpu_milli, 2000);
    for (const auto field : {&wire::Run::memory, &wire::Run::pids, &wire::Run::cpu_milli, &wire::Run::io}) {
        Case over;
        over.message.*field = 2001;
        CHECK_EQ(over.hold().error().code, Code::limit_over_ceiling);
    }
    Case timed;
    timed.parent.wall_deadline_ns = monotonic_ns() + 5'000'000'000;
    timed.admitted.limits.wall_ms = 60'000;
    CHECK(timed.hold());
    CHECK_LE(timed.admitted.limits.wall_ms, 5'000);
    CHECK_GT(timed.admitted.limits.wall_ms, 1'000);
    Case late;
    late.parent.wall_deadline_ns = 1;
    CHECK(late.hold());
    CHECK_EQ(late.admitted.limits.wall_ms, 1);
    Case bound;
    bound.its().cpus = {0, 1};
    bound.plan().cpus = {2, 3, 4};
    bound.its().rlimits.emplace_back(RLIMIT_FSIZE, rlimit{7, 7});
    CHECK(bound.hold());
    CHECK_EQ(bound.plan().cpus, std::vector<int>{0, 1});
    CHECK_EQ(bound.plan().rlimits.back().second.rlim_max, 7); // each is only taken down by the one before it
}

TEST_CASE("a folder of the host's is shown as the parent has it, or less") {
    Case c;
    c.its().mounts.push_back(shown("/readable", false));
    CHECK(c.holds(shown("/p", true)));
    CHECK(c.holds(shown("/p/a/b", true)));
    CHECK(c.holds(shown("/p", false)));
    CHECK(c.holds(shown("/p/a", true, "/elsewhere")));
    CHECK(c.holds(shown("/readable/x", false)));
    CHECK_FALSE(c.holds(shown("/readable", true)));
    CHECK_FALSE(c.holds(shown("/", false)));
    CHECK_FALSE(c.holds(shown("/pa", false)));
    CHECK_FALSE(c.holds(shown("/home/me/.ssh", false)));
}

TEST_CASE("what may be left out is left out where the parent does not see it") {
    Case c;
    auto toolchain = shown("/home/me/.cargo/bin", false);
    toolchain.flags |= wire::kMountOptional;
    CHECK(c.holds(std::move(toolchain)));
    CHECK(c.plan().mounts.empty());
    auto writable = shown("/home/me/x", true);
    writable.flags |= wire::kMountOptional;
    CHECK_FALSE(c.holds(std::move(writable)));
}

TEST_CASE("the parent's read-only and hidden places come along, wherever the folder is shown") {
    Case c;
    c.its().mounts.push_back(pin("/p/.git", true));
    c.its().mounts.push_back(pin("/p/.git/hooks"));
    c.its().mounts.push_back(other(MountKind::mask, 0, "/p/hidden"));
    c.its().mounts.push_back(pin("/q/beside"));
    CHECK_EQ(c.added(shown("/p", true)), "/p/.git /p/.git/hooks! /p/hidden? ");
    CHECK_EQ(c.added(shown("/p", true, "/mnt")), "/mnt/.git /mnt/.git/hooks! /mnt/hidden? ");
    CHECK_EQ(c.added(shown("/p/.git", true)), "/p/.git/hooks! ");
    CHECK_EQ(c.added(shown("/p/src", true)), "");
    CHECK_EQ(c.added(shown("/p/.git/hooks", true)), "refused");
    CHECK_EQ(c.added(shown("/p/.git/hooks/deep", true)), "refused");
    CHECK_EQ(c.added(shown("/p/.git/hooks", false)), "/p/.git/hooks! ");
    CHECK_EQ(c.added(shown("/p/hidden", false)), "refused");
    CHECK_EQ(c.added(shown("/p/hidden/deep", false)), "refused");
}

TEST_CASE("a read-only folder within a writable one stays so") {
    Case c;
    c.its().mounts.push_back(shown("/other", false, "/p/vendor"));
    CHECK_EQ(c.added(shown("/p", true)), "/p/vendor! ");
    CHECK_EQ(c.added(shown("/p/vendor", true)), "refused");
}

TEST_CASE("system folders are the usual ones, or the parent's") {
    Case c;
    c.its().mounts.push_back(other(MountKind::system, 0, "/srv/tools", "/srv/tools"));
    CHECK(c.holds(other(MountKind::system, 0, "/mnt", "/usr/share")));
    CHECK(c.holds(other(MountKind::system, 0, "/mnt", "/srv/tools/x")));
    CHECK_FALSE(c.holds(other(MountKind::system, 0, "/mnt", "/srv")));
    CHECK_FALSE(c.holds(other(MountKind::system, 0, "/mnt", "/opt/more")));
}

TEST_CASE("a run names programs where its cage shows the host's") {
    Case one;
    one.its().mounts.push_back(other(MountKind::tmpfs, 0, "/tmp"));
    one.its().mounts.push_back(shown("/srv/tools", false, "/opt/tools"));
    const auto named = [&](const char* path) {
        return names(one.its(), path, {"/usr", "/bin", "/etc", "/proc", "/dev"});
    };
    for (const auto* path : {"/usr/bin/true", "/bin/sh", "/p/run", "/opt/tools/x"}) {
        CAPTURE(path);
        CHECK(named(path));
    }
    for (const auto* path :
         {"/root/x", "/srv/tools/x", "/tmp/x", "/pa/x", "/proc/1/exe", "/proc", "/dev/x", "/sys/x", "/"}) {
        CAPTURE(path);
        CHECK_FALSE(named(path));
    }
}

TEST_CASE("a run of a run has no wider network than its parent") {
    struct Row {
        bool host, scoped; // the parent's
        bool asks_host, asks_scoped;
        bool holds;
    };
    for (const auto& row : {Row{false, false, false, false, true}, Row{false, false, false, true, false},
                            Row{false, true, false, true, true}, Row{false, true, false, false, true},
                            Row{false, true, true, false, false}, Row{true, false, false, true, true},
                            Row{true, false, true, false, true}}) {
        Case c;
        c.its().net_host = row.host;
        c.its().scoped = row.scoped;
        c.plan().net_host = row.asks_host;
        c.plan().scoped = row.asks_scoped;
        c.plan().mounts.clear();
        CHECK_EQ(c.hold().has_value(), row.holds);
    }
}

TEST_CASE("a run of a run has an ssh agent only if its parent has one") {
    for (const bool has : {false, true}) {
        Case c;
        c.its().ssh_agent = has;
        c.plan().ssh_agent = true;
        CHECK_EQ(c.hold().has_value(), has);
    }
}
