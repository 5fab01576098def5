#include "sandbox/plan_builder.hpp"

#include "checks.hpp"
#include "tables.hpp"

using namespace owhale;
using namespace owhale::sandbox;
using namespace std::chrono_literals;

namespace {

config::Settings settings() {
    config::Settings settings;
    settings.rules = config::find_mode("local");
    settings.memory = 8u << 20;
    settings.pids = 100;
    settings.run_timeout = 0ms;
    settings.code_timeout = 5min;
    return settings;
}

} // namespace

TEST_CASE("the request's limits over the profile's over the settings'") {
    const wire::Ready ready{};
    Profile profile;
    api::RunRequest request;
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready)->memory, 8u << 20);
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready)->wall_ms, 0);
    CHECK_EQ(choose_limits(request, profile, true, settings(), ready)->wall_ms, 300'000);
    profile.limits.memory = 16u << 20;
    profile.limits.timeout = 10s;
    CHECK_EQ(choose_limits(request, profile, true, settings(), ready)->memory, 16u << 20);
    CHECK_EQ(choose_limits(request, profile, true, settings(), ready)->wall_ms, 10'000);
    request.limits = api::Limits{};
    request.limits->memory = 32u << 20;
    request.limits->cpus = 1.5;
    request.timeout_ms = 0;
    CHECK_EQ(choose_limits(request, profile, true, settings(), ready)->memory, 32u << 20);
    CHECK_EQ(choose_limits(request, profile, true, settings(), ready)->cpu_milli, 1500);
    CHECK_EQ(choose_limits(request, profile, true, settings(), ready)->wall_ms, 0);
}

TEST_CASE("what was asked for is refused above the ceiling, what was not gives way") {
    wire::Ready ready{};
    ready.ceiling_memory = 4u << 20;
    ready.ceiling_pids = 10;
    const Profile profile;
    api::RunRequest request;
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready)->memory, 4u << 20);
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready)->pids, 10);
    request.limits = api::Limits{};
    request.limits->pids = 11;
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready).error().code, Code::limit_over_ceiling);
}

TEST_CASE("no limit of memory or processes is the ceiling, and is told as that") {
    wire::Ready ready{};
    ready.ceiling_memory = 4u << 20;
    ready.ceiling_pids = 10;
    ready.memory_total = 1u << 30;
    api::RunRequest request;
    request.limits = api::Limits{};
    request.limits->memory = 0;
    request.limits->pids = 0;
    CHECK_EQ(choose_limits(request, {}, false, settings(), ready)->memory, 4u << 20);
    CHECK_EQ(choose_limits(request, {}, false, settings(), ready)->pids, 10);
    ready.ceiling_memory = 0;
    CHECK_EQ(choose_limits(request, {}, false, settings(), ready)->memory, 1u << 30);
    request.limits.reset();
    Profile profile;
    profile.limits.memory = 0;
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready)->memory, 1u << 30);
}

TEST_CASE("a limit of io needs the kernel's controller: asked for, or held strictly, it is refused without") {
    wire::Ready ready{};
    Profile profile;
    profile.limits.io = 1u << 20;
    api::RunRequest request;
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready)->io, 1u << 20);
    auto strict = settings();
    strict.mode = "strict";
    strict.rules = config::find_mode("strict");
    CHECK_EQ(choose_limits(request, profile, false, strict, ready).error().code, Code::unsupported);
    CHECK_EQ(choose_limits(request, Profile{}, false, strict, ready)->io, 0);
    request.limits = api::Limits{};
    request.limits->io = 2u << 20;
    CHECK_EQ(choose_limits(request, profile, false, settings(), ready).error().code, Code::unsupported);
    ready.cgroup_controllers = wire::kIoController;
    CHECK_EQ(choose_limits(request, profile, false, strict, ready)->io, 2u << 20);
}

TEST_CASE("limits that make no sense are refused by name") {
    const auto error_of = [](api::Limits limits) {
        api::RunRequest request;
        request.limits = limits;
        return choose_limits(request, {}, false, settings(), {}).error();
    };
    api::Limits limits;
    limits.memory = 4096;
    CHECK_EQ(error_of(limits).code, Code::invalid_value);
    CHECK(error_of(limits).message.starts_with("limits.memory"));
    limits = {};
    limits.cpus = 0.0;
    CHECK(error_of(limits).message.starts_with("limits.cpus"));
    limits = {};
    limits.io = 1000;
    CHECK(error_of(limits).message.starts_with("limits.io"));
    limits = {};
    limits.open_files = 3;
    CHECK(error_of(limits).message.starts_with("limits.open_files"));
    api::RunRequest request;
    request.timeout_ms = 1'000'000'000'000;
    CHECK_EQ(choose_limits(request, {}, false, settings(), {}).error().code, Code::invalid_value);
}

TEST_CASE("a box is one principal's, one token's folder's, one workspace's and one profile's") {
    const BoxFacts facts{"user:a", "", 1000, "/p", "default"};
    const auto key = box_key(facts);
    CHECK_EQ(key.size(), 64);
    CHECK_EQ(key, box_key(facts));
    CHECK_NE(key, box_key({"user:b", "", 1000, "/p", "default"}));
    CHECK_NE(key, box_key({"unix:1000", "", 1000, "/p", "default"}));
    CHECK_NE(key, box_key({"user:a", "/p", 1000, "/p", "default"}));
    CHECK_NE(key, box_key({"user:a", "", 1001, "/p", "default"}));
    CHECK_NE(key, box_key({"user:a", "", 1000, "/q", "default"}));
    CHECK_NE(key, box_key({"user:a", "", 1000, "/p", "build"}));
    CHECK_NE(box_key({"u", "", 1, "2", "3"}), box_key({"u", "", 12, "", "3"}));
}

TEST_CASE("HOME stands where it is, unless that would hide the system") {
    const auto tables = test::small_tables();
    CHECK_EQ(cage_home("/home/me", tables), "/home/me");
    CHECK_EQ(cage_home("/root", tables), "/root");
    for (const auto* bad :
         {"", "/", "relative", "/usr/games", "/proc/self", "/run/user/1", "/home/../etc", "/home/me/", "/home"})
        CHECK_EQ(cage_home(bad, tables), "/tmp");
}
