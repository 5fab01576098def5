// The launcher's second half: what is prepared is written down and started, or refused.
#include "metrics/counts.hpp"
#include "sandbox/launcher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "audit/event.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "sandbox/program_errors.hpp"
#include "sandbox/record.hpp"
#include "sandbox/stopwatch.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

// What is refused rather than tried: the client gets the error itself, not a failed run.
bool is_refusal(Code code) {
    return code == Code::net_host_denied || code == Code::limit_over_ceiling || code == Code::busy ||
           code == Code::spawner_unavailable || code == Code::forbidden || code == Code::not_found ||
           code == Code::unsupported || code == Code::invalid_value || code == Code::host_denied ||
           code == Code::secret_denied || code == Code::vault_unavailable;
}

// What owhaled itself took, step by step: people may have taken their time in between.
std::chrono::microseconds time_to_start(const std::map<std::string, std::uint64_t>& timing) {
    std::uint64_t sum = 0;
    for (const char* step : {"resolve", "policy", "digest", "plan", "jail"}) // the intent is written meanwhile
        if (const auto found = timing.find(step); found != timing.end()) sum += found->second;
    return std::chrono::microseconds(sum);
}

} // namespace

void Launcher::describe(Run& run, const Prepared& prepared) const {
    run.record = make_record(prepared, run.caller(), run.tty(), run.detached());
    run.record.joined = prepared.joined;
    if (const auto& asker = run.caller().asker) run.record.parent = asker->id;
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
    cage.asks = (prepared.plan.message.flags & wire::kRunDaemon) != 0;
    cage.searched_inside = prepared.looked.search_in_cage;
    cage.joined = prepared.join != 0;
    cage.limits = prepared.limits;
    cage.projects = prepared.projects;
    cage.scope = prepared.scope;
    cage.view = prepared.looked.mounts.view;
    if (!prepared.agreed) return;
    if (!prepared.agreed->approval.empty()) run.record.approval = prepared.agreed->approval;
    if (!prepared.agreed->grant.empty()) run.record.grant = prepared.agreed->grant;
}

// What a cage that is being built waits for.
struct Launcher::Gate {
    explicit Gate(boost::asio::any_io_executor executor) : opened(std::move(executor)) {}
    Wake opened;
    std::optional<Status> answer; // whether it may execute its command
    std::optional<Status> row;    // that it lives
    bool written = false;         // the intent is on disk
};

Status Launcher::standing_of(const Run& run) const {
    const auto& standing = run.caller().standing;
    if (standing) CHECK(standing());
    return parts_.admits ? parts_.admits(run.caller().payer) : Status{};
}

// Beside the building of its cage. Who asked is looked at last, in the same breath as the command is let go: who loses the
// right later is known by its live run.
awaitable<void> Launcher::write_intent(std::shared_ptr<Run> run, audit::Event intent, std::shared_ptr<Gate> gate) {
    Stopwatch watch;
    const auto sequence = co_await parts_.audit.append(std::move(intent));
    run->record.timing["audit"] = watch.lap();
    gate->written = sequence.has_value();
    keep_row(*run, *gate);
    gate->answer = !sequence ? Status(std::unexpected(sequence.error())) : *gate->row ? standing_of(*run) : *gate->row;
    if (*gate->answer)
        parts_.spawner.go(run->number());
    else
        parts_.spawner.kill(run->number(), wire::EndReason::killed, 0);
    gate->opened.notify();
}

void Launcher::keep_row(const Run& run, Gate& gate) {
    if (!gate.row) gate.row = rows_.insert(run.record, wall_clock_us());
}

// Its cage was built for nothing. Of what is in the log the outcome is told there, too.
awaitable<Status> Launcher::take_refusal(Run& run, const Gate& gate) {
    const auto why = gate.answer->error();
    fail_run(run, why);
    if (gate.written) co_await write_outcome(run);
    co_return std::unexpected(why);
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

// Not waited for: what has started goes on whatever the log says, and its outcome comes after it in the log.
void Launcher::write_start(const Run& run) {
    const auto& receipt = run.receipt;
    const auto verb = run.cage.joined ? "runs.exec" : "runs.create";
    audit::Event event{"run.start", run.caller().principal, verb, "running", run.id(), {}};
    boost::json::object limits;
    for (const auto& [name, how] : receipt.limits) limits[name] = how;
    event.data["started"] = receipt.started;
    event.data["program"] = receipt.program;
    event.data["uid"] = receipt.uid;
    event.data["namespaces"] = boost::json::array(receipt.namespaces.begin(), receipt.namespaces.end());
    event.data["landlock_abi"] = receipt.landlock_abi;
    event.data["seccomp"] = receipt.seccomp;
    event.data["seccomp_digest"] = receipt.seccomp_digest;
    event.data["limits"] = std::move(limits);
    event.data["weaker"] = boost::json::array(receipt.weaker.begin(), receipt.weaker.end());
    boost::asio::co_spawn(parts_.executor, write_sooner_or_later(std::move(event)), boost::asio::detached);
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

awaitable<void> Launcher::refuse(Run& run, State state, Error error) {
    run.record.code = code_name(error.code);
    run.record.error = printable(to_line(error));
    run.record.ended = rfc3339(wall_clock_us());
    audit::Event event{"run.denied", run.caller().principal,
                       "",           std::string(name(state)),
                       run.id(),     intent_data(run.record, run.receipt)};
    event.data["code"] = code_name(error.code);
    event.data["why"] = *run.record.error;
    if (run.record.approval) event.data["approval"] = *run.record.approval;
    co_await write_sooner_or_later(std::move(event));
    run.enter(state);
}

awaitable<Status> Launcher::start(Run& run, Prepared& prepared) {
    Stopwatch watch;
    if (!prepared.may_run() && !prepared.failure) co_return co_await deny(run, prepared);
    run.enter(State::starting);
    if (prepared.failure) {
        fail_run(run, *prepared.failure);
        co_await write_outcome(run);
        co_return Status{};
    }
    if (const auto stands = standing_of(run); !stands) { // while all was looked up
        fail_run(run, stands.error());
        co_return stands;
    }
    if (prepared.agreed)
        if (const auto held = hold_to_agreed(prepared); !held) {
            fail_run(run, held.error());
            co_return std::unexpected(held.error());
        }
    audit::Event intent{
        "run.intent", run.caller().principal, prepared.verb, "pending", run.id(), intent_data(run.record, run.receipt)};
    const auto gate = std::make_shared<Gate>(parts_.executor);
    auto self = run.shared_from_this();
    boost::asio::co_spawn(parts_.executor, write_intent(std::move(self), std::move(intent), gate),
                          boost::asio::detached);
    // The log may have refused at once: the spawner knows nothing of a run yet that could be killed.
    if (gate->answer && !*gate->answer) co_return co_await take_refusal(run, *gate);
    prepared.looked.held.used();
    // Its row is made once the spawner has been asked, while that and the log are at work.
    boost::asio::post(parts_.executor, [this, gate, made = run.shared_from_this()] { keep_row(*made, *gate); });
    auto started = co_await parts_.spawner.run(prepared.plan.message, std::move(prepared.plan.blob));
    run.record.timing["jail"] = watch.lap();
    while (!gate->answer) co_await gate->opened.wait(); // its cage could not be built
    if (!*gate->answer) co_return co_await take_refusal(run, *gate);
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
    write_start(run);
    open_network(run, prepared, std::move(started->network));
    tell_unread(run, prepared);
    run.enter(State::running);
    metrics::counts().run_start.add(time_to_start(run.record.timing));
    run.start_io(std::move(*started));
    if (prepared.scope && !prepared.scope->ports.empty()) {
        auto ports = prepared.scope->ports;
        co_await publish_ports(run, std::move(ports));
    }
    co_return Status{};
}

} // namespace owhale::sandbox
