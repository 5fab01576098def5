#include "spawner/runs.hpp"

#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "spawner/processes.hpp"
#include "spawner/warden.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxMembers = 65536;

void add_children(int pid, std::vector<int>& pids) {
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
        const auto text = read_file(task.path().string() + "/children", 1 << 20).value_or("");
        const char* at = text.data();
        const char* const end = at + text.size();
        for (int child = 0; at < end && pids.size() < kMaxMembers;) {
            const auto [next, error] = std::from_chars(at, end, child);
            if (error != std::errc{}) break;
            pids.push_back(child);
            at = next + 1;
        }
    }
}

} // namespace

void kill_run(Run& run, wire::EndReason reason) {
    if (run.reason == wire::EndReason::none) run.reason = reason;
    run.kill_deadline_ns = 0;
    run.killed = true;
    send_signal(run.warden.get(), SIGKILL);
    if (run.cgroup) run.cgroup.kill();
}

// Who may kill it, too, cannot put off an end that is on its way: neither another's kill nor its time's.
void Run::end_within(std::int64_t grace_ns, wire::EndReason why) {
    if (reason == wire::EndReason::none) reason = why;
    send_signal(warden.get(), SIGTERM);
    const auto due = monotonic_ns() + grace_ns;
    kill_deadline_ns = kill_deadline_ns == 0 ? due : std::min(kill_deadline_ns, due);
}

// SIGSTOP cannot be caught, and the warden's kill(-1) reaches all of its pid namespace in one turn of the kernel: no fork
// slips by (kill(2), NOTES). What runs below have their own wardens, and are told one by one.
wire::FrozenBy freeze_run(Run& run, bool still) {
    const auto now = monotonic_ns();
    const auto by = !still ? wire::FrozenBy::none : run.cgroup ? wire::FrozenBy::cgroup : wire::FrozenBy::signal;
    if ((run.frozen != wire::FrozenBy::none) == still) return run.frozen;
    if (run.cgroup)
        (void)run.cgroup.set("cgroup.freeze", still ? "1" : "0");
    else if (run.joined == 0)
        tell_warden(run.warden.get(), still);
    if (!still && run.wall_deadline_ns != 0) run.wall_deadline_ns += now - run.frozen_ns;
    run.frozen = by;
    run.frozen_ns = now;
    return by;
}

CgroupUsage Run::usage() const {
    if (!cgroup) return {};
    auto usage = cgroup.usage();
    usage.pids_refused = pids_refused_by_now();
    return usage;
}

// Before Linux 6.11 a refused fork counts in the cgroup of whoever forked, whichever limit it met.
std::uint32_t Run::pids_refused_by_now() const {
    return (cgroup ? cgroup.pids_refused() : 0) + (leaf ? leaf.pids_refused() : 0);
}

std::vector<int> members(const Run& run) {
    if (run.cgroup) return run.cgroup.members();
    std::vector<int> pids{run.pid};
    for (std::size_t i = 0; i < pids.size(); ++i) add_children(pids[i], pids);
    return pids;
}

std::uint64_t resident_bytes(const std::vector<int>& pids) {
    std::uint64_t kilobytes = 0;
    for (const int pid : pids) {
        const auto text = read_file("/proc/" + std::to_string(pid) + "/status", 8192).value_or("");
        for (const auto* key : {"RssAnon:", "RssShmem:"}) {
            const auto at = text.find(key);
            if (at != std::string::npos) kilobytes += std::strtoull(text.c_str() + at + std::strlen(key), nullptr, 10);
        }
    }
    return kilobytes * 1024;
}

} // namespace owhale::spawner
