// owhaled's settings: one table (settings_table.cpp), four sources. A flag wins over an environment variable, that over
// the configuration file, that over the default. Times are milliseconds, sizes bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "config/modes.hpp"
#include "shared/error.hpp"

namespace owhale::config {

enum class Action { serve, help, version, print_config, check_config };
enum class Role { supervisor, broker };

struct Row { // one setting in force, as --print-config and GET /v1/config show it
    std::string key, value;
    std::string source; // "default", "file PATH:LINE", "environment OWHALE_X", "flag --x"
    std::string help;
};

struct Settings {
    Action action = Action::serve;
    Role role = Role::supervisor;
    bool rootless = false;       // the effective uid is not 0
    const Mode* rules = nullptr; // of `mode`; never null after load()
    uid_t uid = 0;               // whom the broker runs as
    gid_t gid = 0;
    std::string config_file;            // "" when none was read
    std::vector<std::string> arguments; // argv as given

    std::string mode; // "local", "strict"
    std::string state_dir, runtime_dir, socket, profile_dir, policy_dir, spawner, spawner_config, user;
    std::uint64_t max_body = 0; // bytes
    std::uint64_t max_connections = 0, max_connections_per_uid = 0;
    std::uint64_t max_runs = 0, max_runs_per_principal = 0;
    std::uint64_t memory = 0; // bytes a run may use
    std::uint64_t pids = 0;
    std::uint64_t output_limit = 0;                // bytes a run may write to both streams; 0: no limit
    std::uint64_t keep_output = 0, keep_bytes = 0; // bytes per stream, bytes per principal
    std::uint64_t keep_days = 0;
    std::chrono::milliseconds run_timeout{}, code_timeout{}, kill_grace{}, box_idle{};
    std::string redact_live;          // "on", "off"
    std::string approval_expiry;      // "10m", "high=30m critical=1h" (config/severities.hpp)
    std::string quorum;               // "critical=2"
    std::string approver_severity;    // up to which the role approver decides
    std::uint64_t prompt_budget = 0;  // questions of one principal an hour; further ones are throttled
    std::uint64_t approval_burst = 0; // pending questions of one principal; further ones are throttled
    std::string log_level;            // "error", "warning", "info", "debug"

    std::string tcp;               // "127.0.0.1:7717", "[::1]:7717", "off"
    std::string tls;               // "on", "off"
    std::string tls_cert, tls_key; // PEM files; "": a self-signed pair of owhaled's own
    std::string hosts;             // further names, by space or comma, that clients may call this owhaled by
    std::string trusted_proxies;   // addresses, by space or comma, whose X-Forwarded-For is believed
    std::string accounts_dir;      // folders of TCP accounts, whose commands run as reserved uids
    std::string unix_roles;        // "1000=agent,auditor @sudo=admin *=agent"; "" the mode's
    std::uint64_t max_connections_per_address = 0;                                 // TCP; IPv6 by /64
    std::uint64_t login_rate = 0, api_rate = 0, api_burst = 0, anonymous_rate = 0; // a minute; burst: at once
    std::uint64_t argon2_memory = 0;                                               // bytes
    std::uint64_t argon2_passes = 0;
    std::chrono::milliseconds session_ttl{}, key_rotation{};

    std::string egress;          // "on", "off": off leaves the broker without the right to connect anywhere
    std::string network;         // of runs that ask for none: "none", "scoped"
    std::string dns;             // servers "192.0.2.53 [2001:db8::53]:5353"; "": those of /etc/resolv.conf
    std::string hosts_dir;       // folder of the administrator's host lists (*.toml)
    std::uint64_t net_bytes = 0; // that one run may move, both ways; 0: no limit
    std::uint64_t net_connections = 0, net_connections_at_once = 0; // of one run
    std::string vault_key;                                          // "auto", "credential", "file", "passphrase", "off"
    std::string vault_key_file;
    std::string audit_journal;                   // copies to journald: "off", "checkpoints", "all"
    std::string audit_journal_socket;            // of journald's own protocol
    std::string audit_heads;                     // the spawner's file of tree heads
    std::chrono::milliseconds audit_retention{}; // age at which the bodies of audit events are dropped; 0: never

    std::vector<Row> rows;             // in the table's order
    std::vector<std::string> warnings; // to be logged once logging is set up
};

// Reads argv, the environment and the configuration file. Fails with bad_request for the command line (exit 2) and
// with config_invalid for the environment or the file (exit 1); both name the key, and the nearest one for a typo.
// With Action::help or ::version the rest is not read.
Result<Settings> load(int argc, char** argv);

// SIGHUP: the log level as the same sources say it now; every other setting waits for the next start.
Result<std::string> reload_log_level(const Settings& settings);

// --help, made from the table.
std::string help_text();
// --print-config: "key = value  # source", which is a valid configuration file.
std::string to_text(const Settings& settings);

} // namespace owhale::config
