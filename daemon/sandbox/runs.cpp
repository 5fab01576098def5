#include "sandbox/runs.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "sandbox/bounds.hpp"
#include "sandbox/boxes.hpp"
#include "sandbox/kept.hpp"
#include "sandbox/launcher.hpp"
#include "sandbox/record.hpp"
#include "sandbox/request.hpp"
#include "sandbox/run_rows.hpp"

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kAloneTime{10}; // a run lives on without anybody
constexpr std::chrono::seconds kTick{1};
constexpr std::int64_t kKeyLife = 24ll * 3600 * 1'000'000;
constexpr std::size_t kMaxKey = 255;
constexpr std::size_t kListedCommand = 4096; // bytes of a command that a list shows

Error no_such_run() {
    return {Code::not_found, "there is no such run", "`owhalectl runs ls` lists yours", 0, {}};
}

void shorten(api::Run& run) {
    run.receipt.reset();
    cut_command(run.command, kListedCommand);
}

class Registry final : public Runs {
public:
    Registry(Parts parts, Kept kept)
        : parts_(std::move(parts)), rows_(parts_.database), kept_(std::move(kept)), launcher_(parts_),
          empty_(parts_.executor) {
        parts_.spawner.on_run_ended = [this](const wire::RunEnded& ended) { run_ended(ended); };
        parts_.spawner.on_box_ended = [this](const std::string& key) { boxes_.ended(key); };
    }

    awaitable<Status> reconcile() override;
    awaitable<void> stop() override;
    awaitable<Result<Made>> create(api::RunRequest request, Caller caller, IdempotencyKey key) override;
    awaitable<Result<Made>> exec(std::shared_ptr<Run> target, api::ExecRequest request, Caller caller) override;
    std::shared_ptr<Run> live(const std::string& id) override {
        const auto found = live_.find(id);
        return found == live_.end() ? nullptr : found->second;
    }
    Result<api::Run> show(const std::string& id, const std::string& principal, bool any) override;
    Result<api::RunList> list(const std::string& principal, bool any, const std::string& state,
                              const std::string& before, std::size_t limit) override;
    Status remove(const std::string& id) override;
    void signal(const Run& run, int signal) override { parts_.spawner.signal(run.number(), signal); }
    void kill(const Run& run, std::chrono::milliseconds grace) override {
        parts_.spawner.kill(run.number(), wire::EndReason::killed, static_cast<std::uint32_t>(grace.count()));
    }
    std::string folder(const std::string& id) const override { return kept_.folder(id); }
    Counts counts() override { return {live_.size(), rows_.count().value_or(0)}; }
    std::string id_of(std::uint64_t number) override {
        const auto found = by_number_.find(number);
        return found == by_number_.end() ? "" : found->second->id();
    }
    std::size_t kill_all_of(const std::string& principal) override;
    Result<api::BoxList> boxes(const std::string& principal, bool any) override;
    Status reset_box(const std::string& id, const std::string& principal, bool any) override;
    void connection_closed(std::uint64_t connection) override {
        for (const auto& [id, run] : live_)
            if (run->caller().connection == connection) run->creator_gone();
    }

private:
    // Counts a run from before anything is asked for it, so that no burst slips under the limits.
    class Place {
    public:
        Place(Registry& registry, const std::string& principal) : registry_(registry), principal_(principal) {
            ++registry_.places_[principal_];
            ++registry_.taken_;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            --registry_.taken_;
            if (--registry_.places_[principal_] == 0) registry_.places_.erase(principal_);
        }

    private:
        Registry& registry_;
        std::string principal_;
    };

    Status find_asker(Caller& caller);
    Status check_room(const std::string& principal) const;
    std::shared_ptr<Run> make_run(const Prepared& prepared, const Caller& caller, std::uint64_t number);
    awaitable<Result<Made>> prepare_and_launch(api::RunRequest request, Caller caller, std::uint64_t number,
                                               std::shared_ptr<Place> place);
    awaitable<Result<Made>> launch(Prepared prepared, Caller caller, std::uint64_t number, std::shared_ptr<Place> place,
                                   std::optional<std::string> joined);
    awaitable<void> live_through(std::shared_ptr<Run> run, std::shared_ptr<Place> place);
    Result<std::optional<Made>> repeated(const Caller& caller, const IdempotencyKey& key);
    void settle(Run& run);
    void run_ended(const wire::RunEnded& ended);
    awaitable<void> tick();
    void record_late();
    void end_lonely(steady_clock::time_point now);
    std::vector<std::string> runs_of_box(const std::string& key) const;

    Parts parts_;
    RunRows rows_;
    Kept kept_;
    Launcher launcher_;
    Boxes boxes_;
    Wake empty_;
    std::map<std::string, std::shared_ptr<Run>> live_;
    std::map<std::uint64_t, std::shared_ptr<Run>> by_number_;
    struct Ended { // an end whose row could not be written yet: the disk was full
        api::Run record;
        std::int64_t at_us = 0;
        std::uint64_t kept = 0;
    };
    std::map<std::string, Ended> unrecorded_;
    std::map<std::string, std::uint64_t> places_;
    std::set<std::pair<std::string, std::string>> keys_in_use_;
    std::uint64_t taken_ = 0;
    std::uint64_t next_number_ = 1;
    bool stopping_ = false;
};

Status Registry::check_room(const std::string& principal) const {
    if (stopping_) return fail(Code::busy, "owhaled is stopping", "try again in a moment");
    if (taken_ >= parts_.settings.max_runs)
        return fail(Code::busy,
                    "the most runs at a time are running (max-runs " + std::to_string(parts_.settings.max_runs) + ")",
                    "try again when one has ended");
    const auto own = places_.find(principal);
    if (own != places_.end() && own->second >= parts_.settings.max_runs_per_principal)
        return fail(Code::busy,
                    "you have the most runs at a time (max-runs-per-principal " +
                        std::to_string(parts_.settings.max_runs_per_principal) + ")",
                    "`owhalectl runs ls` lists them");
    return {};
}

std::size_t Registry::kill_all_of(const std::string& principal) {
    std::size_t count = 0;
    for (const auto& [id, run] : live_) {
        if (run->caller().principal != principal) continue;
        kill(*run, parts_.settings.kill_grace);
        ++count;
    }
    return count;
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
                  wall == 0 ? 0 : wall - std::min(wall - 1, run.age_ms())};
    caller.payer = run.caller().payer;
    caller.asker = std::make_shared<Parent>(std::move(parent));
    return {};
}

awaitable<Result<Made>> Registry::create(api::RunRequest request, Caller caller, IdempotencyKey key) {
    CO_CHECK(find_asker(caller));
    auto before = repeated(caller, key);
    if (!before) co_return std::unexpected(before.error());
    if (*before) co_return **before;
    CO_CHECK(check_room(caller.payer));
    auto input = given_stdin(request);
    if (!input) co_return std::unexpected(input.error());
    auto place = std::make_shared<Place>(*this, caller.payer);
    const auto number = next_number_++;
    const std::pair used(caller.principal, key.key);
    if (!key.key.empty()) keys_in_use_.insert(used);
    const bool has_input = request.stdin_ || request.stdin_base64;
    auto made = co_await prepare_and_launch(std::move(request), caller, number, std::move(place));
    keys_in_use_.erase(used);
    if (!made) co_return made;
    if (!key.key.empty())
        if (const auto kept = rows_.keep_key(caller.principal, key.key, {made->id, key.request}, wall_clock_us());
            !kept)
            log::warning("an Idempotency-Key could not be kept", {{"why", to_line(kept.error())}});
    if (has_input && made->run)
        asio::co_spawn(
            parts_.executor,
            [run = made->run, data = std::move(*input)]() mutable -> awaitable<void> {
                co_await run->write_stdin(nullptr, std::move(data));
                run->close_stdin(nullptr);
            },
            asio::detached);
    co_return made;
}

awaitable<Result<Made>> Registry::prepare_and_launch(api::RunRequest request, Caller caller, std::uint64_t number,
                                                     std::shared_ptr<Place> place) {
    auto prepared = co_await launcher_.prepare(std::move(request), caller, number);
    if (!prepared) co_return std::unexpected(prepared.error());
    const std::optional<std::string> none;
    co_return co_await launch(std::move(*prepared), caller, number, std::move(place), none);
}

awaitable<Result<Made>> Registry::exec(std::shared_ptr<Run> target, api::ExecRequest request, Caller caller) {
    CO_CHECK(find_asker(caller));
    CO_CHECK(check_room(caller.payer));
    if (target->cage.joined)
        co_return fail(Code::conflict, "this run is itself inside another's cage",
                       "name that one: " + target->record.joined.value_or(""));
    if (target->state() != State::running) co_return fail(Code::run_ended, "the run is not running");
    auto place = std::make_shared<Place>(*this, caller.payer);
    const auto number = next_number_++;
    const auto detach = request.detach, attach = request.attach;
    auto prepared = co_await launcher_.prepare_exec(std::move(request), caller, *target, number);
    if (!prepared) co_return std::unexpected(prepared.error());
    prepared->request.detach = detach;
    prepared->request.attach = attach;
    std::optional<std::string> joined(target->id());
    co_return co_await launch(std::move(*prepared), caller, number, std::move(place), std::move(joined));
}

awaitable<Result<Made>> Registry::launch(Prepared prepared, Caller caller, std::uint64_t number,
                                         std::shared_ptr<Place> place, std::optional<std::string> joined) {
    if (stopping_) co_return fail(Code::busy, "owhaled is stopping", "try again in a moment");
    const auto run = make_run(prepared, caller, number);
    launcher_.describe(*run, prepared);
    run->record.joined = std::move(joined);
    CO_CHECK(rows_.insert(run->record, wall_clock_us()));
    live_[run->id()] = run;
    by_number_[number] = run;
    run->on_output_limit = [this, number] { parts_.spawner.kill(number, wire::EndReason::output, 0); };
    if (caller.gone && caller.gone()) run->creator_gone();
    const auto started = co_await launcher_.start(*run, prepared);
    if (run->state() != State::running) {
        settle(*run);
        if (!started) co_return std::unexpected(started.error());
        co_return Made{run->id(), run};
    }
    if (!prepared.box.empty()) boxes_.used({prepared.box, caller.principal, run->record.workspace, run->receipt.uid});
    asio::co_spawn(parts_.executor, live_through(run, std::move(place)), asio::detached);
    co_return Made{run->id(), run};
}

awaitable<void> Registry::live_through(std::shared_ptr<Run> run, std::shared_ptr<Place> place) {
    co_await run->until_drained();
    by_number_.erase(run->number());
    co_await launcher_.finish(*run);
    settle(*run);
    place.reset();
}

// The end of a run's life here: its row says how it ended, and it is found there from now on.
void Registry::settle(Run& run) {
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
    if (kept != 0) kept_.hold_to_quota(rows_, run.caller().principal);
    if (live_.empty()) empty_.notify();
}

void Registry::run_ended(const wire::RunEnded& ended) {
    if (const auto found = by_number_.find(ended.run); found != by_number_.end()) found->second->end(ended);
}

Result<api::Run> Registry::show(const std::string& id, const std::string& principal, bool any) {
    if (const auto run = live(id)) {
        if (!any && run->caller().principal != principal) return std::unexpected(no_such_run());
        return run->snapshot();
    }
    auto row = TRY(rows_.find(id));
    if (const auto late = unrecorded_.find(id); late != unrecorded_.end()) row = late->second.record;
    if (!row || (!any && row->principal != principal)) return std::unexpected(no_such_run());
    return std::move(*row);
}

Result<api::RunList> Registry::list(const std::string& principal, bool any, const std::string& state,
                                    const std::string& before, std::size_t limit) {
    api::RunList out;
    const auto wanted = state_of(state);
    if (!state.empty() && !wanted)
        return fail(
            Code::invalid_value, "state: there is no such state",
            "one of queued, starting, running, exited, signaled, timed_out, limit_exceeded, killed, failed, lost, …");
    if (wanted && !ended(*wanted)) { // only live ones can be in it
        for (auto at = live_.rbegin(); at != live_.rend() && out.runs.size() < limit; ++at)
            if (at->second->state() == *wanted && (any || at->second->caller().principal == principal) &&
                (before.empty() || at->first < before))
                out.runs.push_back(at->second->snapshot());
    } else {
        out.runs = TRY(rows_.list({any ? "" : principal, state, before, limit}));
        for (auto& run : out.runs)
            if (const auto alive = live(run.id)) run = alive->snapshot();
    }
    for (auto& run : out.runs) shorten(run);
    if (out.runs.size() == limit) out.next = out.runs.back().id;
    return out;
}

Status Registry::remove(const std::string& id) {
    if (live(id)) return fail(Code::run_live, "the run has not ended", "`owhalectl runs kill ID` ends it");
    CHECK(rows_.remove(id));
    unrecorded_.erase(id);
    kept_.remove(id);
    return {};
}

std::vector<std::string> Registry::runs_of_box(const std::string& key) const {
    std::vector<std::string> out;
    for (const auto& [id, run] : live_)
        if (run->record.box == key) out.push_back(id);
    return out;
}

Result<api::BoxList> Registry::boxes(const std::string& principal, bool any) {
    api::BoxList out;
    for (auto& row : boxes_.list(principal, any)) {
        row.box.runs = runs_of_box(row.box.id);
        out.boxes.push_back(std::move(row.box));
    }
    return out;
}

Status Registry::reset_box(const std::string& id, const std::string& principal, bool any) {
    const auto row = TRY(boxes_.find(id, principal, any));
    if (const auto users = runs_of_box(id); !users.empty())
        return fail(Code::run_live, "the box is in use by run " + users.front(),
                    "end it first: owhalectl runs kill " + users.front());
    parts_.spawner.reset_box(id, row.uid);
    return {};
}

awaitable<Status> Registry::reconcile() {
    const auto rows = rows_.live();
    if (!rows) co_return std::unexpected(rows.error());
    for (auto run : *rows) {
        run.state = name(State::lost);
        run.ended = rfc3339(wall_clock_us());
        run.error = "owhaled ended while it ran";
        CO_CHECK(rows_.finish(run, wall_clock_us(), kept_.bytes(run.id)));
    }
    const auto interrupted = parts_.audit.interrupted();
    if (!interrupted) co_return std::unexpected(interrupted.error());
    for (const auto& id : *interrupted) {
        const auto row = rows_.find(id);
        const auto principal = row && *row ? (*row)->principal : std::string("system");
        audit::Event event{"run.outcome", principal, "", "lost", id, {}};
        event.data["why"] = "owhaled ended while it ran";
        const auto written = co_await parts_.audit.append(std::move(event));
        if (!written) co_return std::unexpected(written.error());
    }
    kept_.remove_unknown(rows_);
    kept_.hold_to_age(rows_);
    asio::co_spawn(parts_.executor, tick(), asio::detached);
    co_return Status{};
}

void Registry::end_lonely(steady_clock::time_point now) {
    for (const auto& [id, run] : live_) {
        run->drop_slow(now);
        const auto since = run->alone_since();
        if (!since || now - *since < kAloneTime || run->told_to_end || run->state() != State::running) continue;
        run->told_to_end = true;
        run->record.hints.push_back({"its client went, and it was not detached", "run -d lets it go on alone"});
        kill(*run, parts_.settings.kill_grace);
    }
}

void Registry::record_late() {
    std::erase_if(unrecorded_, [this](const auto& entry) {
        const auto& ended = entry.second;
        return rows_.finish(ended.record, ended.at_us, ended.kept).has_value();
    });
}

awaitable<void> Registry::tick() {
    asio::steady_timer timer(parts_.executor);
    boost::system::error_code error;
    for (std::uint64_t count = 1; !stopping_; ++count) {
        timer.expires_after(kTick);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        end_lonely(steady_clock::now());
        record_late();
        co_await launcher_.write_late();
        if (count % 3600 == 0) kept_.hold_to_age(rows_);
    }
}

awaitable<void> Registry::stop() {
    stopping_ = true;
    for (const auto& [id, run] : live_) kill(*run, parts_.settings.kill_grace);
    asio::steady_timer limit(parts_.executor, parts_.settings.kill_grace + std::chrono::seconds(5));
    bool late = false;
    limit.async_wait([&](const boost::system::error_code& error) {
        if (error) return;
        late = true;
        empty_.notify();
    });
    while (!live_.empty() && !late) co_await empty_.wait();
    limit.cancel();
}

} // namespace

Result<std::unique_ptr<Runs>> Runs::open(Parts parts) {
    auto kept = TRY(Kept::open(parts.settings));
    return std::make_unique<Registry>(std::move(parts), std::move(kept));
}

} // namespace owhale::sandbox
