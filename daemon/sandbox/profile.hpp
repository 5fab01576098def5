// One profile: what a cage has beyond the base, as TOML.
//
//   description = "…"        extends = "default"      filter = "default" | "build" | "strict"
//   workspace = "writable" | "readonly"               unix_sockets = false            daemon = false
//   agents = false                                   state = [".x/sessions"]    of the home, writable: what comes back out
//   system = ["/var/lib/dpkg"]                        toolchains = [".cargo/bin"]     home files and folders, read-only
//   [env] NAME = "value"
//   [limits] memory = "2G", pids = 512, cpus = 1.5, io = "20M", file_size = "1G", open_files = 1024, timeout = "5m", box = "1G"
//   [network] mode = "none" | "scoped"                of runs that ask for none themselves
//             hosts = ["api.example.com:443", "@npm"] inspect = false                asks = true
//             http = [{host = "api.example.com", methods = ["GET"], paths = ["/v1"]}] (needs inspect)
//             host_ports = [5432]                     publish = ["127.0.0.1:8080:80"] secrets = ["NAME"]
//             ssh_keys = ["SHA256:…"]                 of the agent's, those that its runs may use
//
// A list adds to what the profile it extends has; a single value replaces it. Unknown keys are refused by
// name, line and column.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api_network.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

struct ProfileLimits { // bytes, counts; absent: the settings decide
    std::optional<std::uint64_t> memory, pids, file_size, open_files, box, cpu_milli, io;
    std::optional<std::chrono::milliseconds> timeout; // 0: none
};

struct ProfileNetwork {
    std::string mode;                 // "" the setting `network` decides
    std::vector<api::HostRule> hosts; // `from` names the profile
    std::optional<bool> asks;         // absent: as the mode says
    bool inspect = false;
    std::vector<std::uint16_t> host_ports;
    std::vector<api::Publish> publish;
    std::vector<std::string> ssh_keys; // empty: all of the agent's
    std::vector<std::string> secrets;  // that its runs use by placeholder
};

struct Profile {
    std::string name, description, extends;
    std::string filter = "default";
    bool workspace_writable = true;
    bool unix_sockets = false;
    bool daemon = false;                     // a listener of the run's own, by which it asks owhaled for narrower runs
    bool agents = false;                     // known agents have their state and their provider (sandbox/agents.hpp)
    std::string agent;                       // which one this run's command is; never read from a file
    std::vector<std::string> state;          // relative to the home, writable where it exists and is the caller's
    std::vector<std::string> state_readonly; // of an agent's, among the toolchains
    std::vector<std::string> system;         // absolute
    std::vector<std::string> toolchains;     // relative to the home
    std::map<std::string, std::string> env;
    ProfileLimits limits;
    ProfileNetwork network;

    std::string source; // file it came from
    std::string text;   // the TOML as read
    std::string digest; // hex SHA-256 of the text, and of those it extends
};

// Lists that no profile changes: profiles/tables.toml.
struct Tables {
    std::vector<std::string> credentials;     // relative to a home: never mounted, never a workspace
    std::vector<std::string> protected_files; // relative to a workspace: read-only where they exist, reported where new
    std::vector<std::string> git_protected;   // relative to a git folder: the same
    std::vector<std::string> system;          // absolute: visible in every cage, never a workspace
    std::vector<std::string> sockets; // relative to a workspace: told in the receipt where a profile permits them
    std::vector<std::string> hidden;  // absolute: never mounted because a client stands there
};

// Parses a profile; `base` is the one it extends, or null. Errors are profile_invalid: "FILE:LINE:COLUMN: what".
Result<Profile> parse_profile(std::string_view name, std::string_view file, std::string_view text, const Profile* base);
// The `extends` of a text, "" when none.
Result<std::string> profile_extends(std::string_view file, std::string_view text);
Result<Tables> parse_tables(std::string_view file, std::string_view text);

} // namespace owhale::sandbox
