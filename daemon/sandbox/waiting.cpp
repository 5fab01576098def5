// The way of a run that waits for people: asked, answered, looked up again, compared, begun.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "sandbox/frozen.hpp"
#include "sandbox/registry.hpp"
#include "sandbox/request.hpp"

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

struct Ending { // of a run that did not go on
    Answer::Word word;
    State state;
    Code code;
    std::string_view what, next;
};
constexpr Ending kEndings[] = {
    {Answer::Word::denied, State::denied, Code::approval_denied, "it was refused: ", "do not try it in other words"},
    {Answer::Word::expired, State::expired, Code::approval_expired, "the request has expired: ", "ask again"},
    {Answer::Word::cancelled, State::cancelled, Code::approval_cancelled, "the request was cancelled: ", ""},
};

// What may be otherwise in a moment, or on another connection; an approval is not lost by it.
bool is_passing(const Error& error) {
    return error.step == "resolve.connection" || error.code == Code::busy || error.code == Code::frozen ||
           error.code == Code::spawner_unavailable;
}

std::string joined(const std::vector<std::string>& sentences) {
    std::string out;
    for (const auto& sentence : sentences) (out += out.empty() ? "" : "; ") += sentence;
    return out;
}

std::string given(const Asked& asked) {
    return asked.create ? given_stdin(*asked.create).value_or("") : std::string();
}

} // namespace

awaitable<Result<Made>> Registry::ask(std::shared_ptr<Run> run, Prepared prepared, Asked asked,
                                      std::shared_ptr<Place> place) {
    if (parts_.admits) CO_CHECK(parts_.admits(run->caller().payer));
    auto plea = make_plea(prepared, run->caller(), run->record, asked);
    if (!plea) co_return std::unexpected(plea.error());
    plea->plain = [this, caller = run->caller(), user = prepared.request.run_as.value_or("")](
                      std::vector<std::string> paths) { return launcher_.are_plain(caller, user, std::move(paths)); };
    const auto granted = co_await parts_.consent->granted(*plea);
    if (!granted) co_return std::unexpected(granted.error());
    run->receipt.plan_digest = plea->digest;
    if (!*granted) {
        prepared.lease = {};
        place.reset(); // people may take their time
        const auto begun = co_await begin_waiting(run, std::move(*plea));
        if (begun) co_return Made{run->id(), run};
        if (begun.error().code != Code::approval_required) co_return std::unexpected(begun.error());
        // Nobody could agree to it: it is denied, and in the log as that.
        prepared.take_unaskable(begun.error());
        run->record.verdict = prepared.verdict;
        place = std::make_shared<Place>(*this, run->caller());
    } else {
        prepared.agreed = **granted;
        prepared.plan_digest = plea->digest;
        launcher_.describe(*run, prepared);
    }
    take_in(run);
    co_return co_await begin(run, prepared, std::move(place));
}

// In the registry before it is asked for: the answer may come at once.
awaitable<Status> Registry::begin_waiting(std::shared_ptr<Run> run, Plea plea) {
    run->has_client = plea.waits;
    run->enter(State::waiting_approval);
    ++waiting_;
    take_in(run);
    if (!plea.waits) co_await hold_connection(run);
    const auto approval = co_await parts_.consent->ask(std::move(plea));
    auto stored = approval ? Status{} : std::unexpected(approval.error());
    if (approval) {
        run->record.approval = *approval;
        stored = rows_.insert(run->record, wall_clock_us());
        if (!stored) cancel_waiting(*run, "it could not be stored");
    }
    if (!stored) {
        leave_waiting(*run);
        by_number_.erase(run->number());
        live_.erase(run->id());
        co_return stored;
    }
    if (run->has_client && run->caller().gone && run->caller().gone()) cancel_waiting(*run, "its client went");
    asio::co_spawn(parts_.executor, wait_for_answer(run), asio::detached);
    co_return Status{};
}

// Who stays for the answer needs no holding; who may go is believed by its connection's number afterwards.
awaitable<void> Registry::hold_connection(std::shared_ptr<Run> run) {
    const auto number = run->caller().connection;
    const auto held = co_await parts_.spawner.hold(number);
    if (held)
        run->held_connection = number;
    else
        log::info("a connection is not held: its request has to be claimed", {{"run", run->id()}});
}

void Registry::release(Run& run) {
    if (run.held_connection != 0) parts_.spawner.release(run.held_connection);
    run.held_connection = 0;
}

void Registry::leave_waiting(Run& run) {
    --waiting_;
    release(run);
}

void Registry::answered(const std::string& id, const Answer& answer) {
    const auto run = live(id);
    if (!run || run->state() != State::waiting_approval) return;
    run->answer = answer;
    run->changed().notify();
}

void Registry::cancel_waiting(const Run& run, std::string because) {
    if (parts_.consent != nullptr) parts_.consent->cancel(run.id(), std::move(because));
}

// Its own runs, and what would enter its cage, wait for nothing any more.
void Registry::cancel_those_of(const Run& ended) {
    if (waiting_ == 0) return;
    for (const auto& [id, run] : live_) {
        if (run->state() != State::waiting_approval) continue;
        const auto& asker = run->caller().asker;
        if (asker && asker->id == ended.id())
            cancel_waiting(*run, "the run that asked for it has ended");
        else if (run->record.joined == ended.id())
            cancel_waiting(*run, "the run that it would enter has ended");
    }
}

awaitable<void> Registry::wait_for_answer(std::shared_ptr<Run> run) {
    for (;;) {
        while (!run->answer) co_await run->changed().wait();
        const auto answer = *std::exchange(run->answer, std::nullopt);
        if (answer.word != Answer::Word::approved) {
            for (const auto& row : kEndings) {
                if (row.word != answer.word) continue;
                Error error{row.code, std::string(row.what) + answer.because, std::string(row.next), 0, {}};
                co_await end_waiting(run, row.state, std::move(error));
            }
            co_return;
        }
        run->goes_on = true;
        const bool gone_on = co_await go_on(run);
        run->goes_on = false;
        if (gone_on) co_return;
        parts_.consent->set_claimable(run->id());
    }
}

awaitable<void> Registry::end_waiting(std::shared_ptr<Run> run, State state, Error error) {
    co_await launcher_.refuse(*run, state, std::move(error));
    leave_waiting(*run);
    settle(*run);
}

awaitable<void> Registry::end_void(std::shared_ptr<Run> run, std::string because) {
    auto copy = because;
    co_await parts_.consent->end_void(run->id(), std::move(copy));
    Error error{Code::approval_void, "what would run is not what was agreed to: " + because, "ask again", 0, {}};
    co_await end_waiting(run, State::denied, std::move(error));
}

// True when it runs or has ended; false when its requester has to claim it.
awaitable<bool> Registry::go_on(std::shared_ptr<Run> run) {
    auto waiting = parts_.consent->waiting(run->id());
    auto asked = waiting ? read_kept(waiting->request) : Result<Asked>(std::unexpected(waiting.error()));
    if (!asked) {
        auto why = asked.error().message;
        co_await end_void(run, std::move(why));
        co_return true;
    }
    auto caller = run->caller();
    auto found = caller.connection == 0 ? Status(fail(Code::busy, "its requester is away")) : find_asker(caller);
    if (found && parts_.admits) found = parts_.admits(caller.payer);
    while (found && !stopping_ && !check_room(caller)) co_await room_.wait();
    if (stopping_) co_return false;
    auto place = std::make_shared<Place>(*this, caller);
    auto prepared = Result<Prepared>(std::unexpected(Error{}));
    if (found) {
        run->set_caller(caller);
        prepared = co_await prepare_again(*asked, caller, run);
    }
    if (prepared && prepared->unaskable) {
        auto why = *prepared->unaskable;
        prepared = std::unexpected(std::move(why));
    }
    if (!found || !prepared) {
        const auto error = found ? prepared.error() : found.error();
        if (is_passing(error) && !run->has_client) co_return false;
        auto why = to_line(error);
        co_await end_void(run, std::move(why));
        co_return true;
    }
    const auto now = freeze(*prepared, caller);
    const auto digest = digest_of(now);
    if (!digest || *digest != waiting->digest) {
        auto why = joined(differences(waiting->frozen, now));
        co_await end_void(run, std::move(why));
        co_return true;
    }
    prepared->plan_digest = *digest;
    const auto started = co_await start_agreed(run, *prepared, *asked, std::move(place));
    if (!started) log::info("an approved run did not start", {{"run", run->id()}, {"why", to_line(started.error())}});
    co_return true;
}

awaitable<Result<Prepared>> Registry::prepare_again(const Asked& asked, Caller caller, std::shared_ptr<Run> run) {
    const auto id = parse_uuid(run->id()).value_or(Uuid{});
    if (asked.create) {
        auto request = *asked.create;
        co_return co_await launcher_.prepare(std::move(request), caller, run->number(), id);
    }
    const auto target = live(asked.target.value_or(""));
    if (!target || target->state() != State::running)
        co_return fail(Code::run_ended, "the run that it would enter has ended");
    auto request = *asked.exec;
    co_return co_await launcher_.prepare_exec(std::move(request), caller, *target, run->number(), id);
}

awaitable<Status> Registry::start_agreed(std::shared_ptr<Run> run, Prepared& prepared, const Asked& asked,
                                         std::shared_ptr<Place> place) {
    auto agreed = co_await parts_.consent->use(run->id());
    if (!agreed) {
        auto why = agreed.error().message;
        co_await end_void(run, std::move(why));
        co_return std::unexpected(agreed.error());
    }
    prepared.agreed = std::move(*agreed);
    const auto created = run->record.created;
    launcher_.describe(*run, prepared);
    run->record.created = created;
    run->record.state = name(run->state());
    if (!run->has_client && run->alone_since()) run->let_go(); // its client did not have to stay for the answer
    leave_waiting(*run);
    const auto begun = co_await begin(run, prepared, std::move(place));
    if (!begun) co_return std::unexpected(begun.error());
    const bool has_input = asked.create && (asked.create->stdin_ || asked.create->stdin_base64);
    if (has_input && run->state() == State::running) feed(run, given(asked));
    co_return Status{};
}

awaitable<void> Registry::outlive_client(std::shared_ptr<Run> run) {
    if (run->state() != State::waiting_approval || !run->has_client) co_return;
    run->has_client = false;
    if (run->held_connection == 0) co_await hold_connection(run);
    parts_.consent->outlive_client(run->id());
}

awaitable<Result<Made>> Registry::claim(std::string id, Caller caller) {
    const auto run = live(id);
    if (!run || run->caller().principal != caller.principal)
        co_return fail(Code::not_found, "there is no such run", "`owhalectl runs ls` lists yours");
    const auto waiting = parts_.consent->waiting(id);
    if (!waiting) co_return std::unexpected(waiting.error());
    if (!waiting->approved) co_return fail(Code::conflict, "nobody has approved it yet", "wait for the answer");
    if (run->goes_on || run->answer) co_return fail(Code::conflict, "it goes on by itself", "wait for it");
    if (waiting->uid != caller.uid)
        co_return fail(Code::forbidden, "it was asked for by another user of this machine", "claim it as that one");
    CO_CHECK(find_asker(caller));
    release(*run);
    run->set_caller(std::move(caller));
    run->answer = Answer{Answer::Word::approved, ""};
    // Who claims may hang up with our answer, before the plan is looked up as theirs.
    co_await hold_connection(run);
    if (run->state() != State::waiting_approval) release(*run);
    run->changed().notify();
    co_return Made{id, run};
}

// Of a row that was waiting as owhaled ended: it waits on, without a connection. conflict when it does not.
Status Registry::restore(const api::Run& row) {
    if (row.state != name(State::waiting_approval) || parts_.consent == nullptr)
        return fail(Code::conflict, "it did not wait");
    const auto waiting = TRY(parts_.consent->waiting(row.id));
    Run::Birth birth;
    birth.id = row.id;
    birth.number = next_number_++;
    birth.caller.principal = birth.caller.payer = row.principal;
    birth.caller.uid = waiting.uid;
    birth.folder = kept_.folder(row.id);
    birth.keep = parts_.settings.keep_output;
    birth.output_limit = parts_.settings.output_limit;
    birth.detached = true;
    birth.masks_live = parts_.settings.redact_live == "on";
    birth.tty = row.tty;
    const auto run = std::make_shared<Run>(parts_.executor, std::move(birth));
    run->enter(State::waiting_approval);
    run->record = row;
    run->has_client = waiting.waits;
    ++waiting_;
    take_in(run);
    asio::co_spawn(parts_.executor, wait_for_answer(run), asio::detached);
    if (row.joined || row.principal.starts_with("run:")) cancel_waiting(*run, "the run that it needs has ended");
    return {};
}

// Requests whose run was not stored before owhaled ended.
void Registry::cancel_lost() {
    if (parts_.consent == nullptr) return;
    const auto all = parts_.consent->all_waiting();
    if (!all) return log::error(to_line(all.error()));
    for (const auto& id : *all)
        if (!live(id)) parts_.consent->cancel(id, "owhaled ended before its run was stored");
}

} // namespace owhale::sandbox
