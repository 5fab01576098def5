#include "sandbox/record.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <sys/stat.h>

#include "audit/event.hpp"
#include "base/clock.hpp"
#include "base/utf8.hpp"
#include "redact/redactor.hpp"
#include "sandbox/layers.hpp"
#include "sandbox/paths.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

// Of a command in records and events, as JSON; its digest is of all of it. An agent writes as many as it may ask for.
constexpr std::size_t kMaxLogged = 16u << 10;

// How much of a text has so much room as a JSON string; takes it from the room.
std::size_t fitting(std::string_view text, std::size_t& room) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        const std::size_t size = c < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : 1;
        if (size > room) break;
        room -= size;
    }
    return at;
}

struct NamespaceRow {
    std::uint32_t bit;
    std::string_view name;
};
constexpr std::array kNamespaces = {
    NamespaceRow{1, "user"}, NamespaceRow{2, "pid"},  NamespaceRow{4, "mount"},   NamespaceRow{8, "net"},
    NamespaceRow{16, "ipc"}, NamespaceRow{32, "uts"}, NamespaceRow{64, "cgroup"},
};

// The spawner tells the last of its steps.
constexpr std::array<std::string_view, std::size(decltype(wire::RunStarted::step_ns){})> kSteps = {
    "system",     "devices",  "proc",   "view",     "approved", "pivot", "listener", "limits",  "capabilities",
    "undumpable", "landlock", "warden", "terminal", "stdio",    "cwd",   "intent",   "seccomp", "exec",
};

std::string command_digest(const Prepared& prepared) {
    boost::json::object all;
    boost::json::array argv, env;
    for (const auto& text : prepared.command.argv) argv.emplace_back(text);
    for (const auto& text : prepared.plan.environment) env.emplace_back(printable(text));
    all["argv"] = std::move(argv);
    all["env"] = std::move(env);
    all["cwd"] = printable(prepared.looked.mounts.cwd);
    if (!prepared.command.file_text.empty()) all["file"] = sha256_hex(prepared.command.file_text);
    const auto text = audit::canonical(all);
    return text ? sha256_hex(*text) : std::string();
}

std::vector<std::string> weaker_here(const Prepared& prepared, const wire::Ready& ready) {
    auto out = weaker(ready);
    const auto& looked = prepared.looked;
    for (const auto& path : looked.mounts.unpinned)
        out.push_back(printable(path) + " is a symbolic link: it can be replaced by the run");
    if (looked.git.kind == GitOutside::unproven)
        out.push_back("the git folder " + printable(looked.git.git) + " does not name this workspace and is not shown");
    if (prepared.request.net.value_or("none") == "host")
        out.emplace_back("the host's network: every service that listens on it can be reached");
    if (prepared.profile && prepared.profile->unix_sockets)
        out.emplace_back("sockets by name (AF_UNIX): whatever listens on one in a visible folder can be reached");
    if (looked.held.resolution.facts.groups_dropped == 0 && ready.rootless != 0 &&
        looked.held.resolution.facts.group_count > 0)
        out.emplace_back("it has your supplementary groups");
    return out;
}

// Why nothing can be written where the client stands; a profile that was chosen needs no words.
std::optional<api::Hint> workspace_hint(const Prepared& prepared) {
    const auto& looked = prepared.looked;
    const auto& decision = looked.decision;
    if (decision.writable || decision.reason.empty() || prepared.join != 0) return std::nullopt;
    if (prepared.profile && !prepared.profile->workspace_writable) return std::nullopt;
    const auto& cwd = looked.held.resolution.cwd;
    const bool shown = !decision.path.empty() || is_within_any(cwd, looked.mounts.view.folders);
    const bool own = !shown && (cwd == "/" || is_within_any(cwd, looked.mounts.view.private_));
    const auto* how = shown ? " is read-only: " : own ? " is the box's own, not the host's: " : " is not shown: ";
    return api::Hint{printable(decision.path.empty() ? cwd : decision.path) + how + decision.reason,
                     "work in a folder of your own, or name one with --workspace DIR"};
}

std::string amount(std::uint64_t value, std::string_view by) {
    return std::to_string(value) + std::string(by);
}

} // namespace

std::string printable(std::string_view text) {
    if (codec::is_utf8(text)) return std::string(text);
    std::string out;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x80)
            out += c;
        else
            out += "\\x" + to_hex({&c, 1});
    }
    return out;
}

std::string code_name(Code code) {
    return std::string(describe(code).name);
}

void cut_command(std::vector<std::string>& command, std::size_t most) {
    constexpr std::size_t kAround = 3; // quotes and comma
    std::size_t left = most;
    for (auto at = command.begin(); at != command.end(); ++at) {
        const auto fits = left < kAround ? 0 : fitting(*at, left -= kAround);
        if (fits == at->size() && left >= kAround) continue;
        at->resize(size_to_cut(*at, fits));
        *at += "…";
        command.erase(at + 1, command.end());
        return;
    }
}

std::optional<std::string> network_note(const Prepared& prepared) {
    if (prepared.verdict.decision != "ask" || prepared.request.net.value_or("none") != "none") return std::nullopt;
    if (prepared.talks_to.empty()) return std::nullopt;
    return "it will have no network: its cage has none (net none), and it talks to " + prepared.talks_to;
}

api::Run make_record(const Prepared& prepared, const Caller& caller, bool tty, bool detached) {
    const auto& looked = prepared.looked;
    api::Run run;
    run.id = prepared.id;
    run.state = name(State::queued);
    run.principal = caller.principal;
    run.created = rfc3339(wall_clock_us());
    run.command = prepared.command.shown;
    redact::redact_arguments(run.command);
    cut_command(run.command, kMaxLogged);
    run.kind = prepared.request.script ? "script" : prepared.command.is_code ? "code" : "argv";
    if (prepared.command.language != nullptr) run.language = std::string(prepared.command.language->name);
    run.cwd = printable(looked.mounts.cwd);
    run.workspace = printable(looked.decision.path);
    run.profile = prepared.profile ? prepared.profile->name : "";
    run.net = prepared.request.net.value_or("none");
    run.detached = detached;
    run.tty = tty;
    if (!prepared.box.empty()) run.box = prepared.box;
    run.verdict = prepared.verdict;
    run.timing = prepared.timing;
    run.hints = prepared.narrowed;
    if (auto note = network_note(prepared))
        run.hints.push_back({std::move(*note), "--allow-host HOST lets it reach one; --net host, if you may use it"});
    if (auto hint = workspace_hint(prepared)) run.hints.push_back(std::move(*hint));
    return run;
}

api::Receipt make_receipt(const Prepared& prepared, const Caller& caller, const wire::Ready& ready) {
    const auto& looked = prepared.looked;
    const auto& facts = looked.held.resolution.facts;
    api::Receipt receipt;
    receipt.run = prepared.id;
    receipt.principal = caller.principal;
    receipt.seccomp = prepared.plan.message.filter;
    if (prepared.profile) {
        receipt.profile = prepared.profile->name;
        receipt.profile_digest = prepared.profile->digest;
    }
    receipt.net = prepared.request.net.value_or("none");
    receipt.scope = prepared.scope;
    receipt.uid = facts.uid;
    receipt.gid = facts.gid;
    receipt.groups_kept.assign(facts.groups,
                               facts.groups + std::min<std::size_t>(facts.group_count, std::size(facts.groups)));
    receipt.groups_dropped = facts.groups_dropped;
    receipt.program =
        printable(looked.held.resolution.program_real.empty() ? looked.program : looked.held.resolution.program_real);
    receipt.program_digest = prepared.program_digest;
    receipt.command_digest = command_digest(prepared);
    for (const auto& path : looked.mounts.sockets) receipt.sockets.push_back(printable(path));
    if ((prepared.plan.message.flags & wire::kRunDaemon) != 0)
        receipt.sockets.push_back(std::string(wire::kDaemonSocket) + " (owhaled's, as run:" + prepared.id + ")");
    if (prepared.profile && !prepared.profile->agent.empty()) receipt.agent = prepared.profile->agent;
    if (!looked.mounts.state.empty()) {
        receipt.agent_state.emplace();
        for (const auto& line : looked.mounts.state) receipt.agent_state->push_back(printable(line));
    }
    receipt.workspace = printable(looked.decision.path);
    receipt.workspace_writable = looked.decision.writable;
    receipt.decision = prepared.verdict.decision;
    receipt.rule = prepared.verdict.rule;
    receipt.policy = prepared.verdict.policy;
    receipt.weaker = weaker_here(prepared, ready);
    if (prepared.agreed) {
        receipt.plan_digest = prepared.plan_digest;
        if (!prepared.agreed->approval.empty()) receipt.approval = prepared.agreed->approval;
        if (!prepared.agreed->grant.empty()) receipt.grant = prepared.agreed->grant;
        receipt.approved_by = prepared.agreed->by;
    }
    return receipt;
}

void add_started(api::Receipt& receipt, const RunLimits& limits, const wire::RunStarted& facts) {
    for (const auto& row : kNamespaces)
        if ((facts.namespaces & row.bit) != 0) receipt.namespaces.emplace_back(row.name);
    receipt.landlock_abi = facts.landlock_abi;
    receipt.seccomp_digest = to_hex({reinterpret_cast<const char*>(facts.filter_digest), sizeof facts.filter_digest});
    const auto by = facts.limits_by;
    if (limits.memory != 0)
        receipt.limits["memory"] = amount(limits.memory, (by & 1) != 0 ? " by cgroup" : " by sampler");
    if (limits.pids != 0) receipt.limits["pids"] = amount(limits.pids, (by & 4) != 0 ? " by cgroup" : " by rlimit");
    if (limits.cpu_milli != 0) {
        receipt.limits["cpu_milli"] = amount(limits.cpu_milli, (by & 16) != 0 ? " by cgroup" : " by affinity");
        if ((by & 16) == 0)
            receipt.weaker.emplace_back("cpus: held to whole processors by affinity, which the command can take back");
    }
    if (limits.io != 0 && (by & 64) != 0) receipt.limits["io"] = amount(limits.io, " by cgroup");
    if (limits.io != 0 && (by & 64) == 0)
        receipt.weaker.emplace_back("io: not held: owhaled has no io controller of cgroup v2");
    if (limits.wall_ms != 0) receipt.limits["wall_ms"] = amount(limits.wall_ms, " by timer");
    if (limits.output != 0) receipt.limits["output"] = amount(limits.output, " by owhaled");
    if (limits.file_size != 0) receipt.limits["file_size"] = amount(limits.file_size, " by rlimit");
    if (limits.open_files != 0) receipt.limits["open_files"] = amount(limits.open_files, " by rlimit");
    if (facts.idmapped != 0)
        receipt.weaker.emplace_back("the caller is root: it runs as uid " + std::to_string(receipt.uid) +
                                    ", shared by all of root's runs, and writes root's files in the workspace");
}

void add_jail_times(std::map<std::string, std::uint64_t>& timing, const wire::RunStarted& facts) {
    for (std::size_t i = 0; i < kSteps.size(); ++i)
        if (facts.step_ns[i] != 0) timing["jail." + std::string(kSteps[i])] = facts.step_ns[i] / 1000;
}

namespace {

// What a person who reads the log wants to know of a verdict, and what finds the rule again.
void put_verdict(boost::json::object& data, const api::Verdict& verdict) {
    data["verdict"] = verdict.decision;
    data["rule"] = verdict.rule;
    data["reason"] = verdict.reason;
    if (verdict.severity) data["severity"] = *verdict.severity;
    if (verdict.segment && verdict.decision != "allow") data["segment"] = *verdict.segment;
    if (verdict.policy) data["policy"] = *verdict.policy;
}

void put_agreement(boost::json::object& data, const api::Receipt& receipt) {
    if (receipt.plan_digest) data["plan_digest"] = *receipt.plan_digest;
    if (receipt.approval) data["approval"] = *receipt.approval;
    if (receipt.grant) data["grant"] = *receipt.grant;
    if (receipt.approved_by.empty()) return;
    boost::json::array by;
    for (const auto& who : receipt.approved_by) by.emplace_back(who);
    data["approved_by"] = std::move(by);
}

} // namespace

boost::json::object intent_data(const api::Run& record, const api::Receipt& receipt) {
    boost::json::object data;
    boost::json::array command;
    for (const auto& text : record.command) command.emplace_back(text);
    data["command"] = std::move(command);
    if (record.kind) data["kind"] = *record.kind; // of script and code, the text stands behind "-c", or "-c" and "--"
    if (record.language) data["language"] = *record.language;
    data["command_digest"] = receipt.command_digest;
    data["cwd"] = record.cwd;
    data["workspace"] = record.workspace;
    data["workspace_writable"] = receipt.workspace_writable;
    data["profile"] = record.profile;
    data["profile_digest"] = receipt.profile_digest;
    data["net"] = record.net;
    if (receipt.scope) data["scope"] = codec::encode(*receipt.scope);
    data["uid"] = receipt.uid;
    data["program"] = receipt.program;
    data["program_digest"] = receipt.program_digest;
    if (record.joined) data["joined"] = *record.joined;
    if (record.verdict) put_verdict(data, *record.verdict);
    put_agreement(data, receipt);
    return data;
}

} // namespace owhale::sandbox
