#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

#include "checks.hpp"
#include "sandbox/blob.hpp"
#include "spawner/plan_bytes.hpp"
#include "spawner/resolve.hpp"
#include "spawner/seccomp.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

const std::map<std::string, Filter>& filters() {
    static const std::map<std::string, Filter> all = {
        {"default", {"default", {}, {}}}, {"strict", {"strict", {}, {}}}, {"warden", {"warden", {}, {}}}};
    set_filters(all);
    return all;
}

Fd open_null() {
    return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

ino_t file_of(int fd) {
    struct stat st{};
    return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
}

MountOp mount(wire::MountKind kind, std::uint32_t flags, std::string source, std::string target) {
    MountOp op;
    op.kind = kind;
    op.flags = flags;
    op.source = std::move(source);
    op.target = std::move(target);
    return op;
}

JailPlan whole_plan() {
    JailPlan plan;
    plan.uid = 1000;
    plan.gid = 1001;
    plan.groups = {7, 8};
    plan.hostname = "here";
    plan.program = "/bin/sh";
    plan.cwd = "/home/u";
    plan.argv = {"sh", "-c", std::string("a\nb \xff")};
    plan.env = {"A=1", "EMPTY="};
    plan.mounts.push_back(mount(wire::MountKind::resolved, wire::kMountWritable, "workspace", "/home/u/p"));
    plan.mounts.back().tree = open_null();
    plan.mounts.back().landlock_write = true;
    plan.mounts.push_back(mount(wire::MountKind::file, wire::kMountOptional, std::string("x\0y", 3), "/etc/passwd"));
    plan.mounts.back().is_file = true;
    plan.approved.push_back({"/home/u/p/run.sh", {1, 2, 3}});
    plan.rlimits = {{RLIMIT_CORE, {0, 0}}, {RLIMIT_NOFILE, {64, 128}}};
    plan.cpus = {0, 3};
    plan.filter = &filters().at("strict");
    plan.warden_filter = &filters().at("warden");
    plan.landlock_abi = 6;
    plan.scope_abstract = true;
    plan.rows = 24;
    plan.cols = 80;
    plan.ssh_agent = true;
    plan.gated = true;
    plan.fail_step = 5;
    return plan;
}

// As a jail has it before its plan comes.
JailPlan skeleton(const JailPlan& plan) {
    JailPlan from;
    from.uid = plan.uid;
    from.gid = plan.gid;
    from.groups = plan.groups;
    from.hostname = plan.hostname;
    from.warden_filter = plan.warden_filter;
    from.setup = 90;
    from.report = 91;
    return from;
}

std::vector<Fd> copies(const std::vector<int>& fds) {
    std::vector<Fd> out;
    for (const int fd : fds) out.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    return out;
}

} // namespace

TEST_CASE("a plan comes to a jail that waits as it was") {
    auto plan = whole_plan();
    plan.box = open_null();
    const Fd out(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), err(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    plan.out = out.get();
    plan.err = err.get();
    const auto got = unpack_plan(pack_plan(plan), copies(plan_fds(plan)), skeleton(plan));
    REQUIRE(got != nullptr);
    CHECK_EQ(got->uid, plan.uid);
    CHECK_EQ(got->gid, plan.gid);
    CHECK(got->groups == plan.groups);
    CHECK_EQ(got->setup, 90);
    CHECK_EQ(got->report, 91);
    CHECK_EQ(got->program, plan.program);
    CHECK_EQ(got->cwd, plan.cwd);
    CHECK(got->argv == plan.argv);
    CHECK(got->env == plan.env);
    REQUIRE_EQ(got->argv_p.size(), 4);
    CHECK_EQ(got->argv_p[2], got->argv[2].data());
    CHECK_EQ(got->argv_p[3], nullptr);
    CHECK_EQ(got->env_p.size(), 3);
    REQUIRE_EQ(got->mounts.size(), 2);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto &a = plan.mounts[i], &b = got->mounts[i];
        CHECK_EQ(static_cast<int>(a.kind), static_cast<int>(b.kind));
        CHECK_EQ(a.flags, b.flags);
        CHECK_EQ(a.source, b.source);
        CHECK_EQ(a.target, b.target);
        CHECK_EQ(a.is_file, b.is_file);
        CHECK_EQ(a.landlock_write, b.landlock_write);
        CHECK_EQ(static_cast<bool>(a.tree), static_cast<bool>(b.tree));
    }
    REQUIRE_EQ(got->approved.size(), 1);
    CHECK_EQ(got->approved[0].path, plan.approved[0].path);
    CHECK(got->approved[0].digest == plan.approved[0].digest);
    REQUIRE_EQ(got->rlimits.size(), 2);
    CHECK_EQ(got->rlimits[1].first, static_cast<int>(RLIMIT_NOFILE));
    CHECK_EQ(got->rlimits[1].second.rlim_cur, 64);
    CHECK_EQ(got->rlimits[1].second.rlim_max, 128);
    CHECK(got->cpus == plan.cpus);
    CHECK_EQ(got->filter, plan.filter);
    CHECK_EQ(got->warden_filter, plan.warden_filter);
    CHECK_EQ(got->landlock_abi, 6);
    CHECK(got->scope_abstract);
    CHECK(got->ssh_agent);
    CHECK(got->gated);
    CHECK(!got->tty);
    CHECK(!got->daemon);
    CHECK_EQ(got->rows, 24);
    CHECK_EQ(got->cols, 80);
    CHECK_EQ(got->fail_step, 5);
    CHECK(static_cast<bool>(got->box));
    CHECK_EQ(got->in, -1);
    CHECK_EQ(file_of(got->out), file_of(out.get()));
    CHECK_EQ(file_of(got->err), file_of(err.get()));
    ::close(got->out);
    ::close(got->err);
}

TEST_CASE("a plan whose descriptors or words do not add up is none") {
    auto plan = whole_plan();
    const auto bytes = pack_plan(plan);
    const auto from = skeleton(plan);
    CHECK(unpack_plan(bytes, copies(plan_fds(plan)), from) != nullptr);
    CHECK(unpack_plan(bytes, {}, from) == nullptr);
    auto more = copies(plan_fds(plan));
    more.push_back(open_null());
    CHECK(unpack_plan(bytes, std::move(more), from) == nullptr);
    CHECK(unpack_plan(bytes.substr(0, bytes.size() - 1), copies(plan_fds(plan)), from) == nullptr);
    CHECK(unpack_plan("", {}, from) == nullptr);
    const Filter unknown{"other", {}, {}};
    plan.filter = &unknown;
    CHECK(unpack_plan(pack_plan(plan), copies(plan_fds(plan)), from) == nullptr);
}

TEST_CASE("a question comes to a child that serves on as it was, but for its identity, which is the child's") {
    Question q;
    q.own_folder = "/var/lib/owhaled/accounts";
    q.ssh_agent = "/run/user/1/agent";
    q.cwd = "/home/u";
    q.workspace = "/home/u/p";
    q.program = "make";
    q.path = "/bin:/usr/bin";
    q.home = "/home/u";
    q.user = "u";
    q.find_program = true;
    q.scan = true;
    q.run_uid = 4'000'000'000;
    q.run_gid = 5;
    q.identity = {1000, 1000, {7}, 3};
    q.probes = {{wire::kBaseAbsolute, wire::kProbeMount, "/etc/x"}, {wire::kBaseHome, wire::kProbeRead, ".gitconfig"}};
    q.scan_names = {".envrc", "Makefile"};
    const Identity childs{1000, 1000, {7}, 0};
    const auto got = unpack_question(pack_question(q), childs);
    REQUIRE(got);
    CHECK_EQ(got->own_folder, q.own_folder);
    CHECK_EQ(got->ssh_agent, q.ssh_agent);
    CHECK_EQ(got->cwd, q.cwd);
    CHECK_EQ(got->workspace, q.workspace);
    CHECK_EQ(got->program, q.program);
    CHECK_EQ(got->path, q.path);
    CHECK_EQ(got->home, q.home);
    CHECK_EQ(got->user, q.user);
    CHECK(got->find_program);
    CHECK(got->scan);
    CHECK_EQ(got->run_uid, q.run_uid);
    CHECK_EQ(got->run_gid, q.run_gid);
    CHECK_EQ(got->identity.uid, childs.uid);
    CHECK(got->identity.groups == childs.groups);
    CHECK_EQ(got->identity.groups_dropped, 3);
    REQUIRE_EQ(got->probes.size(), 2);
    CHECK_EQ(got->probes[1].path, ".gitconfig");
    CHECK_EQ(static_cast<int>(got->probes[1].base), static_cast<int>(wire::kBaseHome));
    CHECK_EQ(got->probes[1].flags, wire::kProbeRead);
    CHECK(got->scan_names == q.scan_names);
    const auto bytes = pack_question(q);
    CHECK(!unpack_question(bytes.substr(1), childs));
    q.probes[0].path = "relative";
    CHECK(!unpack_question(pack_question(q), childs));
}
