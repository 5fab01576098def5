// The launcher's first half: from a request to all that is needed to run it. Nothing is done yet.
#include "sandbox/launcher.hpp"
#include "metrics/counts.hpp"

#include "sandbox/program_errors.hpp"
#include "sandbox/record.hpp"
#include "sandbox/request.hpp"
#include "sandbox/stopwatch.hpp"

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// Looks a program up where only the cage can see it. 127 and 126 are its own answers then; owhaled has the words for them.
constexpr std::string_view kSearchInside =
    "command -v -- \"$0\" >/dev/null || exec \"$0\" \"$@\" 2>/dev/null; exec \"$0\" \"$@\"";

// A link in its workspace may lead anywhere: what is there, or is not, is nothing that a run may learn by asking.
Error hidden_from(const Caller& caller, const Error& error) {
    const bool about_place = error.step == "resolve.cwd" || error.step == "resolve.workspace" ||
                             error.code == Code::forbidden || error.code == Code::workspace_refused;
    if (!caller.asker || !about_place) return error;
    return Error{Code::forbidden,
                 "cwd or workspace is no folder of run " + caller.asker->id + "'s workspace",
                 "work in " + caller.asker->workspace + " or below it",
                 0,
                 {}};
}

// Of stdin that is given whole: it is part of what is agreed to.
std::string stdin_digest(const api::RunRequest& request) {
    if (!request.stdin_ && !request.stdin_base64) return {};
    const auto given = given_stdin(request);
    return given ? sha256_hex(*given) : std::string();
}

Status check_language(const Prepared& prepared) {
    const auto* language = prepared.command.language;
    if (language == nullptr) return {};
    const auto missing = [&](std::string_view what, std::string_view package) {
        return fail(Code::language_missing,
                    std::string(language->name) + " needs " + std::string(what) + ", which is not installed",
                    "apt install " + std::string(package));
    };
    if (prepared.looked.program.empty()) return missing(language->program, language->package);
    if (language->needs.empty()) return {};
    const auto needs = prepared.looked.probes.find(Purpose::needs, wire::kBaseAbsolute, language->needs);
    if (!needs || Probes::fact(prepared.looked.held.resolution, *needs).mode == 0)
        return missing(language->needs, language->needs_package);
    return {};
}

void count_verdict(const api::Verdict& verdict, std::uint64_t us) {
    metrics::counts().verdicts.add(verdict.decision);
    metrics::counts().verdict.add(std::chrono::microseconds(us));
}

} // namespace

Status Launcher::set_limits(Prepared& prepared, const api::RunRequest& request, const Caller& caller) const {
    prepared.limits =
        TRY(choose_limits(request, *prepared.profile, prepared.command.is_code, parts_.settings, parts_.ready));
    return caller.asker ? hold_limits(prepared.limits, request, *caller.asker) : Status{};
}

Status Launcher::choose_program(Prepared& prepared) const {
    auto& looked = prepared.looked;
    CHECK(check_language(prepared));
    if (!looked.program.empty()) return {};
    const auto name = prepared.command.programs.back();
    if (looked.search_in_cage) {
        auto& argv = prepared.command.argv;
        argv.insert(argv.begin(), {"sh", "-c", std::string(kSearchInside)});
        looked.program = "/bin/sh";
        return {};
    }
    prepared.failure = looked.program_err == EACCES ? not_executable(name) : not_found(name, looked.program_said);
    return {};
}

awaitable<Result<std::vector<Fence>>> Launcher::real_fences(const Caller& caller) {
    auto all = fences(caller, parts_.ready);
    if (caller.cwd.empty()) co_return all; // the others are owhaled's own paths, without links
    const auto real = co_await looker_.real_path(caller, caller.cwd);
    if (!real) co_return std::unexpected(real.error());
    CO_CHECK(check_fence(caller.cwd, *real));
    co_return all;
}

awaitable<Result<Runs::Place>> Launcher::workspace_at(Caller caller, std::string folder, std::string user) {
    api::RunRequest request; // the limits of its words
    request.workspace = folder;
    if (!user.empty()) request.run_as = user;
    CO_CHECK(check_request(request, caller));
    const auto tables = parts_.profiles.tables();
    co_return co_await looker_.workspace_at(caller, std::move(folder), std::move(user), *tables);
}

awaitable<Result<Looked>> Launcher::look(Prepared& prepared, const Caller& caller, const Tables& tables) {
    const auto fenced = co_await real_fences(caller);
    if (!fenced) co_return std::unexpected(fenced.error());
    auto& request = prepared.request;
    for (int attempt = 0;; ++attempt) {
        const LookFacts facts{request, prepared.command, *prepared.profile, tables, caller, prepared.read_only};
        auto looked = co_await looker_.look(facts);
        // For a run the spawner refuses a repository's top that the run does not see.
        const bool above = !looked && caller.asker && looked.error().code == Code::workspace_refused;
        if (above && attempt == 0 && !request.workspace && !fenced->empty()) {
            request.workspace = fenced->back().folder;
            continue;
        }
        if (!looked) co_return std::unexpected(hidden_from(caller, looked.error()));
        // Without cwd and workspace there is nothing of the host's.
        const bool placed = request.cwd || request.workspace;
        const auto good = check_places(placed ? looked->held.resolution.cwd : "", looked->decision, *fenced);
        if (good) co_return looked;
        if (attempt != 0 || request.workspace) co_return std::unexpected(hidden_from(caller, good.error()));
        // A repository's top above the innermost fence: that folder itself will do.
        request.workspace = fenced->back().folder;
    }
}

awaitable<Status> Launcher::admit(Prepared& prepared, api::RunRequest request, const Caller& caller) {
    Stopwatch watch;
    CO_CHECK(check_request(request, caller));
    CO_CHECK(check_account(caller, parts_.ready));
    CO_CHECK(apply_bounds(request, caller, parts_.ready));
    auto command = make_command(request);
    if (!command) co_return std::unexpected(command.error());
    prepared.command = std::move(*command);
    auto profile = parts_.profiles.find(request.profile.value_or("default"));
    if (!profile) co_return std::unexpected(profile.error());
    prepared.profile = *profile;
    know_agent(prepared, caller, request);
    auto asked_net = request.net;
    CO_CHECK(set_limits(prepared, request, caller));
    prepared.request = std::move(request);
    CO_CHECK(choose_network(prepared, caller));
    const auto tables = parts_.profiles.tables();
    auto looked = co_await look(prepared, caller, *tables);
    if (!looked) co_return std::unexpected(looked.error());
    prepared.looked = std::move(*looked);
    CO_CHECK(co_await hold_agent(prepared, caller, *tables, std::move(asked_net)));
    prepared.timing["resolve"] = watch.lap();
    CO_CHECK(co_await judge(prepared, caller));
    prepared.timing["policy"] = watch.lap();
    count_verdict(prepared.verdict, prepared.timing["policy"]);
    if (prepared.verdict.decision != "allow") co_return Status{}; // what is agreed to, is agreed to as it was asked for
    CO_CHECK(co_await hold_to_ceiling(prepared, caller, *tables));
    co_return set_limits(prepared, prepared.request, caller); // the ceiling's profile may have narrower ones
}

awaitable<Result<api::Verdict>> Launcher::check(api::RunRequest request, const Caller& caller) {
    Prepared prepared;
    CO_CHECK(co_await admit(prepared, std::move(request), caller));
    co_return std::move(prepared.verdict);
}

// Before anybody is asked for what the spawner would refuse them.
Status Launcher::check_host_network(const Prepared& prepared) const {
    const auto& facts = prepared.looked.held.resolution.facts;
    if (prepared.request.net.value_or("none") != "host" || facts.net_host != 0) return {};
    const auto uid = std::to_string(facts.owner_uid);
    return fail(Code::net_host_denied, "uid " + uid + " may not use the host's network",
                "root can permit it: a line `net-host " + uid + "` in " + parts_.settings.spawner_config +
                    ", then restart owhaled; or leave out `--net host`");
}

awaitable<Result<Prepared>> Launcher::prepare(api::RunRequest request, const Caller& caller, std::uint64_t number,
                                              Uuid id) {
    Prepared prepared;
    prepared.stdin_digest = stdin_digest(request);
    CO_CHECK(co_await admit(prepared, std::move(request), caller));
    prepared.id = to_string(id);
    if (prepared.verdict.decision == "deny") co_return prepared;
    CO_CHECK(check_host_network(prepared));
    Stopwatch watch;
    CO_CHECK(choose_program(prepared));
    auto& resolution = prepared.looked.held.resolution;
    if (resolution.program_fd && !prepared.failure)
        prepared.program_digest =
            co_await digests_.of(std::move(resolution.program_fd), resolution.facts.program, caller.uid);
    CO_CHECK(co_await bind_what_is_asked(prepared, caller, prepared.looked.mounts.view,
                                         search_path(prepared.request, prepared.looked.mounts.view)));
    prepared.timing["digest"] = watch.lap();
    // A run's runs have private folders that end with them: its box is whoever's made it.
    if (!caller.asker)
        prepared.box = box_key({caller.principal, caller.cwd, resolution.facts.owner_uid, prepared.looked.decision.path,
                                prepared.profile->name});
    if (!prepared.failure) CO_CHECK(prepare_network(prepared, caller, number));
    auto plan = make_plan({prepared.request, prepared.command, *prepared.profile, resolution, prepared.looked.probes,
                           prepared.looked.mounts, prepared.limits, prepared.looked.program, prepared.looked.home,
                           prepared.box, id, number, prepared.profile->daemon && !caller.asker,
                           parts_.settings.rules->tracing, prepared.cage_net, prepared.secret_env, prepared.scope});
    if (!plan) co_return std::unexpected(plan.error());
    prepared.plan = std::move(*plan);
    prepared.timing["plan"] = watch.lap();
    co_return prepared;
}

awaitable<Result<Prepared>> Launcher::prepare_exec(api::ExecRequest asked, const Caller& caller, const Run& target,
                                                   std::uint64_t number, Uuid id) {
    Prepared prepared;
    prepared.verb = "runs.exec";
    prepared.join = target.number();
    prepared.joined = target.id();
    CO_CHECK(check_request(asked));
    CO_CHECK(check_account(caller, parts_.ready));
    auto& request = prepared.request;
    request.argv = std::move(asked.argv);
    request.tty = asked.tty;
    request.rows = asked.rows;
    request.cols = asked.cols;
    request.stdin_open = asked.stdin_open;
    request.detach = asked.detach;
    request.attach = asked.attach;
    request.net = target.record.net;
    auto command = make_command(request);
    if (!command) co_return std::unexpected(command.error());
    prepared.command = std::move(*command);
    prepared.id = to_string(id);
    const auto name = prepared.command.programs.front();
    const bool bare = name.find('/') == std::string::npos;
    auto wanted = bare ? name : std::string();
    auto held = co_await looker_.look_up(caller, std::move(wanted), target.cage.path, target.cage.run_as);
    if (!held) co_return std::unexpected(held.error());
    prepared.looked.held = std::move(*held);
    auto& resolution = prepared.looked.held.resolution;
    prepared.looked.mounts.cwd = asked.cwd.value_or(target.cage.cwd);
    prepared.looked.program = bare                    ? resolution.program
                              : name.starts_with('/') ? name
                                                      : prepared.looked.mounts.cwd + "/" + name;
    prepared.looked.search_in_cage = prepared.looked.program.empty();
    prepared.looked.decision.path = target.record.workspace;
    prepared.looked.decision.writable = target.receipt.workspace_writable;
    if (const auto profile = parts_.profiles.find(target.cage.profile)) prepared.profile = *profile;
    prepared.limits.wall_ms = asked.timeout_ms.value_or(0);
    const auto added = asked.env.value_or(std::map<std::string, std::string>{});
    Stopwatch judging;
    CO_CHECK(co_await judge_exec(prepared, caller, target, added));
    count_verdict(prepared.verdict, judging.lap());
    if (prepared.verdict.decision == "deny") co_return prepared;
    CO_CHECK(choose_program(prepared));
    if (resolution.program_fd)
        prepared.program_digest =
            co_await digests_.of(std::move(resolution.program_fd), resolution.facts.program, caller.uid);
    request.env = asked.env;
    const auto own_path = added.find("PATH");
    auto path = own_path == added.end() ? target.cage.path : own_path->second;
    CO_CHECK(co_await bind_what_is_asked(prepared, caller, target.cage.view, std::move(path)));
    prepared.plan = make_exec_plan({prepared.command, target.cage.environment, asked.env, target.cage.filter,
                                    prepared.looked.mounts.cwd, prepared.looked.program, resolution.number,
                                    target.number(), number, id, prepared.limits.wall_ms, request});
    co_return prepared;
}

} // namespace owhale::sandbox
