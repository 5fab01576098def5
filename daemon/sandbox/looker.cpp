#include "sandbox/looker.hpp"

#include <algorithm>

#include <cstring>
#include <unistd.h>

#include "sandbox/bounds.hpp"
#include "sandbox/gitconfig.hpp"
#include "sandbox/paths.hpp"
#include "sandbox/plan_builder.hpp"
#include "sandbox/workspace_register.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kMaxSettings = 64u << 10;
constexpr std::chrono::seconds kReadTime{3};
constexpr std::chrono::seconds kTurnTime{15};
constexpr std::size_t kMaxKnown = 256;
constexpr int kMaxTries = 8;

Error step_error(const wire::Resolved& facts, const std::string& cwd) {
    const std::string step(facts.step, ::strnlen(facts.step, sizeof facts.step));
    const auto code = [&] {
        if (step == "cwd" && facts.err == ENOENT) return Code::cwd_missing;
        if (step == "cwd" && facts.err == ENOTDIR) return Code::cwd_not_directory;
        if (step == "cwd") return Code::cwd_not_accessible;
        if (step == "workspace") return Code::workspace_refused;
        if (step == "user") return facts.err == ENOENT ? Code::invalid_value : Code::forbidden;
        if (step == "account") return Code::forbidden;
        if (step == "connection") return Code::conflict;
        return Code::busy;
    }();
    const auto message = [&]() -> std::string {
        if (step == "cwd") return cwd;
        if (step == "workspace") return "the workspace cannot be opened";
        if (step == "user" && facts.err == EEXIST) return "the account's uid belongs to a user of this machine";
        if (step == "user")
            return facts.err == ENOENT ? "run_as: there is no such user" : "this user may not be asked for here";
        if (step == "account") return "the account's own folder is not its own, or cannot be made";
        if (step == "connection") return "the connection has gone";
        if (step == "deadline")
            return "looking up the working folder and the program took too long: a network or FUSE mount may be "
                   "stalled";
        return "the working folder could not be looked up";
    }();
    const bool nobody = step == "user" && facts.err == ENOENT;
    const auto next = step == "cwd"        ? "give a folder that you can enter"
                      : step == "deadline" ? "unmount it, or work where nothing of it is needed"
                      : nobody             ? "name a user of this machine (getent passwd lists them)"
                                           : "";
    return Error{code, message, next, nobody ? 0 : facts.err, "resolve." + step};
}

// In which line a caller waits: accounts have no uid here that could be taken for somebody's.
std::uint32_t line_of(const Caller& caller) {
    return caller.account != 0 ? wire::kReservedUid + caller.account : caller.uid;
}

bool is_bare(const std::string& program) {
    return program.find('/') == std::string::npos;
}

// What the run that asks cannot write, its runs cannot either.
void hold_to_asker(const Caller& caller, Decision& decision) {
    if (!caller.asker || caller.asker->writable || !decision.writable) return;
    decision.writable = false;
    decision.reason = "run " + caller.asker->id + ", which asks, has it read-only";
}

// The folders of a search path that the host and the cage have in common.
std::string shown_path(const std::string& path, const View& view) {
    std::string out;
    for (const auto& folder : split_search_path(path)) {
        if (!is_within_any(folder, view.folders)) continue;
        if (!out.empty()) out += ':';
        out += folder;
    }
    return out;
}

bool has_private_entry(const std::string& path, const View& view) {
    for (const auto& folder : split_search_path(path))
        if (is_within_any(folder, view.private_) && !is_within_any(folder, view.folders)) return true;
    return false;
}

bool is_shown(const Resolution& resolution, const View& view) {
    return is_within_any(resolution.program_real, view.folders) &&
           (is_within_any(resolution.program, view.folders) || !is_clean_absolute(resolution.program));
}

} // namespace

WorkspaceRules Looker::rules_for(const Caller& caller, const Tables& tables, const Resolution& resolution) const {
    return {tables,
            resolution.facts.home.mode != 0 ? resolution.home : std::string(),
            resolution.facts.owner_uid,
            {settings_.state_dir, settings_.runtime_dir},
            settings_.rules->own_folder_is_workspace,
            account_folder(caller, ready_),
            workspaces_ != nullptr ? workspaces_->of(resolution.facts.owner_uid) : std::vector<std::string>()};
}

// An account is no user of this machine: inside it has its own name, and a private home.
void Looker::name_account(const Caller& caller, Looked& looked) const {
    constexpr std::string_view kUser = "user:";
    if (account_folder(caller, ready_).empty() || !caller.principal.starts_with(kUser)) return;
    looked.held.resolution.user = caller.principal.substr(kUser.size());
    looked.home = "/home/" + looked.held.resolution.user;
}

awaitable<Result<Held>> Looker::ask(const LookFacts& facts, const Ask& ask, const Probes& probes) {
    wire::Resolve message{};
    message.resolution = next_++;
    message.connection = facts.caller.connection;
    message.account = facts.caller.account;
    message.flags = wire::kResolveProgram | (ask.workspace.empty() ? 0u : wire::kResolveWorkspace);
    message.probe_count = static_cast<std::uint32_t>(probes.rows.size());
    const auto& request = facts.request;
    wire::Blob blob = {
        {ask.cwd, ask.workspace, ask.program, ask.path, request.home.value_or(""), request.run_as.value_or("")},
        probes.strings()};
    const auto& brokers = request.brokers;
    if (brokers && request.ssh_auth_sock && std::ranges::find(*brokers, "ssh-agent") != brokers->end()) {
        message.flags |= wire::kResolveSshAgent;
        blob[0].push_back(*request.ssh_auth_sock);
    }
    if (ask.scan) {
        message.flags |= wire::kResolveScan;
        auto& names = blob.emplace_back();
        for (const auto& name : facts.tables.protected_files)
            if (name.find('/') == std::string::npos) names.push_back(name); // one component is what a scan looks for
    }
    const auto turn = co_await turns_.take(line_of(facts.caller), kTurnTime);
    if (!turn) co_return std::unexpected(turn.error());
    auto resolution = co_await spawner_.resolve(message, std::move(blob));
    if (!resolution) co_return std::unexpected(resolution.error());
    if (resolution->facts.err != 0) co_return std::unexpected(step_error(resolution->facts, ask.cwd));
    co_return Held(spawner_, std::move(*resolution));
}

awaitable<std::string> Looker::read(Looked& looked, wire::ProbeBase base, std::string_view path, std::uint32_t uid) {
    auto& resolution = looked.held.resolution;
    auto fd = take_read(looked.probes, resolution, base, path);
    if (!fd) co_return std::string();
    wire::PathFact fact{};
    for (std::size_t i = 0; i < looked.probes.rows.size(); ++i)
        if (looked.probes.rows[i].base == base && looked.probes.rows[i].path == path &&
            (looked.probes.rows[i].flags & wire::kProbeRead) != 0)
            fact = Probes::fact(resolution, i);
    const FileKey key{fact.dev, fact.ino, fact.size, fact.mtime_ns, fact.ctime_ns};
    if (const auto found = known_.find(key); found != known_.end()) co_return found->second;
    Blocking::Job job = [shared = std::make_shared<Fd>(std::move(fd))]() -> Result<std::string> {
        std::string bytes(kMaxSettings, '\0');
        const auto n = ::pread(shared->get(), bytes.data(), bytes.size(), 0);
        bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return bytes;
    };
    auto text = co_await blocking_.run(uid, std::move(job), kReadTime);
    if (!text) co_return std::string();
    if (known_.size() >= kMaxKnown) known_.clear();
    known_[key] = *text;
    co_return std::move(*text);
}

awaitable<void> Looker::read_git(const Caller& caller, Looked& looked, const WorkspaceRules& rules,
                                 std::string& settings) {
    auto& resolution = looked.held.resolution;
    const auto uid = rules.owner_uid;
    // GCC 12: what a co_await takes over has a name of its own, here and elsewhere.
    for (const auto* file : {".config/git/config", ".gitconfig"}) {
        const auto text = co_await read(looked, wire::kBaseHome, file, uid);
        settings += without_credentials(text);
    }
    if (!git_is_outside(resolution)) co_return;
    const auto gitdir = co_await read(looked, wire::kBaseGit, "gitdir", uid);
    const auto config = co_await read(looked, wire::kBaseGit, "config", uid);
    looked.git = classify_git(resolution, rules, gitdir, config);
    looked.git.writable = may_write_git(caller, looked.git);
}

awaitable<Result<Looked>> Looker::look(LookFacts facts) {
    const auto& request = facts.request;
    Looked looked;
    looked.probes = make_probes(facts.profile, facts.tables,
                                facts.command.language != nullptr ? facts.command.language->needs : "");
    const auto wanted = wanted_path(request);
    Ask question{request.cwd.value_or(request.workspace.value_or("/")),
                 request.workspace.value_or(""),
                 facts.command.programs.front(),
                 wanted,
                 request.workspace.has_value(),
                 request.cwd || request.workspace};
    std::size_t candidate = 0;
    bool narrowed = false;
    // Each turn changes the question in a way that no later one takes back: there are few.
    for (int attempt = 0; attempt < kMaxTries; ++attempt) {
        auto held = co_await ask(facts, question, looked.probes);
        if (!held) co_return std::unexpected(held.error());
        looked.held = std::move(*held);
        auto& resolution = looked.held.resolution;
        const auto rules = rules_for(facts.caller, facts.tables, resolution);
        looked.decision = {};
        if (!request.cwd && !request.workspace) {
            resolution.cwd = "/tmp"; // no folder of the caller's at all
        } else {
            looked.decision = decide_workspace({resolution.cwd, resolution.workspace, resolution.facts.cwd.uid,
                                                resolution.facts.workspace.uid, question.named},
                                               rules);
        }
        if (looked.decision.refused)
            co_return fail(Code::workspace_refused,
                           resolution.workspace + " cannot be a workspace: " + looked.decision.reason,
                           "name a folder of your own below your home");
        if (looked.decision.retry_with_cwd) {
            question.workspace = resolution.cwd;
            continue;
        }
        if (!facts.profile.workspace_writable && looked.decision.writable) {
            looked.decision.writable = false;
            looked.decision.reason = "the profile " + facts.profile.name + " shows it read-only";
        }
        if (!facts.read_only.empty() && looked.decision.writable) {
            looked.decision.writable = false;
            looked.decision.reason = facts.read_only;
        }
        hold_to_asker(facts.caller, looked.decision);
        looked.home = cage_home(resolution.home, facts.tables);
        name_account(facts.caller, looked);
        std::string settings;
        co_await read_git(facts.caller, looked, rules, settings);
        looked.mounts = make_mounts({facts.profile, facts.tables, looked.probes, resolution, looked.decision,
                                     looked.git, looked.home == "/tmp" ? std::string() : looked.home, settings,
                                     facts.command.file_path, facts.command.file_text});
        const bool found = resolution.facts.program.mode != 0;
        if (found && is_shown(resolution, looked.mounts.view)) {
            looked.program = resolution.program;
            looked.program_err = 0;
            break;
        }
        looked.program_err = found ? ENOENT : resolution.facts.program.err;
        // To a run, what it does not see is not there.
        if (found && !facts.caller.asker)
            looked.program_said = resolution.program_real + " is there, but the cage does not show it";
        if (found && !narrowed && is_bare(question.program)) {
            narrowed = true;
            question.path = shown_path(wanted, looked.mounts.view);
            continue;
        }
        if (++candidate < facts.command.programs.size()) {
            question.program = facts.command.programs[candidate];
            continue;
        }
        break;
    }
    if (looked.program.empty() && facts.command.language == nullptr && looked.program_err != EACCES) {
        const auto& program = question.program;
        const auto& view = looked.mounts.view;
        if (is_bare(program))
            looked.search_in_cage = has_private_entry(wanted, view);
        else if (is_clean_absolute(program) && is_within_any(program, view.private_))
            looked.program = program;
    }
    co_return looked;
}

// About places alone: no command, no profile.
awaitable<Result<Held>> Looker::ask_about(const Caller& caller, std::string user, const Tables& tables, Ask question,
                                          Probes probes) {
    api::RunRequest request;
    if (!user.empty()) request.run_as = std::move(user);
    const Command command;
    const Profile profile;
    const LookFacts facts{request, command, profile, tables, caller};
    co_return co_await ask(facts, question, probes);
}

awaitable<Result<std::string>> Looker::real_path(const Caller& caller, std::string folder) {
    std::string as_caller;
    Probes none;
    const auto held = co_await look_into(caller, std::move(folder), std::move(as_caller), std::move(none));
    if (!held) co_return std::unexpected(held.error());
    co_return held->resolution.cwd;
}

awaitable<Result<Runs::Place>> Looker::workspace_at(const Caller& caller, std::string folder, std::string user,
                                                    const Tables& tables) {
    Probes none;
    const auto held = co_await look_into(caller, std::move(folder), std::move(user), std::move(none));
    if (!held) co_return std::unexpected(held.error());
    const auto& found = held->resolution;
    auto rules = rules_for(caller, tables, found);
    rules.registered.push_back(found.cwd);
    const auto judged = judge(found.cwd, found.facts.cwd.uid, true, rules);
    if (judged.access != Access::writable)
        co_return fail(
            Code::workspace_refused, found.cwd + " cannot be a workspace: " + judged.reason,
            "name a folder that belongs to that user, below the home or elsewhere; as root, --as names the user");
    co_return Runs::Place{found.cwd, rules.owner_uid};
}

awaitable<Result<Held>> Looker::look_up(const Caller& caller, std::string program, std::string path, std::string user) {
    const Tables tables;
    Ask question{"/", "", std::move(program), std::move(path), false, false};
    Probes none;
    co_return co_await ask_about(caller, std::move(user), tables, std::move(question), std::move(none));
}

awaitable<Result<Held>> Looker::look_into(const Caller& caller, std::string folder, std::string user, Probes probes) {
    const Tables tables;
    Ask question{std::move(folder), "/", "", "", true, false};
    co_return co_await ask_about(caller, std::move(user), tables, std::move(question), std::move(probes));
}

awaitable<Result<Held>> Looker::look_again(const Caller& caller, std::string workspace, std::string user,
                                           const Tables& tables, Probes probes) {
    const bool scan = !workspace.empty();
    Ask question{scan ? workspace : "/", workspace, "", "", scan, scan};
    co_return co_await ask_about(caller, std::move(user), tables, std::move(question), std::move(probes));
}

} // namespace owhale::sandbox
