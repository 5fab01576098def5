#include "sandbox/registry.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "base/log.hpp"
#include "metrics/counts.hpp"
#include "sandbox/bounds.hpp"
#include "sandbox/record.hpp"
#include "sandbox/request.hpp"

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::int64_t kKeyLife = 24ll * 3600 * 1'000'000;
constexpr std::size_t kMaxKey = 255;

} // namespace

// One agent leaves its human an eighth of the places.
Status Registry::check_room_of_run(const Caller& caller) const {
    const auto most = parts_.settings.max_runs_per_principal - parts_.settings.max_runs_per_principal / 8;
    const auto own = places_.find(caller.principal);
    if (!caller.asker || own == places_.end() || own->second < most) return {};
    return fail(Code::busy,
                "run " + caller.asker->id + " has the most runs of its own at a time (" + std::to_string(most) +
                    ", of max-runs-per-principal " + std::to_string(parts_.settings.max_runs_per_principal) + ")",
                "wait until one has ended, or end one");
}

Status Registry::check_room(const Caller& caller) const {
    if (stopping_) return fail(Code::busy, "owhaled is stopping", "try again in a moment");
    if (parts_.admits) CHECK(parts_.admits(caller.payer));
    if (taken_ >= parts_.settings.max_runs)
        return fail(Code::busy,
                    "the most runs at a time are running (max-runs " + std::to_string(parts_.settings.max_runs) + ")",
                    "try again when one has ended");
    CHECK(check_room_of_run(caller));
    const auto own = places_.find(caller.payer);
    if (own != places_.end() && own->second >= parts_.settings.max_runs_per_principal)
        return fail(Code::busy,
                    "you have the most runs at a time (max-runs-per-principal " +
                        std::to_string(parts_.settings.max_runs_per_principal) + ")",
                    "`owhalectl runs ls` lists them");
    return {};
}

Status Registry::enter_room(const Caller& caller) {
    auto room = check_room(caller);
    if (!room && room.error().code == Code::busy) metrics::counts().limited.add("runs");
    if (!room) return room;
    // Before its row is made: the state lies on the log's disk.
    return parts_.audit.has_room_for({"run.intent", caller.principal, "", "", "", {}});
}

void Registry::show(metrics::Exposition& out) const {
    std::map<State, std::uint64_t> living;
    for (const auto& [id, run] : live_) ++living[run->state()];
    out.begin("owhaled_runs");
    for (const auto state : {State::queued, State::waiting_approval, State::starting, State::running})
        out.add({name(state)}, living[state]);
}

std::size_t Registry::kill_all_of(const std::string& principal) {
    std::size_t count = 0;
    for (const auto& [id, run] : live_) {
        if (run->caller().principal != principal) continue;
        if (run->state() == State::waiting_approval)
            cancel_waiting(*run, "who asked may not do so any more");
        else
            kill(*run, parts_.settings.kill_grace);
        ++count;
    }
    return count;
}

void Registry::kill(Run& run, std::chrono::milliseconds grace) {
    if (run.state() == State::waiting_approval) return cancel_waiting(run, "it was killed while it waited");
    if (!run.ends_within(grace)) run.killed_by = std::chrono::steady_clock::now() + grace;
    parts_.spawner.kill(run.number(), wire::EndReason::killed, static_cast<std::uint32_t>(grace.count()));
}

void Registry::connection_closed(std::uint64_t connection) {
    for (const auto& [id, run] : live_) {
        if (run->caller().connection != connection) continue;
        run->creator_gone();
        if (run->state() == State::waiting_approval && run->has_client) cancel_waiting(*run, "its client went");
    }
}

// What starts is told too: it is held as soon as it runs. What had not been sent to the spawner yet does not start.
awaitable<Runs::Stillness> Registry::hold_frozen() {
    std::vector<std::shared_ptr<Run>> all;
    for (const auto& [id, run] : live_)
        if (run->state() == State::starting || run->state() == State::running) all.push_back(run);
    Stillness out;
    for (const auto& run : all) {
        const auto& payer = run->caller().payer;
        const bool still = parts_.admits && !parts_.admits(payer);
        const auto by = co_await parts_.spawner.freeze(run->number(), still);
        if (!by || !still) continue; // it has ended meanwhile
        ++out.held[payer];
        if (*by == wire::FrozenBy::signal) ++out.by_signal;
    }
    co_return out;
}

std::shared_ptr<Run> Registry::make_run(const Prepared& prepared, const Caller& caller, std::uint64_t number) {
    Run::Birth birth;
    birth.id = prepared.id;
    birth.number = number;
    birth.caller = caller;
    birth.folder = kept_.folder(prepared.id);
    birth.keep = parts_.settings.keep_output;
    birth.output_limit = prepared.limits.output;
    birth.detached = prepared.request.detach.value_or(false);
    birth.attach = prepared.request.attach.value_or(false);
    birth.masks_live = parts_.settings.redact_live == "on";
    birth.tty = prepared.request.tty.value_or(false);
    return std::make_shared<Run>(parts_.executor, std::move(birth));
}

Result<std::optional<Made>> Registry::repeated(const Caller& caller, const IdempotencyKey& key) {
    if (key.key.empty()) return std::nullopt;
    if (key.key.size() > kMaxKey) return fail(Code::invalid_value, "Idempotency-Key is longer than 255 bytes");
    if (keys_in_use_.contains({caller.principal, key.key}))
        return fail(Code::conflict, "a request with this Idempotency-Key is under way", "wait for its answer");
    const auto known = TRY(rows_.find_key(caller.principal, key.key, wall_clock_us() - kKeyLife));
    if (!known) return std::nullopt;
    if (known->request != key.request)
        return fail(Code::conflict, "this Idempotency-Key was used with another request", "make a new key");
    return Made{known->run, live(known->run)};
}

// Of a caller that is a run: that run, which must live.
Status Registry::find_asker(Caller& caller) {
    caller.payer = caller.principal;
    if (caller.parent == 0) return {};
    const auto found = by_number_.find(caller.parent);
    if (found == by_number_.end() || found->second->state() != State::running)
        return fail(Code::conflict, "the run that asks has ended");
    const auto& run = *found->second;
    if (!run.cage.asks)
        return fail(Code::forbidden,
                    "this run may not start runs: the profile " + run.record.profile + " does not let it",
                    "start it with the profile agent, or another that says daemon = true");
    const auto wall = run.cage.limits.wall_ms;
    Parent parent{run.id(),
                  run.record.profile,
                  run.cage.cwd,
                  run.record.workspace,
                  run.receipt.workspace_writable,
                  run.record.net == "host",
                  run.cage.limits,
                  wall == 0 ? 0 : wall - std::min(wall - 1, run.age_ms()),
                  run.caller().cwd,
                  run.cage.projects,
                  run.cage.scope};
    caller.payer = run.caller().payer;
    caller.asker = std::make_shared<Parent>(std::move(parent));
    return {};
}

awaitable<Result<Made>> Registry::create(api::RunRequest request, Caller caller, IdempotencyKey key) {
    CO_CHECK(find_asker(caller));
    auto before = repeated(caller, key);
    if (!before) co_return std::unexpected(before.error());
    if (*before) co_return **before;
    CO_CHECK(enter_room(caller));
    auto input = given_stdin(request);
    if (!input) co_return std::unexpected(input.error());
    auto place = std::make_shared<Place>(*this, caller);
    const auto number = next_number_++;
    const std::pair used(caller.principal, key.key);
    if (!key.key.empty()) keys_in_use_.insert(used);
    const bool has_input = request.stdin_ || request.stdin_base64;
    Asked asked;
    asked.create = std::move(request);
    auto made = co_await prepare_and_launch(std::move(asked), caller, number, std::move(place));
    keys_in_use_.erase(used);
    if (!made) co_return made;
    if (!key.key.empty())
        if (const auto kept = rows_.keep_key(caller.principal, key.key, {made->id, key.request}, wall_clock_us());
            !kept)
            log::warning("an Idempotency-Key could not be kept", {{"why", to_line(kept.error())}});
    if (has_input && made->run && made->run->state() == State::running) feed(made->run, std::move(*input));
    co_return made;
}

void Registry::feed(std::shared_ptr<Run> run, std::string data) {
    asio::co_spawn(
        parts_.executor,
        [run = std::move(run), data = std::move(data)]() mutable -> awaitable<void> {
            co_await run->write_stdin(nullptr, std::move(data));
            run->close_stdin(nullptr);
        },
        asio::detached);
}

awaitable<Result<Made>> Registry::prepare_and_launch(Asked asked, Caller caller, std::uint64_t number,
                                                     std::shared_ptr<Place> place) {
    auto request = *asked.create;
    auto prepared = co_await launcher_.prepare(std::move(request), caller, number, make_uuid());
    if (!prepared) co_return std::unexpected(prepared.error());
    co_return co_await launch(std::move(*prepared), std::move(asked), caller, number, std::move(place));
}

awaitable<Result<Made>> Registry::exec(std::shared_ptr<Run> target, api::ExecRequest request, Caller caller) {
    CO_CHECK(find_asker(caller));
    CO_CHECK(enter_room(caller));
    if (target->cage.joined)
        co_return fail(Code::conflict, "this run is itself inside another's cage",
                       "name that one: " + target->record.joined.value_or(""));
    if (target->state() != State::running) co_return fail(Code::run_ended, "the run is not running");
    auto place = std::make_shared<Place>(*this, caller);
    const auto number = next_number_++;
    Asked asked;
    asked.exec = request;
    asked.target = target->id();
    auto prepared = co_await launcher_.prepare_exec(std::move(request), caller, *target, number, make_uuid());
    if (!prepared) co_return std::unexpected(prepared.error());
    co_return co_await launch(std::move(*prepared), std::move(asked), caller, number, std::move(place));
}

void Registry::take_in(const std::shared_ptr<Run>& run) {
    live_[run->id()] = run;
    by_number_[run->number()] = run;
    run->on_output_limit = [this, number = run->number()] { parts_.spawner.kill(number, wire::EndReason::output, 0); };
    if (const auto& caller = run->caller(); caller.gone && caller.gone()) run->creator_gone();
}

awaitable<Result<Made>> Registry::launch(Prepared prepared, Asked asked, Caller caller, std::uint64_t number,
                                         std::shared_ptr<Place> place) {
    if (stopping_) co_return fail(Code::busy, "owhaled is stopping", "try again in a moment");
    const auto run = make_run(prepared, caller, number);
    launcher_.describe(*run, prepared);
    const bool asks = prepared.verdict.decision == "ask" && !prepared.failure && !prepared.unaskable;
    if (asks && parts_.consent != nullptr)
        co_return co_await ask(run, std::move(prepared), std::move(asked), std::move(place));
    take_in(run);
    co_return co_await begin(run, prepared, std::move(place));
}

// Who works in many folders is not refused until some box has been idle for long enough: of those that nobody uses, the one
// unused for longest ends. The spawner refuses what a run still holds.
void Registry::make_room_for(const Boxes::Use& use) {
    for (const auto& row : boxes_.to_end_for(use))
        if (runs_of_box(row.box.id).empty()) return parts_.spawner.reset_box(row.box.id, row.uid);
}

awaitable<Result<Made>> Registry::begin(std::shared_ptr<Run> run, Prepared& prepared, std::shared_ptr<Place> place) {
    const Boxes::Use box{prepared.box,     run->caller().principal, run->record.workspace,
                         run->receipt.uid, run->record.profile,     run->caller().cwd};
    if (!box.key.empty()) make_room_for(box);
    const auto started = co_await launcher_.start(*run, prepared);
    if (run->state() != State::running) {
        if (run->record.approval && run->record.code == code_name(Code::approval_void)) {
            auto id = run->id(), approval = *run->record.approval, because = run->record.error.value_or("");
            co_await parts_.consent->not_started(std::move(id), std::move(approval), std::move(because));
        }
        settle(*run);
        if (!started) co_return std::unexpected(started.error());
        co_return Made{run->id(), run};
    }
    if (!box.key.empty()) boxes_.used(box);
    asio::co_spawn(parts_.executor, live_through(run, std::move(place)), asio::detached);
    co_return Made{run->id(), run};
}

awaitable<void> Registry::live_through(std::shared_ptr<Run> run, std::shared_ptr<Place> place) {
    co_await run->until_drained();
    by_number_.erase(run->number());
    co_await launcher_.finish(*run);
    // Whoever waits may be answered before the row is written. A crash in between leaves it live: the next start ends it as the log says.
    run->set_over();
    co_await asio::post(parts_.executor, asio::use_awaitable);
    crash_point("run.answered");
    settle(*run);
    place.reset();
}

// The end of a run's life here: its row says how it ended, and it is found there from now on.
void Registry::settle(Run& run) {
    metrics::counts().runs_ended.add(name(run.state()));
    by_number_.erase(run.number());
    const auto kept = run.output(0).kept() + run.output(1).kept();
    Ended ended{run.snapshot(), wall_clock_us(), kept};
    if (const auto done = rows_.finish(ended.record, ended.at_us, ended.kept); !done) {
        log::error("a run's end could not be recorded; it is tried again",
                   {{"run", run.id()}, {"why", to_line(done.error())}});
        unrecorded_[run.id()] = std::move(ended);
    }
    const auto self = run.shared_from_this();
    live_.erase(run.id());
    run.set_over();
    const auto& asker = run.caller().asker;
    if (kept != 0 && !asker) kept_.hold_to_quota(rows_, run.caller().principal, kept);
    if (asker) kept_.hold_to_run(rows_, asker->id, live_.contains(asker->id));
    if (run.cage.asks) kept_.hold_to_run(rows_, run.id(), false);
    cancel_those_of(run);
    if (live_.size() == waiting_) empty_.notify();
}

void Registry::run_ended(const wire::RunEnded& ended) {
    if (const auto found = by_number_.find(ended.run); found != by_number_.end()) found->second->end(ended);
}

// What egress says of a run as it happens: for whoever reads its stderr, and for whoever comes later.
void Registry::told_of(std::uint64_t number, const std::string& line) {
    constexpr std::size_t kMaxHints = 16;
    const auto found = by_number_.find(number);
    if (found == by_number_.end()) return;
    found->second->say(line);
    auto& hints = found->second->record.hints;
    if (hints.size() < kMaxHints) hints.push_back({printable(line), ""});
}

Result<std::unique_ptr<Runs>> Runs::open(Parts parts) {
    auto kept = TRY(Kept::open(parts.settings));
    return std::make_unique<Registry>(std::move(parts), std::move(kept));
}

} // namespace owhale::sandbox
