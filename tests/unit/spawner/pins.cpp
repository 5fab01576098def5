#include "spawner/pins.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

MountOp mount(wire::MountKind kind, std::string target, std::string host = "", bool writable = false) {
    MountOp op;
    op.kind = kind;
    op.target = std::move(target);
    op.host = std::move(host);
    op.landlock_write = writable;
    return op;
}

JailPlan plan_with(std::vector<MountOp> mounts) {
    JailPlan plan;
    plan.mounts = std::move(mounts);
    return plan;
}

using wire::MountKind;
using Paths = std::vector<std::string>;

} // namespace

TEST_CASE("a file's place outside is that of the innermost mount, where that is the host's") {
    std::vector<MountOp> mounts;
    mounts.push_back(mount(MountKind::resolved, "/ws", "/home/u/p", true));
    mounts.push_back(mount(MountKind::tmpfs, "/ws/private"));
    mounts.push_back(mount(MountKind::box, "/home/u"));
    const auto plan = plan_with(std::move(mounts));
    CHECK_EQ(host_of(plan, "/ws/bin/x.sh"), "/home/u/p/bin/x.sh");
    CHECK(!host_of(plan, "/ws/private/x.sh"));
    CHECK(!host_of(plan, "/home/u/x.sh"));
    CHECK(!host_of(plan, "/usr/bin/env"));
    CHECK(!host_of(plan, "/wsx/x.sh"));
}

TEST_CASE("the file and the folders above it are held, up to what is mounted, wherever a cage writes them") {
    std::vector<MountOp> mounts;
    mounts.push_back(mount(MountKind::resolved, "/ws", "/home/u/p", true));
    mounts.push_back(mount(MountKind::resolved, "/read", "/home/u", false));
    mounts.push_back(mount(MountKind::resolved, "/wide", "/home/u", true));
    const auto plan = plan_with(std::move(mounts));
    const Paths all = {"/ws/a", "/ws/a/b", "/ws/a/b/x.sh", "/wide/p", "/wide/p/a", "/wide/p/a/b", "/wide/p/a/b/x.sh"};
    CHECK(pins_in(plan, "/home/u/p/a/b/x.sh") == all);
    CHECK(pins_in(plan, "/home/u/p/x.sh") == Paths{"/ws/x.sh", "/wide/p", "/wide/p/x.sh"});
    CHECK(pins_in(plan, "/home/v/x.sh").empty());
    CHECK(pins_in(plan, "/home/u/px/x.sh") == Paths{"/wide/px", "/wide/px/x.sh"});
}

TEST_CASE("a file that is itself what is mounted has its place already") {
    std::vector<MountOp> mounts;
    mounts.push_back(mount(MountKind::resolved, "/x.sh", "/home/u/x.sh", true));
    CHECK(pins_in(plan_with(std::move(mounts)), "/home/u/x.sh").empty());
}
