#include "sandbox/launcher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "sandbox/outcome.hpp"
#include "sandbox/planted.hpp"
#include "sandbox/record.hpp"
#include "sandbox/request.hpp"
#include "sandbox/why.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kMaxUnwritten = 10'000; // outcomes; the next start tells the rest as lost
constexpr int kNotFound = 127, kNotExecutable = 126;
// Looks a program up where only the cage can see it. 127 and 126 are its own answers then; owhaled has the words for them.
constexpr std::string_view kSearchInside =
    "command -v -- \"$0\" >/dev/null || exec \"$0\" \"$@\" 2>/dev/null; exec \"$0\" \"$@\"";

std::string code_name(Code code) {
    return std::string(owhale::describe(code).name);
}

class Stopwatch { // microseconds since the last look
public:
    std::uint64_t lap() {
        const auto now = monotonic_ns();
        return static_cast<std::uint64_t>((now - std::exchange(last_, now)) / 1000);
    }

private:
    std::int64_t last_ = monotonic_ns();
};

Error not_found(const std::string& program, const std::string& said) {
    return Error{Code::program_not_found,
                 "`" + printable(program) + "` was not found" + (said.empty() ? "" : ": " + said),
                 said.empty() ? "is it installed, and on your PATH?"
                              : "a profile's `toolchains` can show more of your home",
                 0,
                 {}};
}

Error not_executable(const std::string& program) {
    return Error{Code::program_not_executable,
                 "`" + printable(program) + "` cannot be executed",
                 "is it a program, and has it the x permission?",
                 0,
                 {}};
}

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

// The exec itself failed, inside the cage.
Error exec_error(const Error& error, const std::string& program, bool is_script) {
    if (error.errnum == ENOENT)
        return not_found(program, is_script ? "the interpreter that its first line names is missing in the cage" : "");
    if (error.errnum == E2BIG)
        return Error{Code::invalid_value, "arguments and environment together are more than Linux takes",
                     "pass data on stdin or in a file", E2BIG, "exec"};
    return not_executable(program);
}

// What is refused rather than tried: the client gets the error itself, not a failed run.
bool is_refusal(Code code) {
    return code == Code::net_host_denied || code == Code::limit_over_ceiling || code == Code::busy ||
           code == Code::spawner_unavailable || code == Code::forbidden || code == Code::not_found ||
           code == Code::unsupported || code == Code::invalid_value;
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
    CO_CHECK(set_limits(prepared, request, caller));
    prepared.request = std::move(request);
    const auto tables = parts_.profiles.tables();
    auto looked = co_await look(prepared, caller, *tables);
    if (!looked) co_return std::unexpected(looked.error());
    prepared.looked = std::move(*looked);
    prepared.timing["resolve"] = watch.lap();
    CO_CHECK(co_await judge(prepared, caller));
    prepared.timing["policy"] = watch.lap();
    if (prepared.verdict.decision != "allow") co_return Status{};
    CO_CHECK(co_await hold_to_ceiling(prepared, caller, *tables));
    co_return set_limits(prepared, prepared.request, caller); // the ceiling's profile may have narrower ones
}

awaitable<Result<api::Verdict>> Launcher::check(api::RunRequest request, const Caller& caller) {
    Prepared prepared;
    CO_CHECK(co_await admit(prepared, std::move(request), caller));
    co_return std::move(prepared.verdict);
}

awaitable<Result<Prepared>> Launcher::prepare(api::RunRequest request, const Caller& caller, std::uint64_t number) {
    Prepared prepared;
    CO_CHECK(co_await admit(prepared, std::move(request), caller));
    const auto id = make_uuid();
    prepared.id = to_string(id);
    if (prepared.verdict.decision != "allow") co_return prepared;
    Stopwatch watch;
    CO_CHECK(choose_program(prepared));
    auto& resolution = prepared.looked.held.resolution;
    if (resolution.program_fd && !prepared.failure)
        prepared.program_digest =
            co_await digests_.of(std::move(resolution.program_fd), resolution.facts.program, caller.uid);
    prepared.timing["digest"] = watch.lap();
    // A run's runs have private folders that end with them: its box is whoever's made it.
    if (!caller.asker)
        prepared.box = box_key({caller.principal, caller.cwd, resolution.facts.owner_uid, prepared.looked.decision.path,
                                prepared.profile->name});
    auto plan =
        make_plan({prepared.request, prepared.command, *prepared.profile, resolution, prepared.looked.probes,
                   prepared.looked.mounts, prepared.limits, prepared.looked.program, prepared.looked.home, prepared.box,
                   id, number, prepared.profile->daemon && !caller.asker, parts_.settings.rules->tracing});
    if (!plan) co_return std::unexpected(plan.error());
    prepared.plan = std::move(*plan);
    prepared.timing["plan"] = watch.lap();
    co_return prepared;
}

awaitable<Result<Prepared>> Launcher::prepare_exec(api::ExecRequest asked, const Caller& caller, const Run& target,
                                                   std::uint64_t number) {
    Prepared prepared;
    prepared.verb = "runs.exec";
    prepared.join = target.number();
    CO_CHECK(check_request(asked));
    CO_CHECK(check_account(caller, parts_.ready));
    auto& request = prepared.request;
    request.argv = std::move(asked.argv);
    request.tty = asked.tty;
    request.rows = asked.rows;
    request.cols = asked.cols;
    request.stdin_open = asked.stdin_open;
    request.net = target.record.net;
    auto command = make_command(request);
    if (!command) co_return std::unexpected(command.error());
    prepared.command = std::move(*command);
    const auto id = make_uuid();
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
    CO_CHECK(co_await judge_exec(prepared, caller, target, added));
    if (prepared.verdict.decision != "allow") co_return prepared;
    CO_CHECK(choose_program(prepared));
    if (resolution.program_fd)
        prepared.program_digest =
            co_await digests_.of(std::move(resolution.program_fd), resolution.facts.program, caller.uid);
    prepared.plan = make_exec_plan({prepared.command, target.cage.environment, asked.env, target.cage.filter,
                                    prepared.looked.mounts.cwd, prepared.looked.program, resolution.number,
                                    target.number(), number, id, prepared.limits.wall_ms, request});
    co_return prepared;
}

void Launcher::describe(Run& run, const Prepared& prepared) const {
    run.record = make_record(prepared, run.caller(), run.tty(), run.detached());
    run.receipt = make_receipt(prepared, run.caller(), parts_.ready);
    auto& cage = run.cage;
    cage.environment = prepared.plan.environment;
    cage.cwd = prepared.looked.mounts.cwd;
    cage.filter = prepared.plan.message.filter;
    cage.profile = run.record.profile;
    cage.run_as = prepared.request.run_as.value_or("");
    cage.path = search_path(prepared.request, prepared.looked.mounts.view);
    cage.before.absent = prepared.looked.mounts.absent;
    cage.before.scanned = prepared.looked.mounts.scanned;
    if (prepared.looked.decision.writable) cage.before.scan_root = prepared.looked.decision.path;
    if (!prepared.looked.mounts.scan_complete)
        run.receipt.weaker.emplace_back(
            "the workspace is large: only its upper part was searched for settings that later programs run");
    if (prepared.profile && prepared.profile->daemon && run.caller().asker)
        run.record.hints.push_back({"a run's run has no listener of its own: it asks owhaled for nothing", ""});
    cage.asks = (prepared.plan.message.flags & wire::kRunDaemon) != 0;
    cage.searched_inside = prepared.looked.search_in_cage;
    cage.joined = prepared.join != 0;
    cage.limits = prepared.limits;
    cage.projects = prepared.projects;
}

// Looked at last, in the same breath as the spawner is asked: who loses the right later is known by its live run.
Status Launcher::check_standing(Run& run) const {
    const auto& standing = run.caller().standing;
    auto stands = standing ? standing() : Status{};
    if (stands && parts_.admits) stands = parts_.admits(run.caller().payer);
    if (!stands) fail_run(run, stands.error());
    return stands;
}

awaitable<Status> Launcher::write_intent(const Run& run, const Prepared& prepared) {
    audit::Event event{
        "run.intent", run.caller().principal, prepared.verb, "pending", run.id(), intent_data(run.record, run.receipt)};
    const auto sequence = co_await parts_.audit.append(std::move(event));
    if (!sequence) co_return std::unexpected(sequence.error());
    co_return Status{};
}

void Launcher::fail_run(Run& run, const Error& error) const {
    run.record.code = code_name(error.code);
    run.record.error = printable(to_line(error));
    if (!error.step.empty()) run.record.step = error.step;
    if (error.code == Code::program_not_found) run.record.exit_code = kNotFound;
    if (error.code == Code::program_not_executable) run.record.exit_code = kNotExecutable;
    run.record.ended = rfc3339(wall_clock_us());
    run.enter(State::failed);
}

void Launcher::note_started(Run& run, const wire::RunStarted& facts) const {
    run.record.started = rfc3339(wall_clock_us());
    run.receipt.started = *run.record.started;
    add_started(run.receipt, run.cage.limits, facts);
    add_jail_times(run.record.timing, facts);
}

awaitable<Status> Launcher::deny(Run& run, const Prepared& prepared) {
    const auto error = refusal_of(prepared.verdict);
    audit::Event event{
        "run.denied", run.caller().principal, prepared.verb, "denied", run.id(), intent_data(run.record, run.receipt)};
    event.data["code"] = code_name(error.code);
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) {
        fail_run(run, written.error());
        co_return std::unexpected(written.error());
    }
    run.record.code = code_name(error.code);
    run.record.error = to_line(error);
    run.record.ended = rfc3339(wall_clock_us());
    run.enter(State::denied);
    co_return Status{};
}

awaitable<Status> Launcher::start(Run& run, Prepared& prepared) {
    Stopwatch watch;
    if (prepared.verdict.decision != "allow") co_return co_await deny(run, prepared);
    run.enter(State::starting);
    if (prepared.failure) {
        fail_run(run, *prepared.failure);
        co_await write_outcome(run);
        co_return Status{};
    }
    CO_CHECK(check_standing(run)); // while all was looked up
    const auto intent = co_await write_intent(run, prepared);
    if (!intent) {
        fail_run(run, intent.error());
        co_return std::unexpected(intent.error());
    }
    run.record.timing["audit"] = watch.lap();
    if (const auto stands = check_standing(run); !stands) { // while the intent was written
        co_await write_outcome(run);
        co_return std::unexpected(stands.error());
    }
    prepared.looked.held.used();
    auto started = co_await parts_.spawner.run(prepared.plan.message, std::move(prepared.plan.blob));
    run.record.timing["jail"] = watch.lap();
    if (!started) {
        auto error = started.error();
        const bool is_script = prepared.looked.held.resolution.facts.program_is_script != 0;
        if (error.step == "exec") error = exec_error(error, prepared.looked.program, is_script);
        fail_run(run, error);
        co_await write_outcome(run);
        if (is_refusal(error.code)) co_return std::unexpected(error);
        co_return Status{};
    }
    note_started(run, started->facts);
    run.enter(State::running);
    run.start_io(std::move(*started));
    co_return Status{};
}

awaitable<void> Launcher::write_outcome(Run& run) {
    boost::json::object data;
    if (run.record.exit_code) data["exit_code"] = *run.record.exit_code;
    if (run.record.code) data["code"] = *run.record.code;
    if (run.record.error) data["error"] = *run.record.error;
    if (run.record.step) data["step"] = *run.record.step;
    if (run.record.receipt)
        data["receipt"] = codec::encode(*run.record.receipt);
    else
        data["intent"] = intent_data(run.record, run.receipt);
    const auto verb = run.cage.joined ? "runs.exec" : "runs.create";
    audit::Event event{"run.outcome", run.caller().principal, verb, run.record.state, run.id(), std::move(data)};
    auto copy = event;
    const auto written = co_await parts_.audit.append(std::move(copy));
    if (written) co_return;
    log::error("an outcome could not be written; it is tried again",
               {{"run", run.id()}, {"why", to_line(written.error())}});
    if (unwritten_.size() < kMaxUnwritten) unwritten_.push_back(std::move(event));
}

awaitable<void> Launcher::write_late() {
    while (!unwritten_.empty()) {
        auto copy = unwritten_.front();
        const auto written = co_await parts_.audit.append(std::move(copy));
        if (!written) co_return;
        unwritten_.pop_front();
    }
}

awaitable<void> Launcher::finish(Run& run) {
    const auto& end = *run.ended_facts();
    Stopwatch watch;
    auto outcome = outcome_of(end);
    auto& record = run.record;
    if (run.cage.searched_inside && outcome.state == State::exited &&
        (end.exit_code == kNotFound || end.exit_code == kNotExecutable)) {
        outcome.state = State::failed;
        record.code = code_name(end.exit_code == kNotFound ? Code::program_not_found : Code::program_not_executable);
        record.error = "`" + (record.command.empty() ? "" : record.command.front()) +
                       "` was found neither on this machine nor in the box";
    }
    record.exit_code = outcome.exit_code;
    record.signal = outcome.signal;
    record.limit = outcome.limit;
    record.ended = rfc3339(wall_clock_us());
    record.timing["run"] = end.wall_ns / 1000;
    auto& receipt = run.receipt;
    const auto tables = parts_.profiles.tables();
    receipt.planted = co_await find_planted(run, looker_, *tables);
    record.timing["planted"] = watch.lap();
    receipt.state = name(outcome.state);
    receipt.ended = *record.ended;
    receipt.exit_code = outcome.exit_code;
    receipt.signal = outcome.signal;
    receipt.limit = outcome.limit;
    receipt.usage = usage_of(end);
    receipt.stdout_digest = run.digest(0);
    receipt.stderr_digest = run.digest(1);
    if (const auto done = parts_.key.sign(receipt); !done)
        log::error("a receipt could not be signed", {{"run", run.id()}, {"why", to_line(done.error())}});
    record.receipt = receipt;
    record.state = name(outcome.state);
    auto hints = guess(facts_of(run, outcome.state, end)); // before what was known at its start: they know its end
    if (end.reason == wire::EndReason::parent) hints.push_back({"the run that asked for it ended, and it with it", ""});
    record.hints.insert(record.hints.begin(), hints.begin(), hints.end());
    co_await write_outcome(run);
    record.timing["receipt"] = watch.lap();
    run.enter(outcome.state);
}

} // namespace owhale::sandbox
