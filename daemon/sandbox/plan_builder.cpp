#include "sandbox/plan_builder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sys/utsname.h>

#include "sandbox/digest.hpp"
#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::uint64_t kLeastMemory = 4u << 20;
constexpr std::uint64_t kLongest = 366ull * 24 * 3600 * 1000; // milliseconds
constexpr std::uint64_t kMostOpenFiles = 65536;
constexpr std::size_t kApprovedList = 4; // of a Run's blob

// The machine's own name: programs look themselves up, and the cage's /etc/hosts is the machine's.
std::string host_name() {
    constexpr std::size_t kLongestName = 63; // what the spawner takes
    utsname names{};
    const std::string name = ::uname(&names) == 0 ? names.nodename : "";
    return name.empty() || name.size() > kLongestName ? "owhale" : name;
}

std::string too_high(std::string_view what, std::uint64_t asked, std::uint64_t most) {
    return "limits." + std::string(what) + " is " + std::to_string(asked) + ", the ceiling is " + std::to_string(most);
}

Status check_ceiling(std::string_view what, std::uint64_t asked, std::uint64_t ceiling) {
    if (ceiling == 0 || asked <= ceiling) return {};
    return fail(Code::limit_over_ceiling, too_high(what, asked, ceiling), "ask for less, or raise it in spawner.conf");
}

std::uint64_t under(std::uint64_t value, std::uint64_t ceiling) {
    if (ceiling == 0) return value;
    return value == 0 ? ceiling : std::min(value, ceiling);
}

Status take_request(const api::Limits& asked, RunLimits& to) {
    if (asked.memory) to.memory = *asked.memory;
    if (asked.pids) to.pids = *asked.pids;
    if (asked.file_size) to.file_size = *asked.file_size;
    if (asked.open_files) to.open_files = *asked.open_files;
    if (asked.output) to.output = *asked.output;
    if (asked.memory && *asked.memory != 0 && *asked.memory < kLeastMemory)
        return fail(Code::invalid_value, "limits.memory is below 4 MiB: nothing starts in that",
                    "sizes are bytes; owhalectl: --memory 512M");
    if (asked.pids && *asked.pids == 1)
        return fail(Code::invalid_value, "limits.pids is below 2: the cage's own first process is one", "ask for more");
    if (asked.open_files && (*asked.open_files < 8 || *asked.open_files > kMostOpenFiles))
        return fail(Code::invalid_value, "limits.open_files must be between 8 and 65536");
    if (asked.cpus) {
        if (!(*asked.cpus >= 0.01 && *asked.cpus <= 1024))
            return fail(Code::invalid_value, "limits.cpus must be between 0.01 and 1024");
        to.cpu_milli = static_cast<std::uint64_t>(std::llround(*asked.cpus * 1000));
    }
    if (asked.io) to.io = *asked.io;
    if (asked.io && *asked.io != 0 && *asked.io < kLeastIo)
        return fail(Code::invalid_value, "limits.io is below 64 KiB a second: nothing gets done in that",
                    "it is bytes a second; owhalectl: --io 20M");
    return {};
}

// Nothing stands in for the kernel's io controller: who asks for the limit, or is held strictly, is told so before anything runs.
Status check_io(const api::RunRequest& request, const RunLimits& limits, const config::Settings& settings,
                const wire::Ready& ready) {
    if (limits.io == 0 || (ready.cgroup_controllers & wire::kIoController) != 0) return {};
    const bool asked = request.limits && request.limits->io;
    if (!asked && !settings.rules->missing_layer_refuses) return {};
    return fail(Code::unsupported, "limits.io cannot be held here: owhaled has no io controller of cgroup v2",
                asked ? "leave it out; cgroup.controllers of owhaled's cgroup names what it has"
                      : "take io out of the profile; cgroup.controllers of owhaled's cgroup names what it has");
}

std::uint64_t milliseconds(std::chrono::milliseconds time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

std::uint32_t run_flags(const api::RunRequest& request) {
    std::uint32_t flags = 0;
    if (request.tty.value_or(false)) flags |= wire::kRunTty;
    if (request.stdin_open.value_or(false) || request.stdin_ || request.stdin_base64) flags |= wire::kRunStdin;
    const auto net = request.net.value_or("none");
    if (net == "host") flags |= wire::kRunNetHost;
    if (net == "scoped") flags |= wire::kRunNetScoped;
    return flags;
}

// What the request names itself stays; a secret that was asked for by name stands above it.
std::map<std::string, std::string> wanted_environment(const PlanFacts& facts) {
    auto out = facts.secret_env;
    if (facts.request.env) out.insert(facts.request.env->begin(), facts.request.env->end());
    out.insert(facts.cage_net.environment.begin(), facts.cage_net.environment.end());
    return out;
}

bool has_broker(const api::NetScope& scope, std::string_view name) {
    return std::ranges::find(scope.brokers, name) != scope.brokers.end();
}

wire::List host_ports(const std::optional<api::NetScope>& scope) {
    wire::List out;
    if (scope)
        for (const auto port : scope->host_ports) out.push_back(std::to_string(port));
    return out;
}

template <std::size_t N> void put_text(char (&field)[N], std::string_view text) {
    std::memcpy(field, text.data(), std::min(text.size(), N - 1));
}

wire::List mount_strings(const std::vector<Mount>& mounts) {
    wire::List out;
    out.reserve(4 * mounts.size());
    for (const auto& mount : mounts) {
        out.push_back(std::to_string(static_cast<std::uint32_t>(mount.kind)));
        out.push_back(std::to_string(mount.flags));
        out.push_back(mount.source);
        out.push_back(mount.target);
    }
    return out;
}

void put_limits(wire::Run& message, const RunLimits& limits) {
    message.memory = limits.memory;
    message.pids = limits.pids;
    message.cpu_milli = limits.cpu_milli;
    message.io = limits.io;
    message.wall_ms = limits.wall_ms;
    message.file_size = limits.file_size;
    message.open_files = limits.open_files;
    message.box_bytes = limits.box;
}

std::string shell_of(const Probes& probes, const Resolution& resolution) {
    const auto bash = probes.find(Purpose::needs, wire::kBaseAbsolute, "/bin/bash");
    return bash && Probes::fact(resolution, *bash).mode != 0 ? "/bin/bash" : "/bin/sh";
}

} // namespace

Result<RunLimits> choose_limits(const api::RunRequest& request, const Profile& profile, bool is_code,
                                const config::Settings& settings, const wire::Ready& ready) {
    const auto& from = profile.limits;
    RunLimits limits;
    limits.memory = from.memory.value_or(settings.memory);
    limits.pids = from.pids.value_or(settings.pids);
    limits.cpu_milli = from.cpu_milli.value_or(0);
    limits.io = from.io.value_or(0);
    limits.file_size = from.file_size.value_or(0);
    limits.open_files = from.open_files.value_or(0);
    limits.box = from.box.value_or(0);
    limits.output = settings.output_limit;
    limits.wall_ms = milliseconds(from.timeout.value_or(is_code ? settings.code_timeout : settings.run_timeout));
    // What nobody asked for gives way to the ceiling; what the client asked for is refused above it.
    limits.memory = under(limits.memory, ready.ceiling_memory);
    limits.pids = under(limits.pids, ready.ceiling_pids);
    if (request.limits) {
        CHECK(take_request(*request.limits, limits));
        CHECK(check_ceiling("memory", limits.memory, ready.ceiling_memory));
        CHECK(check_ceiling("pids", limits.pids, ready.ceiling_pids));
    }
    // 0 is the spawner's ceiling, and without one all memory there is: said, so that people and the receipt know what holds.
    if (limits.memory == 0) limits.memory = ready.ceiling_memory != 0 ? ready.ceiling_memory : ready.memory_total;
    if (limits.pids == 0) limits.pids = ready.ceiling_pids;
    CHECK(check_io(request, limits, settings, ready));
    if (request.timeout_ms) limits.wall_ms = *request.timeout_ms;
    if (limits.wall_ms > kLongest) return fail(Code::invalid_value, "timeout_ms is longer than 366 days", "0 is none");
    return limits;
}

std::string filter_for(const Profile& profile, bool tracing) {
    if (tracing || profile.filter == "strict") return profile.filter;
    return profile.filter == "build" ? "strict-build" : "strict";
}

Result<Plan> make_plan(const PlanFacts& facts) {
    auto mounts = facts.mounts.mounts;
    for (const auto& [path, content] : facts.cage_net.files)
        mounts.push_back({wire::MountKind::file, 0, content, path});
    if (mounts.size() > wire::kMaxMounts)
        return fail(Code::workspace_refused, "the view needs more than 256 mounts",
                    "name fewer toolchains in the profile");
    Plan plan;
    const Setting setting{facts.home,
                          facts.resolution.user,
                          shell_of(facts.probes, facts.resolution),
                          facts.mounts.cwd,
                          facts.request.tty.value_or(false),
                          facts.resolution.facts.uid != facts.resolution.facts.owner_uid};
    plan.environment = make_environment(facts.profile, setting, search_path(facts.request, facts.mounts.view),
                                        wanted_environment(facts));
    auto& message = plan.message;
    message.resolution = facts.resolution.number;
    message.run = facts.number;
    std::copy(facts.id.begin(), facts.id.end(), message.id);
    message.flags = run_flags(facts.request) | wire::kRunGated;
    if (!facts.box_key.empty()) message.flags |= wire::kRunKeepBox;
    if (facts.daemon) message.flags |= wire::kRunDaemon;
    message.rows = static_cast<std::uint16_t>(facts.request.rows.value_or(0));
    message.cols = static_cast<std::uint16_t>(facts.request.cols.value_or(0));
    put_text(message.filter, filter_for(facts.profile, facts.tracing));
    put_text(message.box_key, facts.box_key);
    put_limits(message, facts.limits);
    if (facts.scope && has_broker(*facts.scope, "ssh-agent")) message.flags |= wire::kRunSshAgent;
    message.mount_count = static_cast<std::uint32_t>(mounts.size());
    plan.blob = {{facts.program, facts.mounts.cwd, host_name()},
                 facts.command.argv,
                 plan.environment,
                 mount_strings(mounts),
                 {},
                 host_ports(facts.scope)};
    return plan;
}

Plan make_exec_plan(const ExecFacts& facts) {
    std::map<std::string, std::string> env;
    for (const auto& entry : facts.environment) {
        const auto equals = entry.find('=');
        env[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
    env["PWD"] = facts.cwd;
    if (facts.request.tty.value_or(false)) env.emplace("TERM", "xterm-256color");
    if (facts.added)
        for (const auto& [name, value] : *facts.added) env[name] = value;
    Plan plan;
    for (const auto& [name, value] : env) plan.environment.push_back(name + "=" + value);
    auto& message = plan.message;
    message.resolution = facts.resolution;
    message.run = facts.number;
    message.join = facts.join;
    std::copy(facts.id.begin(), facts.id.end(), message.id);
    message.flags = (run_flags(facts.request) & (wire::kRunTty | wire::kRunStdin)) | wire::kRunGated;
    message.rows = static_cast<std::uint16_t>(facts.request.rows.value_or(0));
    message.cols = static_cast<std::uint16_t>(facts.request.cols.value_or(0));
    put_text(message.filter, facts.filter);
    message.wall_ms = facts.wall_ms;
    plan.blob = {{facts.program, facts.cwd, host_name()}, facts.command.argv, plan.environment, {}, {}, {}};
    return plan;
}

Status hold_to_approved(Plan& plan, std::vector<ApprovedFile> files) {
    if (files.size() > wire::kMaxApproved)
        return fail(Code::invalid_value,
                    "the command names more than " + std::to_string(wire::kMaxApproved) + " scripts",
                    "run them in parts");
    plan.message.approved_count = static_cast<std::uint32_t>(files.size());
    auto& list = plan.blob.at(kApprovedList);
    list.clear();
    for (auto& file : files) {
        if (file.program) plan.blob[0].at(0) = file.path;
        list.push_back(std::move(file.path));
        list.push_back(std::move(file.digest));
    }
    return {};
}

std::string box_key(const BoxFacts& facts) {
    std::string text(facts.principal);
    const auto uid = std::to_string(facts.uid);
    for (const auto part : {facts.fence, std::string_view(uid), facts.workspace, facts.profile}) (text += '\0') += part;
    return sha256_hex(text);
}

std::string cage_home(std::string_view home, const Tables& tables) {
    const bool can_stand = is_clean_absolute(home) && home != "/" && !is_within_any(home, tables.system) &&
                           !is_within_any(home, tables.hidden) && home != "/var" && home != "/home";
    return can_stand ? std::string(home) : "/tmp";
}

} // namespace owhale::sandbox
