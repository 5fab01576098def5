// The launcher after a run's end: outcome, receipt, and what the log could not take then.
#include "sandbox/launcher.hpp"

#include "audit/event.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "sandbox/outcome.hpp"
#include "sandbox/planted.hpp"
#include "sandbox/program_errors.hpp"
#include "sandbox/record.hpp"
#include "sandbox/stopwatch.hpp"
#include "sandbox/unpublished.hpp"
#include "sandbox/why.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kMaxUnwritten = 10'000; // outcomes; the next start tells the rest as lost

} // namespace

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
    co_await write_sooner_or_later(std::move(event));
}

awaitable<void> Launcher::write_sooner_or_later(audit::Event event) {
    auto copy = event;
    const auto written = co_await parts_.audit.append(std::move(copy));
    if (written) co_return;
    if (written.error().code == Code::invalid_value && event.data.size() > 1) {
        // The fault is its own, and would be tomorrow: what it says is left out, that it ended is not.
        event.data = {{"why", to_line(written.error())}};
        co_return co_await write_sooner_or_later(std::move(event));
    }
    log::error("an outcome could not be written; it is tried again",
               {{"run", event.run}, {"why", to_line(written.error())}});
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
    if (record.step == kPublishStep) outcome = {State::failed, {}, {}, {}}; // its exit code would be that of the kill
    record.exit_code = outcome.exit_code;
    record.signal = outcome.signal;
    record.limit = outcome.limit;
    record.ended = rfc3339(wall_clock_us());
    record.timing["run"] = end.wall_ns / 1000;
    auto& receipt = run.receipt;
    const auto tables = parts_.profiles.tables();
    receipt.planted = co_await find_planted(run, looker_, *tables);
    record.timing["planted"] = watch.lap();
    close_network(run);
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
