#include "cli/hook_rulings.hpp"

#include "cli/environment.hpp"
#include "cli/escape.hpp"
#include "cli/events.hpp"
#include "cli/hook_paths.hpp"
#include "cli/messages.hpp"
#include "cli/own_commands.hpp"
#include "cli/patch_files.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

using Ruled = HookDecision::Kind;

constexpr std::size_t kMostLine = 120 << 10; // one argument of a program has 128 KiB: execve(2)
constexpr std::size_t kMostFiles = 64;       // of one call
constexpr std::string_view kNoCage = "Filter only, no cage: ";

std::string sentence(std::string text) {
    if (!text.empty() && !text.ends_with('.') && !text.ends_with('!')) text += '.';
    return text;
}

Result<api::Verdict> ask_owhaled(Context& context, const api::CheckRequest& request) {
    Call call{.verb = "policy.check", .body = write(request)};
    call.silent = true;
    return read_verdict(TRY(context.ask(std::move(call))));
}

// As `owhalectl run` would ask from that folder.
Result<api::CheckRequest> request_in(Context& context, const std::string& folder) {
    RunOptions options;
    options.cwd = folder;
    options.no_stdin = true;
    const bool far = TRY(context.where()).host.has_value();
    if (far)
        return fail(Code::bad_request, "owhaled is reached over TCP, so that this folder may not be its folder",
                    "let the hook use its socket: unset OWHALE_HOST");
    auto run = TRY(request_of(options, true, far));
    api::CheckRequest check;
    check.cwd = std::move(run.cwd);
    check.path = std::move(run.path);
    check.home = std::move(run.home);
    check.env = std::move(run.env);
    return check;
}

// The reason, the rule and the part, for the model. How to change a grave denial is for people to look up.
std::string told(const api::Verdict& verdict) {
    auto out = sentence(escaped(verdict.reason)) + " (rule " + escaped(verdict.rule) + ")";
    if (verdict.segment && verdict.segment->size() < 400) out += " The part: " + escaped(*verdict.segment);
    if (verdict.decision == "deny" && verdict.severity != "critical" && verdict.change)
        out += "\nOnly the person you work for can change that, by a rule in /etc/owhaled/policy.d:\n" +
               escaped_lines(*verdict.change);
    return out;
}

HookDecision denied(const api::Verdict& verdict) {
    return {Ruled::deny, "owhaled denies it: " + told(verdict) + "\nDo not try another way to the same end.", {}};
}

// A person could not tell either what it does, and the model mends it at once.
HookDecision unreadable(const api::Verdict& verdict) {
    return {Ruled::deny, "owhaled denies it: " + sentence(escaped(verdict.reason)) + " Mend it, and try again.", {}};
}

HookDecision caged(const api::Verdict& verdict, std::string line) {
    if (verdict.decision == "ask")
        return {Ruled::rewrite,
                "owhaled asks a person before it runs this, and it waits for the answer: " + told(verdict) +
                    " (owhalectl approvals watch)",
                std::move(line)};
    return {Ruled::rewrite, "It runs in owhaled's cage. A cd or export in it lasts for this command only.",
            std::move(line)};
}

// Where the agent's hook cannot change the command: the model can write it so by itself, and then it is let pass.
HookDecision uncaged(const api::Verdict& verdict, const std::string& line) {
    return {Ruled::ask,
            std::string(kNoCage) + "this agent's hook cannot put a command into owhaled's cage" +
                (verdict.decision == "ask" ? ", and its rules ask: " + told(verdict) : "") +
                ". Written like this it runs caged: " + escaped(line),
            {}};
}

HookDecision rule_own(const Agent& agent, const HookCall& call, const OwnCommand& own) {
    if (own.kind == OwnCommand::Kind::human)
        return {Ruled::deny,
                "owhalectl " + escaped(own.verb) +
                    " is for the person you work for. Tell them what you need; do not try it.",
                {}};
    auto line = command_line(own.words);
    if (agent.dialect.rewrite) return {Ruled::rewrite, "It is a call of owhalectl already.", std::move(line)};
    if (line == call.value) return {Ruled::same, "It is a call of owhalectl already.", {}};
    return {Ruled::deny, "Write it like this, word for word, and it is let pass: " + escaped(line), {}};
}

Result<HookDecision> rule_command(Context& context, const Agent& agent, const HookCall& call) {
    const auto program = TRY(own_program());
    const auto own = own_command(call.value, call.folder, program);
    if (own.kind != OwnCommand::Kind::other) return rule_own(agent, call, own);
    auto line = command_line({program, "run", "-n", "--script=" + call.value});
    if (line.size() > kMostLine)
        return HookDecision{Ruled::deny,
                            "The command is too long for one line of a shell. Write it into a file of the "
                            "workspace, and run that.",
                            {}};
    auto request = TRY(request_in(context, call.folder));
    request.script = call.value;
    const auto verdict = TRY(ask_owhaled(context, request));
    if (verdict.rule == "syntax") return unreadable(verdict);
    if (verdict.decision != "allow" && verdict.decision != "ask") return denied(verdict);
    return agent.dialect.rewrite ? caged(verdict, std::move(line)) : uncaged(verdict, line);
}

HookDecision stricter(HookDecision one, HookDecision other) {
    return other.kind > one.kind ? std::move(other) : std::move(one);
}

HookDecision of(const PathRuling& ruling) {
    if (ruling.kind == PathRuling::Kind::none) return {};
    if (ruling.kind == PathRuling::Kind::deny)
        return {Ruled::deny, "owhaled's hook denies it: " + escaped(ruling.why) + ".", {}};
    return {Ruled::ask, std::string(kNoCage) + escaped(ruling.why) + ".", {}};
}

HookDecision of(const api::Verdict& verdict) {
    if (verdict.decision == "allow") return {};
    if (verdict.decision != "ask") return denied(verdict);
    return {Ruled::ask, std::string(kNoCage) + told(verdict), {}};
}

// A program that does to the path what the tool does: then the rules say of it what they would say of a command.
std::vector<std::string> as_command(ToolKind kind, const Located& where) {
    std::vector<std::string> words = {"cat", "--"};
    if (kind == ToolKind::write) words = {"tee", "--"};
    if (kind == ToolKind::search) words = {"grep", "-r", "-e", "x", "--"};
    words.push_back(where.named);
    if (where.real != where.named) words.push_back(where.real);
    return words;
}

Result<HookDecision> rule_path(Context& context, ToolKind kind, const std::string& path, const std::string& folder) {
    const auto home = own_variable("HOME").value_or("");
    const auto real_home = home.empty() ? "" : TRY(locate(home, "/", "")).real;
    const auto where = TRY(locate(path, folder, home));
    auto here = kind == ToolKind::write
                    ? rule_write(where, workspace_around(TRY(locate(folder, "/", "")).real, real_home), real_home)
                    : rule_read(where, real_home);
    if (here.kind == PathRuling::Kind::deny) return of(here);
    auto request = TRY(request_in(context, folder));
    request.argv = as_command(kind, where);
    if (!is_utf8(where.real)) return HookDecision{Ruled::deny, "The path is not UTF-8.", {}};
    return stricter(of(here), of(TRY(ask_owhaled(context, request))));
}

Result<HookDecision> rule_patch(Context& context, const HookCall& call) {
    const auto files = patched_files(call.value);
    if (files.empty() || files.size() > kMostFiles)
        return HookDecision{Ruled::deny, "The patch names no file, or more than 64. Make it smaller.", {}};
    HookDecision out;
    for (const auto& file : files)
        out = stricter(std::move(out), TRY(rule_path(context, ToolKind::write, file, call.folder)));
    return out;
}

// A pattern's folder stands for all that it finds: as far as that is below it.
Result<HookDecision> rule_pattern(Context& context, const std::string& pattern, const std::string& folder) {
    const auto glob = pattern.find_first_of("*?[]{}!()");
    if (glob == std::string::npos) return rule_path(context, ToolKind::read, pattern, folder);
    const auto slash = pattern.rfind('/', glob);
    const auto from = slash == std::string::npos ? std::string(".") : pattern.substr(0, slash + 1);
    if (pattern.find("..", glob) != std::string::npos || pattern.find_first_of("{}!()", glob) != std::string::npos)
        return HookDecision{Ruled::deny, "Name files, or patterns of * and ? alone.", {}};
    if (from.starts_with('/') || from.starts_with('~') || from.find("..") != std::string::npos)
        return HookDecision{Ruled::deny, "A pattern is for files below the current folder. Name them one by one.", {}};
    return rule_path(context, ToolKind::search, from, folder);
}

Result<HookDecision> rule_reads(Context& context, const HookCall& call) {
    if (call.values.empty() || call.values.size() > kMostFiles)
        return HookDecision{Ruled::deny, "It names no file, or more than 64. Name fewer.", {}};
    HookDecision out;
    for (const auto& one : call.values) out = stricter(std::move(out), TRY(rule_pattern(context, one, call.folder)));
    return out;
}

} // namespace

Result<HookDecision> rule_on(Context& context, const Agent& agent, const HookCall& call) {
    switch (call.kind) {
    case ToolKind::none:
        return HookDecision{};
    case ToolKind::refused:
        return HookDecision{Ruled::deny, escaped(call.tool) + " is no shell that owhaled knows. Use sh or bash.", {}};
    case ToolKind::shell:
        return rule_command(context, agent, call);
    case ToolKind::patch:
        return rule_patch(context, call);
    case ToolKind::reads:
        return rule_reads(context, call);
    case ToolKind::search:
        return rule_path(context, call.kind, call.value.empty() ? call.folder : call.value, call.folder);
    case ToolKind::read:
    case ToolKind::write:
        return rule_path(context, call.kind, call.value, call.folder);
    }
    return HookDecision{Ruled::deny, "unknown", {}};
}

} // namespace owhale::cli
