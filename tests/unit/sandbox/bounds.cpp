#include "sandbox/bounds.hpp"

#include <cstring>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

wire::Ready ready_with(const char* accounts) {
    wire::Ready ready{};
    ready.account_uids = wire::kReservedUid;
    ready.accounts_max = wire::kAccountsMax;
    std::strcpy(ready.accounts_dir, accounts);
    return ready;
}

const wire::Ready kReady = ready_with("/var/lib/owhaled-accounts");

Caller caller_with(std::string profile, std::string cwd) {
    Caller caller;
    caller.principal = "user:alice";
    caller.uid = 1000;
    caller.profile = std::move(profile);
    caller.cwd = std::move(cwd);
    return caller;
}

Caller child_of(Parent parent) {
    Caller caller;
    caller.principal = "run:x";
    caller.asker = std::make_shared<Parent>(std::move(parent));
    return caller;
}

Parent a_parent() {
    Parent parent{"x", "agent", "/p/deep", "/p", true, false, {}, 0};
    parent.limits.memory = 1000;
    parent.limits.pids = 10;
    return parent;
}

Code refused(const Caller& caller, void (*change)(api::RunRequest&)) {
    api::RunRequest request;
    change(request);
    const auto status = apply_bounds(request, caller, kReady);
    return status ? Code::internal : status.error().code; // internal: it was not refused
}

} // namespace

TEST_CASE("a token's profile is what its runs get, and all they may ask for") {
    const auto caller = caller_with("build", "");
    api::RunRequest request;
    CHECK(apply_bounds(request, caller, kReady));
    CHECK_EQ(*request.profile, "build");
    CHECK_FALSE(request.cwd);
    CHECK_EQ(refused(caller, [](auto& r) { r.profile = "default"; }), Code::forbidden);
    CHECK_EQ(refused(caller, [](auto& r) { r.profile = ""; }), Code::forbidden);
    CHECK_EQ(refused(caller, [](auto& r) { r.profile = "build"; }), Code::internal);
}

TEST_CASE("a token's folder is where its runs work") {
    const auto caller = caller_with("", "/p");
    api::RunRequest request;
    CHECK(apply_bounds(request, caller, kReady));
    CHECK_EQ(*request.cwd, "/p");
    const auto fenced = fences(caller, kReady);
    REQUIRE_EQ(fenced.size(), 1);
    Decision decision;
    const auto outside = [&](const char* cwd, const char* workspace) {
        decision.path = workspace;
        return !check_places(cwd, decision, fenced);
    };
    CHECK_FALSE(outside("/p", "/p"));
    CHECK_FALSE(outside("/p/a", "/p"));
    CHECK_FALSE(outside("/p/a", ""));
    CHECK(outside("/p", "/"));
    CHECK(outside("/p/a", "/pa"));
    CHECK(outside("/pa", "/p"));
    CHECK(outside("/", ""));
}

TEST_CASE("a fence with a link in it holds nobody") {
    CHECK(check_fence("/p/x", "/p/x"));
    CHECK_EQ(check_fence("/p/x", "/q").error().code, Code::forbidden);
    CHECK_EQ(check_fence("/p/x", "/p/y").error().code, Code::forbidden);
}

TEST_CASE("a git folder outside of a token's folder is not written") {
    const GitOutside git{GitOutside::worktree, "/p/main/.git/worktrees/a", "/p/main/.git"};
    CHECK(may_write_git(caller_with("", ""), git));
    CHECK(may_write_git(caller_with("", "/p"), git));
    CHECK_FALSE(may_write_git(caller_with("", "/p/a"), git));
    CHECK_FALSE(may_write_git(caller_with("", "/p/main/.git/worktrees"), git));
    auto parent = a_parent();
    CHECK(may_write_git(child_of(parent), git));
    parent.fence = "/p/a";
    CHECK_FALSE(may_write_git(child_of(parent), git));
}

TEST_CASE("an account works in a folder of its own") {
    auto caller = caller_with("", "");
    caller.account = 7;
    CHECK_EQ(account_folder(caller, kReady), "/var/lib/owhaled-accounts/1900000007");
    api::RunRequest request;
    CHECK(apply_bounds(request, caller, kReady));
    CHECK_EQ(*request.cwd, "/var/lib/owhaled-accounts/1900000007");
    caller.cwd = "/var/lib/owhaled-accounts/1900000007/a";
    CHECK_EQ(fences(caller, kReady).size(), 2);
    CHECK_EQ(account_folder(caller_with("", ""), kReady), "");
    CHECK(check_account(caller, kReady));
    auto rootless = kReady;
    rootless.account_uids = 0;
    CHECK_EQ(account_folder(caller, rootless), "");
    CHECK_EQ(check_account(caller, rootless).error().code, Code::unsupported);
    CHECK(check_account(caller_with("", ""), rootless));
}

TEST_CASE("what a run asks for is its own, or narrower") {
    const auto caller = child_of(a_parent());
    api::RunRequest request;
    request.home = "/home/somebody";
    CHECK(apply_bounds(request, caller, kReady));
    CHECK_EQ(*request.profile, "agent");
    CHECK_EQ(*request.cwd, "/p/deep");
    CHECK_FALSE(request.home);
    CHECK_EQ(refused(caller, [](auto& r) { r.profile = "readonly"; }), Code::internal);
    CHECK_EQ(refused(caller, [](auto& r) { r.cwd = "/p/./x"; }), Code::internal);
    CHECK_EQ(refused(caller, [](auto& r) { r.profile = "build"; }), Code::forbidden);
    CHECK_EQ(refused(caller, [](auto& r) { r.run_as = "root"; }), Code::forbidden);
    CHECK_EQ(refused(caller, [](auto& r) { r.net = "host"; }), Code::net_host_denied);
    for (const auto* path : {"/", "/pa", "/p/..", "/p/../q", "/p/x/../../q", "//p/../.."}) {
        CAPTURE(path);
        request.cwd = path;
        CHECK_FALSE(apply_bounds(request, caller, kReady));
        request.cwd = "/p";
        request.workspace = path;
        CHECK_FALSE(apply_bounds(request, caller, kReady));
        request.workspace.reset();
    }
}

TEST_CASE("a run without a workspace shares none") {
    auto parent = a_parent();
    parent.workspace.clear();
    const auto caller = child_of(std::move(parent));
    api::RunRequest request;
    CHECK(apply_bounds(request, caller, kReady));
    CHECK_FALSE(request.cwd);
    CHECK_EQ(refused(caller, [](auto& r) { r.cwd = "/tmp"; }), Code::forbidden);
}

TEST_CASE("a parent's limits are the most, and what is not asked for") {
    auto parent = a_parent();
    parent.left_ms = 500;
    RunLimits limits;
    limits.memory = 5000;
    limits.wall_ms = 1000;
    api::RunRequest request;
    CHECK(hold_limits(limits, request, parent));
    CHECK_EQ(limits.memory, 1000);
    CHECK_EQ(limits.pids, 10);
    CHECK_EQ(limits.file_size, 0);
    CHECK_EQ(limits.wall_ms, 500);
    request.limits.emplace().memory = 5000;
    limits.memory = 5000;
    CHECK_EQ(hold_limits(limits, request, parent).error().code, Code::limit_over_ceiling);
    limits.memory = 100;
    request.timeout_ms = 400;
    limits.wall_ms = 400;
    CHECK(hold_limits(limits, request, parent));
    CHECK_EQ(limits.memory, 100);
    for (const std::uint64_t asked : {501, 0}) { // 0: none at all
        request.timeout_ms = limits.wall_ms = asked;
        CHECK_EQ(hold_limits(limits, request, parent).error().code, Code::limit_over_ceiling);
    }
}

TEST_CASE("a token enters no run that is wider than its own") {
    api::Run target;
    target.profile = "build";
    target.cwd = target.workspace = "/p/a";
    CHECK(check_entry("", "", target));
    CHECK(check_entry("build", "/p", target));
    CHECK_FALSE(check_entry("default", "", target));
    CHECK_FALSE(check_entry("", "/p/a/b", target));
    CHECK_FALSE(check_entry("", "/q", target));
    target.workspace = "/";
    CHECK_FALSE(check_entry("", "/p", target));
}
