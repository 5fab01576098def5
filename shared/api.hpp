// The API's messages, as described structs: the JSON codec (shared/codec.hpp) and OpenAPI are made from them.
// Optional members may be left out; every other one is required in a request. Unknown keys are refused by name.
// Sizes are bytes, durations are milliseconds, times RFC 3339 UTC with microseconds, digests lower-case hex SHA-256.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/api_network.hpp"

namespace owhale::api {

struct Limits {
    std::optional<std::uint64_t> memory, pids, output, file_size, open_files; // bytes, count, bytes, bytes, count
    std::optional<double> cpus;                                               // 0.01 to 1024
    std::optional<std::uint64_t> io; // bytes a second, read and written each, on each disk: at least 65,536
};
BOOST_DESCRIBE_STRUCT(Limits, (), (memory, pids, output, file_size, open_files, cpus, io))

struct RunRequest {                                        // POST /v1/runs: exactly one of argv, script, language+code
    std::optional<std::vector<std::string>> argv;          // 1 to 10,000 strings, no NUL
    std::optional<std::string> script;                     // run by bash -c if there is one, else sh -c
    std::optional<std::string> language, code;             // python javascript typescript bash perl ruby
    std::optional<std::vector<std::string>> args;          // further arguments for script or code
    std::optional<std::string> cwd;                        // absolute; default: a private empty folder
    std::optional<std::string> workspace;                  // absolute; default: found from cwd
    std::optional<std::map<std::string, std::string>> env; // added to the profile's
    std::optional<std::string> path;                       // the caller's PATH; entries outside the view are dropped
    std::optional<std::string> stdin_; // JSON "stdin": given whole; UTF-8 (the codec drops the trailing _)
    std::optional<std::string> stdin_base64;
    std::optional<std::string> profile; // default "default"
    std::optional<Limits> limits;
    std::optional<std::uint64_t> timeout_ms; // 0: none
    std::optional<bool> wait;                // answer when it has ended
    std::optional<bool> detach;              // goes on when its client goes
    std::optional<bool> attach;              // output held back until a WebSocket attaches (10 s at most)
    std::optional<bool> stdin_open;          // stdin comes over the WebSocket
    std::optional<bool> tty;
    std::optional<std::uint32_t> rows, cols;
    std::optional<std::string> net;    // "none", "scoped", "host"; default: the setting `network`
    std::optional<std::string> run_as; // user name; uid 0 callers only
    std::optional<std::string> home;   // the caller's HOME, a hint when /etc/passwd does not know the uid
    std::optional<std::string>
        description; // the agent's own words for whoever is asked: at most 4 KiB, shown as untrusted
    std::optional<std::vector<HostRule>> allow_hosts;     // at most 64; net scoped
    std::optional<std::vector<Publish>> ports;            // at most 16
    std::optional<std::vector<std::uint16_t>> host_ports; // at most 16
    std::optional<std::vector<SecretUse>> secrets;        // at most 32
    std::optional<std::vector<std::string>> brokers;      // "ssh-agent"
    std::optional<std::string> ssh_auth_sock;             // the caller's own agent, for that broker; absolute
    std::optional<bool> inspect;                          // a CA of the run's own, so that owhaled reads its TLS
};
BOOST_DESCRIBE_STRUCT(RunRequest, (),
                      (argv, script, language, code, args, cwd, workspace, env, path, stdin_, stdin_base64, profile,
                       limits, timeout_ms, wait, detach, attach, stdin_open, tty, rows, cols, net, run_as, home,
                       description, allow_hosts, ports, host_ports, secrets, brokers, ssh_auth_sock, inspect))

struct ExecRequest { // POST /v1/runs/{id}/exec
    std::vector<std::string> argv;
    std::optional<std::string> cwd;
    std::optional<std::map<std::string, std::string>> env;
    std::optional<std::uint64_t> timeout_ms;
    std::optional<bool> wait, detach, attach, stdin_open, tty;
    std::optional<std::uint32_t> rows, cols;
    std::optional<std::string> description; // as of RunRequest
};
BOOST_DESCRIBE_STRUCT(ExecRequest, (),
                      (argv, cwd, env, timeout_ms, wait, detach, attach, stdin_open, tty, rows, cols, description))

struct SignalRequest {
    std::string signal; // "TERM", "SIGTERM" or "15"
};
BOOST_DESCRIBE_STRUCT(SignalRequest, (), (signal))

struct KillRequest {
    std::optional<std::uint64_t> grace_ms; // default 10,000
};
BOOST_DESCRIBE_STRUCT(KillRequest, (), (grace_ms))

struct Stream {                          // kept output of one stream: all of it, or its head and its tail
    std::string text;                    // UTF-8, or base64 when `encoding` says so
    std::optional<std::string> encoding; // "base64"
    std::uint64_t length = 0;            // true length in bytes
    bool truncated = false;
    std::string digest; // of everything written
};
BOOST_DESCRIBE_STRUCT(Stream, (), (text, encoding, length, truncated, digest))

struct Stalled { // how long one of its processes or more waited for it: the kernel's pressure stall information, "some"
    std::uint64_t cpu_us = 0, memory_us = 0, io_us = 0;
};
BOOST_DESCRIBE_STRUCT(Stalled, (), (cpu_us, memory_us, io_us))

struct Usage {
    std::uint64_t wall_us = 0, user_us = 0, system_us = 0, memory_peak = 0, pids_peak = 0;
    std::optional<std::uint64_t> disk_read, disk_written; // bytes; where cgroup v2 counts them
    std::optional<Stalled> stalled;                       // where the kernel keeps it for a cgroup
};
BOOST_DESCRIBE_STRUCT(Usage, (),
                      (wall_us, user_us, system_us, memory_peak, pids_peak, disk_read, disk_written, stalled))

struct Opaque {                       // what cannot be known before it runs
    std::uint32_t begin = 0, end = 0; // bytes, in what was judged
    std::string reason;
};
BOOST_DESCRIBE_STRUCT(Opaque, (), (begin, end, reason))

struct Ceiling { // what a run has at most; absent: nothing is said
    std::optional<std::string> net, profile;
    std::optional<bool> read_only; // the workspace, too
    std::optional<std::vector<std::string>> hosts;
};
BOOST_DESCRIBE_STRUCT(Ceiling, (), (net, profile, read_only, hosts))

struct Verdict {
    std::string decision; // "allow", "ask", "deny"
    std::string reason;
    std::string rule;                    // its id; "default", "syntax", "bounds", "layers" where none decided
    std::optional<std::string> severity; // none low medium high critical
    std::optional<std::string> segment;  // the part that decided; secrets masked, at most 4 KiB
    std::optional<std::uint32_t> segment_begin,
        segment_end; // bytes, in the script or code, or in argv quoted for a shell
    std::optional<std::vector<Opaque>> opaque;
    std::optional<Ceiling> ceiling;
    std::optional<std::string> change; // TOML: the smallest rule that would change the verdict
    std::optional<std::string> policy; // version of the rules: a digest
};
BOOST_DESCRIBE_STRUCT(Verdict, (),
                      (decision, reason, rule, severity, segment, segment_begin, segment_end, opaque, ceiling, change,
                       policy))

struct CheckRequest { // POST /v1/policy/check: as RunRequest; nothing is run
    std::optional<std::vector<std::string>> argv;
    std::optional<std::string> script, language, code, cwd, workspace, path, profile, net, home;
    std::optional<std::map<std::string, std::string>> env;
};
BOOST_DESCRIBE_STRUCT(CheckRequest, (), (argv, script, language, code, cwd, workspace, path, profile, net, home, env))

struct PolicyRule {
    std::string id, decision, severity, reason;
    std::vector<std::string> modes; // empty: all
    std::string file;               // where it stands
    std::uint32_t line = 0;
    std::optional<std::vector<std::string>> overrides, match, no_match; // the last two: of one rule, not of a list
};
BOOST_DESCRIBE_STRUCT(PolicyRule, (), (id, decision, severity, reason, modes, file, line, overrides, match, no_match))
struct PolicyRules {
    std::string version; // a digest: changes when a rule does
    std::string mode;
    std::vector<PolicyRule> rules;
};
BOOST_DESCRIBE_STRUCT(PolicyRules, (), (version, mode, rules))
struct PolicyLoaded {
    std::string version;
    std::uint64_t rules = 0; // how many
};
BOOST_DESCRIBE_STRUCT(PolicyLoaded, (), (version, rules))

struct Hint {
    std::string what; // "wrote outside the workspace: /etc/foo (EROFS)"
    std::string next; // which flag, profile line or rule would change it
};
BOOST_DESCRIBE_STRUCT(Hint, (), (what, next))

struct Receipt { // what the run had: signed (Ed25519 over its RFC 8785 form without `signature`)
    std::uint32_t version = 1;
    std::string run, principal, started, ended;
    std::vector<std::string> namespaces;
    std::uint32_t landlock_abi = 0;
    std::string seccomp; // filter name
    std::string seccomp_digest;
    std::string profile;
    std::string profile_digest;
    std::string net;
    std::optional<NetScope> scope;    // of a scoped network
    std::optional<NetReport> network; // what came of it
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups_kept;
    std::uint32_t groups_dropped = 0;
    std::string program;        // real path
    std::string program_digest; // "" when not taken
    std::string command_digest; // of the canonical JSON of argv, env, cwd
    std::string workspace;
    bool workspace_writable = false;
    std::map<std::string, std::string> limits; // "memory" -> "536870912 by cgroup"
    std::optional<std::string> decision, rule,
        policy; // of the verdict: what was decided, by which rule, of which version
    std::optional<std::string> plan_digest, approval, grant; // what was agreed to, by which request, by which grant
    std::vector<std::string> approved_by;
    std::vector<std::string> weaker;                     // sentences: what is weaker here than it could be
    std::vector<std::string> planted;                    // files newly made that a later uncaged program would run
    std::vector<std::string> sockets;                    // visible pathname sockets, where the profile permits AF_UNIX
    std::optional<std::string> agent;                    // of agents/*.toml: whose state it was shown
    std::optional<std::vector<std::string>> agent_state; // "/home/a/.x/sessions writable", "/home/a/.x/y read-only"
    std::string state;
    std::optional<std::int32_t> exit_code;
    std::optional<std::string> signal;
    std::optional<std::string> limit; // which limit ended it
    Usage usage;
    std::string stdout_digest, stderr_digest;
    std::string signature; // base64; "" when unsigned
    std::string key_id;
};
BOOST_DESCRIBE_STRUCT(Receipt, (),
                      (version, run, principal, started, ended, namespaces, landlock_abi, seccomp, seccomp_digest,
                       profile, profile_digest, net, scope, network, uid, gid, groups_kept, groups_dropped, program,
                       program_digest, command_digest, workspace, workspace_writable, limits, decision, rule, policy,
                       plan_digest, approval, grant, approved_by, weaker, planted, sockets, agent, agent_state, state,
                       exit_code, signal, limit, usage, stdout_digest, stderr_digest, signature, key_id))

struct Run {
    std::string id;
    std::string state; // queued waiting_approval starting running exited signaled timed_out limit_exceeded killed
                       // denied expired cancelled failed lost
    std::optional<std::int32_t> exit_code; // as a shell would say it: 128+n for a signal, 124 timed out
    std::optional<std::string> signal;     // "SIGKILL"
    std::optional<std::string> limit;      // memory pids output file_size wall
    std::optional<std::string> code;       // error code when state is failed or denied
    std::optional<std::string> error;      // its message
    std::optional<std::string> step;       // the jail step that failed
    std::string principal;
    std::string created;
    std::optional<std::string> started, ended;
    std::vector<std::string> command;    // argv; for a script: ["bash","-c",TEXT], for code the like; secrets masked
    std::optional<std::string> kind;     // "argv", "script", "code": what was asked
    std::optional<std::string> language; // of code
    std::string cwd;
    std::string workspace;
    std::string profile;
    std::string net;
    bool detached = false;
    bool tty = false;
    std::optional<std::string> joined;                // the run whose cage an exec entered
    std::optional<std::string> parent;                // the run that asked for it
    std::optional<std::vector<std::string>> children; // of one run that may ask: its newest 100
    std::optional<std::uint64_t> live_children;       // how many of its runs live: they end with it
    std::optional<std::string> box;
    std::optional<std::string> stdout_,
        stderr_; // JSON "stdout", "stderr": waited and ended only (the codec drops the _)
    std::optional<std::string> stdout_encoding, stderr_encoding; // "base64" when not UTF-8
    bool truncated = false;
    std::uint64_t stdout_length = 0, stderr_length = 0;
    std::optional<Verdict> verdict;
    std::optional<std::string> approval; // the request that it waits or waited for
    std::optional<std::string> grant;    // the standing grant that let it run
    std::optional<Receipt> receipt;
    std::optional<NetReport> network; // of a run that has a network of its own
    std::vector<Hint> hints;
    std::map<std::string, std::uint64_t> timing; // microseconds per step, in order of name: "audit", "jail.mounts", …
};
BOOST_DESCRIBE_STRUCT(Run, (),
                      (id, state, exit_code, signal, limit, code, error, step, principal, created, started, ended,
                       command, kind, language, cwd, workspace, profile, net, detached, tty, joined, parent, children,
                       live_children, box, stdout_, stderr_, stdout_encoding, stderr_encoding, truncated, stdout_length,
                       stderr_length, verdict, approval, grant, receipt, network, hints, timing))

struct RunList {
    std::vector<Run> runs;           // without output and receipt
    std::optional<std::string> next; // pass as ?before=
};
BOOST_DESCRIBE_STRUCT(RunList, (), (runs, next))

struct Why {
    std::string id, state;
    std::string summary;
    std::vector<Hint> hints;
};
BOOST_DESCRIBE_STRUCT(Why, (), (id, state, summary, hints))

struct Box {
    std::string id, workspace, created, last_used;
    std::vector<std::string> runs; // live ones
};
BOOST_DESCRIBE_STRUCT(Box, (), (id, workspace, created, last_used, runs))
struct BoxList {
    std::vector<Box> boxes;
};
BOOST_DESCRIBE_STRUCT(BoxList, (), (boxes))

struct Health {
    std::string status; // "ok"
};
BOOST_DESCRIBE_STRUCT(Health, (), (status))

struct ServerStatus {
    std::string version, mode, state_dir, started;
    bool rootless = false;
    std::uint64_t runs_live = 0, runs_total = 0, connections = 0;
    std::vector<std::string> weaker;
    std::string tcp;                            // "127.0.0.1:7717", "off"
    std::optional<std::string> tls_fingerprint; // "SHA256:" and 64 hexadecimal digits; absent: TCP is plain or off
    std::vector<std::string> frozen; // principals that start nothing, "*" everybody; those the caller may know of
};
BOOST_DESCRIBE_STRUCT(ServerStatus, (),
                      (version, mode, state_dir, started, rootless, runs_live, runs_total, connections, weaker, tcp,
                       tls_fingerprint, frozen))

struct Whoami {
    std::string principal, why;
    std::vector<std::string> roles, permissions; // "runs_read" over one's own, "runs_read:any" over everyone's
    std::string peer;                            // what the connection itself is: "unix:1000", "tcp 127.0.0.1"
    std::optional<std::string> session, expires; // of the token
    std::optional<std::string> profile, cwd;     // what the token confines runs to
    std::optional<std::string> device_name;      // of a paired device: what it is called
    bool must_change_password = false;
    std::optional<std::string> stepped_up_until; // this connection's window
    std::string daemon;                          // version, pid, root or rootless
};
BOOST_DESCRIBE_STRUCT(Whoami, (),
                      (principal, why, roles, permissions, peer, session, expires, profile, cwd, device_name,
                       must_change_password, stepped_up_until, daemon))

struct Check {
    std::string name;
    std::string state;  // "ok", "weaker", "missing"
    std::string detail; // what is there
    std::string lost;   // what is lost without it
    std::string fix;    // how to get it
};
BOOST_DESCRIBE_STRUCT(Check, (), (name, state, detail, lost, fix))
struct Doctor {
    std::string summary;
    bool strict_ready = false;
    std::vector<Check> checks;
};
BOOST_DESCRIBE_STRUCT(Doctor, (), (summary, strict_ready, checks))

struct ConfigRow {
    std::string key, value, source, help;
};
BOOST_DESCRIBE_STRUCT(ConfigRow, (), (key, value, source, help))
struct ConfigList {
    std::vector<ConfigRow> settings;
};
BOOST_DESCRIBE_STRUCT(ConfigList, (), (settings))

struct Profile {
    std::string name, description, digest, source;
    std::string text; // the TOML
};
BOOST_DESCRIBE_STRUCT(Profile, (), (name, description, digest, source, text))
struct ProfileList {
    std::vector<Profile> profiles; // without text
};
BOOST_DESCRIBE_STRUCT(ProfileList, (), (profiles))

struct Problem { // RFC 9457
    std::string type, title, detail, code;
    std::uint32_t status = 0;
    std::optional<std::string> next; // what to do next
    std::optional<std::string> step;
    std::optional<Verdict> verdict;
    std::optional<std::string> run;           // id of the run that was refused, if one was recorded
    std::optional<std::string> approval;      // id of the request that was not agreed to
    std::optional<std::uint32_t> retry_after; // seconds, as the header Retry-After
};
BOOST_DESCRIBE_STRUCT(Problem, (), (type, title, detail, code, status, next, step, verdict, run, approval, retry_after))

} // namespace owhale::api
