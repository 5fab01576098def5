#include "spawner/admit.hpp"

#include <algorithm>
#include <cstring>
#include <unistd.h>

#include "spawner/admit_mounts.hpp"
#include "spawner/forbidden.hpp"
#include "spawner/narrow.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxHostname = 63;
constexpr std::uint64_t kMaxOpenFiles = 65536;
constexpr std::uint64_t kMaxBoxBytes = 4ull << 30;
constexpr std::uint64_t kMinMemory = 4u << 20;

Status read_strings(JailPlan& plan, wire::Blob& blob) {
    auto& names = blob[0];
    if (names.size() != 3 || blob[1].empty()) return malformed("a plan without a program");
    for (const auto& list : {blob[0], blob[1], blob[2]})
        if (std::ranges::any_of(list, has_nul)) return malformed("NUL in an argument or a variable");
    plan.program = std::move(names[0]);
    plan.cwd = std::move(names[1]);
    plan.hostname = std::move(names[2]);
    if (plan.program.empty() || plan.program.front() != '/' || plan.cwd.empty() || plan.cwd.front() != '/')
        return malformed("program and working folder must be absolute");
    if (plan.hostname.empty() || plan.hostname.size() > kMaxHostname) return malformed("the host name");
    plan.argv = std::move(blob[1]);
    plan.env = std::move(blob[2]);
    for (auto& text : plan.argv) plan.argv_p.push_back(text.data());
    for (auto& text : plan.env) plan.env_p.push_back(text.data());
    plan.argv_p.push_back(nullptr);
    plan.env_p.push_back(nullptr);
    return {};
}

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

Status read_digest(const std::string& text, std::array<std::uint8_t, 32>& digest) {
    if (text.size() != 2 * digest.size()) return malformed("a digest of another length");
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return malformed("a digest that is not lower hex");
        digest[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return {};
}

// Only what the run can open itself is read, and only what it already sees at that path is covered.
Status read_approved(JailPlan& plan, const wire::Run& message, wire::List& list) {
    if (message.approved_count > wire::kMaxApproved || list.size() != 2 * std::size_t{message.approved_count})
        return malformed("the number of approved files");
    for (std::size_t i = 0; i < list.size(); i += 2) {
        ApprovedFile file;
        CHECK(read_digest(list[i + 1], file.digest));
        file.path = std::move(list[i]);
        if (!normalized(file.path)) return malformed("an approved file that is not a plain absolute path");
        if (reserved_target(file.path)) return refuse(Code::forbidden, file.path + " is owhaled's own");
        plan.approved.push_back(std::move(file));
    }
    return {};
}

// What it listens on in its own network stands for a port of the host's loopback: owhaled's own is never one.
Status read_network(JailPlan& plan, const wire::Run& message, const wire::List& ports, const Grounds& grounds) {
    plan.scoped = (message.flags & wire::kRunNetScoped) != 0;
    plan.ssh_agent = (message.flags & wire::kRunSshAgent) != 0;
    plan.network = &grounds.network;
    if (plan.scoped && plan.net_host) return malformed("a network that is both scoped and the host's");
    if (ports.size() > wire::kMaxHostPorts || (!ports.empty() && !plan.scoped)) return malformed("the number of ports");
    if (message.join != 0 && (plan.ssh_agent || !ports.empty()))
        return refuse(Code::forbidden, "what enters a cage has the listeners that are there");
    for (const auto& text : ports) {
        const auto port = TRY(number(text));
        if (port == 0 || port > 65535 || std::ranges::find(plan.host_ports, port) != plan.host_ports.end())
            return malformed("a port of the host's");
        if (port == grounds.own_port) return refuse(Code::forbidden, "port " + text + " is owhaled's own");
        plan.host_ports.push_back(static_cast<std::uint16_t>(port));
    }
    return {};
}

Result<std::uint64_t> under(std::uint64_t wanted, std::uint64_t ceiling, const char* what) {
    if (wanted == 0) return ceiling;
    if (ceiling != 0 && wanted > ceiling)
        return refuse(Code::limit_over_ceiling, std::string(what) + " " + std::to_string(wanted) +
                                                    " is over the ceiling of " + std::to_string(ceiling));
    return wanted;
}

// Without the cpu controller, --cpus N becomes N whole processors, taken in turn.
std::vector<int> choose_cpus(std::uint64_t milli) {
    static int next = 0;
    const int online = static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    const int wanted =
        static_cast<int>(std::min<std::uint64_t>((milli + 999) / 1000, static_cast<std::uint64_t>(online)));
    std::vector<int> cpus;
    for (int i = 0; i < wanted; ++i) cpus.push_back((next + i) % online);
    next = (next + wanted) % online;
    return cpus;
}

void set_rlimits(JailPlan& plan, const wire::Run& message, const Limits& limits, const Grounds& grounds) {
    const auto add = [&](int resource, std::uint64_t value) {
        plan.rlimits.emplace_back(resource, rlimit{value, value});
    };
    add(RLIMIT_CORE, 0);
    add(RLIMIT_NOFILE, message.open_files == 0 ? kMaxOpenFiles : std::min(message.open_files, kMaxOpenFiles));
    if (message.file_size != 0) add(RLIMIT_FSIZE, message.file_size);
    // Counted per user namespace since Linux 5.14, so it counts this run's processes alone.
    if ((grounds.controllers & 2) == 0) add(RLIMIT_NPROC, limits.pids);
    if (limits.cpu_milli != 0 && (grounds.controllers & 4) == 0) plan.cpus = choose_cpus(limits.cpu_milli);
}

Result<Limits> read_limits(const wire::Run& message, const Grounds& grounds) {
    Limits limits;
    limits.memory = TRY(under(
        message.memory, grounds.options.max_memory != 0 ? grounds.options.max_memory : grounds.memory_total, "memory"));
    if (limits.memory < kMinMemory) return refuse(Code::limit_over_ceiling, "memory below 4 MiB starts nothing");
    limits.pids = TRY(under(message.pids, grounds.options.max_pids, "pids"));
    limits.cpu_milli = message.cpu_milli;
    limits.io = message.io;
    limits.wall_ms = message.wall_ms;
    return limits;
}

} // namespace

Result<Admitted> admit(const wire::Run& message, wire::Blob blob, Resolution& resolution, const Grounds& grounds,
                       const Run* parent) {
    Admitted admitted;
    admitted.plan = std::make_unique<JailPlan>();
    auto& plan = *admitted.plan;
    constexpr std::uint32_t kFlags = wire::kRunTty | wire::kRunStdin | wire::kRunNetHost | wire::kRunKeepBox |
                                     wire::kRunDaemon | wire::kRunNetScoped | wire::kRunSshAgent | wire::kRunGated;
    if ((message.flags & ~kFlags) != 0) return malformed("an unknown run flag");
    CHECK(read_strings(plan, blob));
    const auto& identity = resolution.identity;
    plan.uid = resolution.facts.uid;
    plan.gid = resolution.facts.gid;
    if (plan.uid == 0 || plan.gid == 0) return refuse(Code::forbidden, "nothing runs as uid 0 or gid 0");
    const bool root_caller = identity.uid == 0;
    if (!root_caller) plan.groups = identity.groups;
    plan.set_groups = !grounds.options.rootless;
    plan.tty = (message.flags & wire::kRunTty) != 0;
    plan.gated = (message.flags & wire::kRunGated) != 0;
    plan.daemon = (message.flags & wire::kRunDaemon) != 0;
    if (plan.daemon && message.join != 0)
        return refuse(Code::forbidden, "what enters a cage has the listener that is there, or none");
    plan.rows = message.rows;
    plan.cols = message.cols;
    plan.net_host = (message.flags & wire::kRunNetHost) != 0;
    if (plan.net_host && !may_use_host_network(grounds.options, identity.uid))
        return refuse(Code::net_host_denied, "uid " + std::to_string(identity.uid) + " may not use the host's network");
    CHECK(read_network(plan, message, blob[5], grounds));
    const std::string name(message.filter, ::strnlen(message.filter, sizeof message.filter));
    const auto filter = grounds.filters.find(name);
    if (filter == grounds.filters.end() || name == "warden") return malformed("an unknown seccomp filter");
    plan.filter = &filter->second;
    plan.warden_filter = &grounds.filters.at("warden");
    plan.landlock_abi = grounds.landlock_abi;
    plan.scope_abstract = grounds.landlock_abi >= 6 && plan.net_host;
    if (root_caller && grounds.idmap_userns < 0)
        return refuse(Code::unsupported, "this kernel cannot show root's folders to another uid (no idmapped mounts)");
    admitted.idmapped = root_caller;
    if (message.box_bytes > kMaxBoxBytes) return refuse(Code::limit_over_ceiling, "a box has 4 GiB at most");
    admitted.limits = TRY(read_limits(message, grounds));
    set_rlimits(plan, message, admitted.limits, grounds);
    CHECK(read_approved(plan, message, blob[4]));
    if (message.join == 0) {
        CHECK(read_mounts(plan, message, blob[3], resolution, root_caller ? grounds.idmap_userns : -1, grounds));
        for (const auto& folder : grounds.system_paths)
            for (auto& path : masks_below(folder, grounds.options.forbid)) plan.masks.push_back(std::move(path));
    }
    if (parent != nullptr) CHECK(hold_to_parent(admitted, message, *parent, grounds.system_paths));
    return admitted;
}

} // namespace owhale::spawner
