// What one jail needs, as plain data that is complete before the clone: past it nothing is allocated.
#pragma once

#include <array>
#include <cstdint>
#include <linux/filter.h>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "spawner/connections.hpp"
#include "spawner/scoped_net.hpp"

namespace owhale::spawner {

// The steps of the jail, in their order. A failure carries its step's name; tests make each of them fail.
enum class Step : std::uint8_t {
    clone,
    idmaps,
    descriptors,
    ids,
    parent,
    network,
    hostname,
    mounts,
    root,
    system,
    devices,
    proc,
    view,
    approved,
    pivot,
    listener,
    limits,
    capabilities,
    undumpable,
    landlock,
    warden,
    terminal,
    stdio,
    cwd,
    intent,
    seccomp,
    exec,
};
const char* name_of(Step step);
#ifdef OWHALE_FAULTS
std::uint32_t step_to_fail(); // by the environment; 0xffff none
#endif
inline constexpr int kSteps = static_cast<int>(Step::exec) + 1;

struct MountOp {
    wire::MountKind kind;
    std::uint32_t flags = 0;
    std::string source;   // system: path; box: sub folder; file: content; symlink: text
    std::string target;   // absolute, inside the cage
    std::string host;     // resolved: the source's path outside, when it was admitted
    Fd tree;              // resolved: a detached mount, made by the spawner
    bool is_file = false; // resolved, mask: mount on a file rather than a folder
    bool landlock_write = false;
};

struct ApprovedFile { // its content was agreed to: a copy of it stands in its place
    std::string path; // absolute, inside the cage
    std::array<std::uint8_t, 32> digest{};
};

struct Filter {
    std::string name;
    std::vector<sock_filter> program;
    std::array<std::uint8_t, 32> digest{};
};

struct JailPlan {
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups;
    bool set_groups = true;
    bool net_host = false;
    bool tty = false;
    bool gated = false;                    // waits for a second go before the command
    bool daemon = false;                   // a listener of its own at wire::kDaemonSocket
    bool ssh_agent = false;                // one at wire::kSshAgentSocket
    bool scoped = false;                   // a network of its own, by `network`
    std::vector<std::uint16_t> host_ports; // that it listens for on the cage's loopback
    const NetworkScript* network = nullptr;
    std::uint16_t rows = 0, cols = 0;
    std::string hostname, program, cwd;
    Fd box; // a detached mount of the box, when the plan keeps one
    std::vector<std::string> argv, env;
    std::vector<char*> argv_p, env_p;
    std::vector<MountOp> mounts;
    std::vector<ApprovedFile> approved;
    std::vector<std::string> masks; // forbidden folders below a system folder
    std::vector<std::pair<int, rlimit>> rlimits;
    std::vector<int> cpus; // affinity, empty none
    const Filter* filter = nullptr;
    const Filter* warden_filter = nullptr;
    int landlock_abi = 0;
    bool scope_abstract = false;
    std::uint32_t fail_step = 0xffff; // tests only: this Step fails
    // join: enter these namespaces instead of making new ones
    std::vector<int> join; // descriptors, user first, then pid, the rest
    // descriptors of the child
    int setup = -1;                  // to the spawner: reads "go" (once more when gated), writes Failure or descriptors
    int report = -1;                 // to the spawner: writes the command's wait status, once
    int in = -1, out = -1, err = -1; // -1 in: /dev/null
};

// What the child says before the exec, if anything.
struct Message {
    enum Kind : std::uint32_t {
        failure = 1,
        terminal = 2,
        namespaces = 3,
        started = 4,
        listener = 5,
        network = 6,
        ssh_agent = 7,
        prepared = 8 // of a jail that waits for its plan
    } kind;
    std::uint32_t step;
    std::int32_t err;
    char detail[160];
    std::uint64_t step_ns[kSteps];
    NetworkMade made; // network: its descriptors come along
};

// The program's own argument strings: a cage's pid 1 shows them in /proc/1/cmdline, and they name owhaled's folders.
void set_argument_area(char* begin, std::size_t size);

// In the child: everything from the go of the spawner to the exec, and the warden's life after it.
[[noreturn]] void enter_jail(const JailPlan& plan);
[[noreturn]] void join_jail(const JailPlan& plan);
// The first part of enter_jail, by a plan that has ids, network, host name and masks; what comes then is the rest of the plan
// (plan_bytes.hpp) by `setup`, and the rest of enter_jail.
[[noreturn]] void wait_in_jail(const JailPlan& plan);

} // namespace owhale::spawner
