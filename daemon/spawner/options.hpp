// What the spawner is told once, by the supervisor's command line and by its own root-owned file; never by the broker.
//
// The file (spawner.conf) is line-oriented, `key value`, # comments:
//   net-host UID          this uid may ask for the host's network
//   forbid PATH           never mounted, nor anything below it
//   system PATH           one more system folder that a plan may show, read-only
//   max-memory SIZE       ceiling of one run; SIZE in bytes or with K, M, G
//   max-pids N            ceiling of one run
//   max-runs N            runs at a time, of all uids
//   pool N                jails that wait for runs, of all uids; 0 none
//   publish any           runs may publish ports on every address of this machine, not on loopback alone
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sandbox/plan.hpp"
#include "shared/error.hpp"

namespace owhale::spawner {

struct Options {
    int channel = -1;
    int listener = -1;
    int tcp_listener = -1;                   // -1: no TCP
    std::string accounts_dir;                // folder of the folders of TCP accounts, "" none
    std::map<wire::File, std::string> files; // what `reopen` opens
    std::string scratch;                     // an empty folder of ours; a private tmpfs is mounted on it
    std::string cgroup;                      // folder below which runs get theirs, "" none
    std::string config;                      // spawner.conf
    std::string heads;                       // file of the audit log's tree heads, "" none
    std::vector<std::string> forbid;         // state, runtime and configuration folders
    std::vector<std::string> system;         // further system folders
    std::vector<std::uint32_t> net_host;
    std::uint64_t max_memory = 0; // 0: none
    std::uint64_t max_pids = 16384;
    std::uint64_t max_runs = 1024;
    std::uint64_t pool = 8;
    std::uint64_t box_idle_s = 3600;
    std::uint32_t reserved_uid = wire::kReservedUid;
    bool rootless = false;
    bool publish_any = false;
};

// Whether spawner.conf lists that requester: with its own rights alone does a run use the host's network.
bool may_use_host_network(const Options& options, std::uint32_t uid);

Result<Options> parse_options(int argc, char** argv);

} // namespace owhale::spawner
