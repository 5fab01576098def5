// owhalectl runs show: one run with its receipt, or where its time went.
#include <algorithm>
#include <map>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/device_names.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/timing.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string run;
    bool timing = false;
};

template <typename Words> std::string joined(const Words& words, std::string_view separator = ", ") {
    std::string out;
    for (const auto& word : words) {
        if (!out.empty()) out += separator;
        out += word;
    }
    return out;
}

std::string command_line(const api::Run& run) {
    std::vector<std::string> words;
    for (const auto& word : run.command) words.push_back(quoted(word));
    return joined(words, " ");
}

std::string groups(const api::Receipt& receipt) {
    std::vector<std::string> kept;
    for (const auto group : receipt.groups_kept) kept.push_back(std::to_string(group));
    const auto dropped = receipt.groups_dropped == 0 ? "" : "; " + std::to_string(receipt.groups_dropped) + " dropped";
    return (kept.empty() ? "none kept" : joined(kept)) + dropped;
}

std::string limits(const api::Receipt& receipt) {
    std::vector<std::string> all;
    for (const auto& [name, value] : receipt.limits) all.push_back(name + " " + value);
    return joined(all);
}

std::string usage(const api::Usage& usage) {
    const auto processes = usage.pids_peak == 0 ? "" : ", processes " + std::to_string(usage.pids_peak);
    return "wall " + format_duration_us(usage.wall_us) + ", user " + format_duration_us(usage.user_us) + ", system " +
           format_duration_us(usage.system_us) + ", memory " + format_size(usage.memory_peak) + processes;
}

std::string disk(const api::Usage& usage) {
    return "read " + format_size(usage.disk_read.value_or(0)) + ", written " +
           format_size(usage.disk_written.value_or(0));
}

std::string stalled(const api::Stalled& stalled) {
    return "for cpu " + format_duration_us(stalled.cpu_us) + ", for memory " + format_duration_us(stalled.memory_us) +
           ", for disks " + format_duration_us(stalled.io_us);
}

std::string output(const api::Run& run) {
    return "stdout " + format_size(run.stdout_length) + ", stderr " + format_size(run.stderr_length) +
           (run.truncated ? ", the middle not kept" : "");
}

std::string children(const api::Run& run) {
    constexpr std::size_t kShown = 20;
    const auto& all = *run.children;
    std::string out = std::to_string(run.live_children.value_or(0)) + " alive";
    for (std::size_t i = 0; i < all.size() && i < kShown; ++i) out += ", " + all[i];
    if (all.size() > kShown) out += ", and more: owhalectl runs ls -a";
    return out;
}

void add_run(Fields& fields, const api::Run& run) {
    fields.add("Run", run.id, Tone::bold);
    fields.add("State", run.state, run.exit_code.value_or(0) == 0 ? tone_of_state(run.state) : Tone::bad);
    if (run.exit_code) fields.add("Exit code", std::to_string(*run.exit_code));
    fields.add("Signal", run.signal.value_or(""));
    fields.add("Limit", run.limit.value_or(""), Tone::bad);
    fields.add("Error", run.error ? run.code.value_or("failed") + ": " + *run.error : "", Tone::bad);
    fields.add("Step", run.step.value_or(""), Tone::bad);
    fields.add("Command", command_line(run));
    fields.add("Principal", run.principal);
    fields.add("Created", in_seconds(run.created));
    fields.add("Started", in_seconds(run.started.value_or("")));
    fields.add("Ended", in_seconds(run.ended.value_or("")));
    fields.add("Folder", run.cwd);
    fields.add("Workspace", run.workspace.empty() ? "none: the folder was read-only" : run.workspace);
    fields.add("Profile", run.profile);
    fields.add("Network", run.net);
    fields.add("Box", run.box.value_or(""));
    fields.add("In the cage of", run.joined.value_or(""));
    fields.add("Asked for by", run.parent ? "run " + *run.parent : "");
    if (run.children) fields.add("Its runs", children(run));
    fields.add("Detached", run.detached ? "yes" : "");
    fields.add("Terminal", run.tty ? "yes" : "");
    fields.add("Output", output(run));
    if (run.verdict)
        fields.add("Verdict", run.verdict->decision + (run.verdict->reason.empty() ? "" : ": " + run.verdict->reason));
    fields.add("Approval", run.approval.value_or(""));
    fields.add("Grant", run.grant.value_or(""));
    for (const auto& hint : run.hints)
        fields.add("Hint", hint.what + (hint.next.empty() ? "" : " -- " + hint.next), Tone::warn);
}

// Devices by what they were called as they agreed, where we may read that.
std::string agreed_by(Context& context, const api::Receipt& receipt) {
    std::map<std::string, std::string> names;
    if (receipt.approval && std::ranges::any_of(receipt.approved_by, is_device)) {
        const auto body = context.ask({.verb = "approvals.show", .id = *receipt.approval});
        const auto approval = body ? read_approval(*body) : std::unexpected(body.error());
        if (approval)
            for (const auto& one : approval->decisions) names[one.by] = one.device_name.value_or("");
    }
    std::vector<std::string> out;
    for (const auto& who : receipt.approved_by) out.push_back(called(who, names[who]));
    return joined(out);
}

void add_receipt(Fields& fields, const api::Receipt& receipt, const std::string& agreed_by) {
    fields.add("Program", receipt.program);
    fields.add("Program digest", receipt.program_digest);
    fields.add("Command digest", receipt.command_digest);
    fields.add("Agreed to", receipt.plan_digest.value_or(""));
    fields.add("Agreed by", agreed_by);
    fields.add("Ran as", "uid " + std::to_string(receipt.uid) + ", gid " + std::to_string(receipt.gid));
    fields.add("Groups", groups(receipt));
    fields.add("Namespaces", joined(receipt.namespaces));
    fields.add("Landlock", receipt.landlock_abi == 0 ? "none" : "ABI " + std::to_string(receipt.landlock_abi));
    fields.add("seccomp",
               receipt.seccomp + (receipt.seccomp_digest.empty() ? "" : " " + receipt.seccomp_digest.substr(0, 16)));
    fields.add("Limits", limits(receipt));
    fields.add("Usage", usage(receipt.usage));
    if (receipt.usage.disk_read) fields.add("Disks", disk(receipt.usage));
    if (receipt.usage.stalled) fields.add("Waited", stalled(*receipt.usage.stalled));
    for (const auto& weaker : receipt.weaker) fields.add("Weaker", weaker, Tone::warn);
    for (const auto& planted : receipt.planted) fields.add("Planted", planted, Tone::warn);
    fields.add("Sockets", joined(receipt.sockets));
    fields.add("Agent", receipt.agent.value_or(""));
    if (receipt.agent_state)
        for (const auto& state : *receipt.agent_state) fields.add("State", state);
    fields.add("Signed by", receipt.signature.empty() ? "nobody" : receipt.key_id);
}

std::string port_text(const api::Publish& port) {
    return port.address.value_or("127.0.0.1") + ":" + std::to_string(port.host) + " -> " + std::to_string(port.port);
}

void add_network(Fields& fields, const api::NetReport& report) {
    fields.add("Traffic", std::to_string(report.connections) +
                              (report.connections == 1 ? " connection" : " connections") + " to hosts, up " +
                              format_size(report.up) + ", down " + format_size(report.down));
    for (const auto& port : report.ports) fields.add("Published", port_text(port));
    for (const auto& weaker : report.weaker) fields.add("Weaker", weaker, Tone::warn);
}

// Those that its rule does not name already.
std::string secrets_of(const api::NetTry& one) {
    const auto names = one.secrets ? joined(*one.secrets) : std::string();
    return names.empty() || one.rule.starts_with("secret " + names + " ") ? "" : " (secret " + names + ")";
}

// Let through by its name, and refused at each try by its address: told once, as refused.
bool is_told_below(const api::NetTry& one, const api::NetReport& report) {
    if (one.verdict != "allow" || one.address || one.up + one.down != 0) return false;
    return std::any_of(report.hosts.begin(), report.hosts.end(), [&](const api::NetTry& other) {
        return other.verdict == "deny" && other.host == one.host && other.port == one.port && other.how == one.how &&
               other.count >= one.count;
    });
}

// What has no port is no place: a kind of signature, a request to the ssh agent, a name that was only looked up.
std::string place_of(const api::NetTry& one) {
    const auto host = one.host.empty() ? one.address.value_or("?") : one.host;
    if (one.how == "ssh-agent" && (host == "git" || host == "file")) return "a signature of " + host;
    if (one.port == 0) return host;
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(one.port);
}

std::string network_table(const Look& look, const api::NetReport& report) {
    if (report.hosts.empty()) return {};
    Table table({"HOST", "HOW", "VERDICT", "RULE", "N", "UP", "DOWN", "LONGEST"}, 3);
    for (const auto& one : report.hosts) {
        if (is_told_below(one, report)) continue;
        table.row({{place_of(one)},
                   {one.how},
                   {one.verdict, one.verdict == "deny" ? Tone::bad : Tone::good},
                   {one.rule + secrets_of(one)},
                   {std::to_string(one.count)},
                   {format_size(one.up)},
                   {format_size(one.down)},
                   {one.ms == 0 ? "-" : format_duration_us(one.ms * 1000)}});
    }
    auto out = "\n" + table.text(look);
    if (report.more != 0) out += "and " + std::to_string(report.more) + " hosts more\n";
    return out;
}

std::string timing_table(const Look& look, const api::Run& run) {
    Table table({"STEP", "TIME", "WHAT"}, 0);
    for (const auto& step : timed_steps(run.timing))
        table.row({{step.name}, {std::to_string(step.us) + " us"}, {std::string(step.meaning)}});
    return table.text(look);
}

Result<int> show(Context& context, const Arguments& arguments) {
    const auto id = TRY(context.run_id(arguments.run));
    const auto body = TRY(context.ask({.verb = "runs.show", .id = id}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto run = TRY(read_run(body));
    if (arguments.timing) {
        CHECK(print(timing_table(context.look(), run)));
        return kOk;
    }
    Fields fields;
    add_run(fields, run);
    if (run.network) add_network(fields, *run.network);
    if (run.receipt) add_receipt(fields, *run.receipt, agreed_by(context, *run.receipt));
    CHECK(print(fields.text(context.look()) + (run.network ? network_table(context.look(), *run.network) : "")));
    return kOk;
}

} // namespace

void declare_runs_show(Command runs) {
    auto command = runs.sub("show", "Show a run: how it ended, and the receipt of its cage");
    auto arguments = std::make_shared<Arguments>();
    command.positional("ID", arguments->run, "the run", Kind::run_id);
    command.flag("--timing", arguments->timing, "where its time went, step by step");
    command.handler([arguments](Context& context) { return show(context, *arguments); });
}

} // namespace owhale::cli
