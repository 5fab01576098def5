// Connections that are held, and runs that are held still: what a broker may ask of both, and what it may not.
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

int hold(Stage& stage, std::uint64_t connection) {
    auto ask = message<wire::HoldConnection>(wire::Type::hold_connection);
    ask.connection = connection;
    stage.spawner().send(ask);
    const auto reply = stage.spawner().await({wire::Type::connection_held});
    return reply ? reply->as<wire::ConnectionHeld>().err : -1;
}

void release(Stage& stage, std::uint64_t connection) {
    auto ask = message<wire::ReleaseConnection>(wire::Type::release_connection);
    ask.connection = connection;
    stage.spawner().send(ask);
}

void hang_up(Stage& stage, std::uint64_t connection) {
    stage.spawner().hang_up(connection);
    stage.spawner().await({wire::Type::connection_gone});
}

bool believed(Stage& stage, std::uint64_t connection) {
    const auto resolved = stage.resolve(connection);
    return resolved && resolved->err == 0;
}

void held_until_released(const Place& place) {
    Stage stage(place);
    const auto connection = stage.connect();
    check("an open connection is held", hold(stage, connection) == 0);
    check("and once more", hold(stage, connection) == 0);
    hang_up(stage, connection);
    check("a held connection is believed after its client went", believed(stage, connection));
    const auto answer = stage.launch(stage.draft(stage.last_resolution()));
    const auto end = stage.await_end();
    check("and what it asked for runs as it", answer.end == End::started && end && stage.marked(), answer.text());
    check("what has gone is not held anew", hold(stage, connection) == ENOTCONN);
    release(stage, connection);
    check("two holds need two releases", believed(stage, connection));
    release(stage, connection);
    check("a released connection is not believed", !believed(stage, connection));
    release(stage, connection);
    check("a release too many does nothing", !stage.spawner().ended(100));
}

void held_and_open(const Place& place) {
    Stage stage(place);
    const auto connection = stage.connect();
    hold(stage, connection);
    release(stage, connection);
    check("an open connection stays when its hold ends", believed(stage, connection));
    hold(stage, connection);
    auto close_it = message<wire::CloseConnection>(wire::Type::close_connection);
    close_it.connection = connection;
    stage.spawner().send(close_it);
    check("what the broker closes is held, too", believed(stage, connection));
    release(stage, connection);
    check("and goes with its release", !believed(stage, connection));
}

void numbers_that_are_none(const Place& place) {
    Stage stage(place);
    const auto gone = stage.connect();
    hang_up(stage, gone);
    for (const std::uint64_t number : {gone, gone + 1, std::uint64_t{0}, ~std::uint64_t{0}}) {
        check("the connection " + std::to_string(number) + " cannot be held", hold(stage, number) == ENOTCONN);
        release(stage, number);
        check("nor is it believed", !believed(stage, number));
    }
}

void exhaustion(const Place& place) {
    Stage stage(place);
    std::size_t held = 0;
    int err = 0;
    std::uint64_t last = 0;
    for (; held < wire::kMaxHeldOfUid + 2; ++held) {
        last = stage.connect();
        if (err = last == 0 ? -1 : hold(stage, last); err != 0) break;
        hang_up(stage, last);
    }
    check("1,024 connections of one uid are held", held == wire::kMaxHeldOfUid && err == EAGAIN,
          std::to_string(held) + ", then " + std::to_string(err));
    check("the next is served without being held", believed(stage, last));
    if (place.rootless) return;
    const auto other = stage.spawner().connect(kOther, kOther);
    check("another uid has a share of its own", hold(stage, other) == 0);
}

struct timespec now() {
    struct timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}
double since(const struct timespec& begin) {
    const auto end = now();
    return static_cast<double>(end.tv_sec - begin.tv_sec) + static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e9;
}

std::optional<wire::RunFrozen> freeze(Stage& stage, std::uint64_t run, bool still) {
    auto ask = message<wire::FreezeRun>(wire::Type::freeze_run);
    ask.run = run;
    ask.freeze = still ? 1 : 0;
    stage.spawner().send(ask);
    const auto reply = stage.spawner().await({wire::Type::run_frozen});
    if (!reply) return {};
    return reply->as<wire::RunFrozen>();
}

off_t size_of(const std::string& path) {
    struct stat st{};
    return stat(path.c_str(), &st) == 0 ? st.st_size : -1;
}

// Whether what a run writes grows within a moment.
bool moves(const std::string& path, int ms = 400) {
    const auto before = size_of(path);
    usleep(static_cast<useconds_t>(ms) * 1000);
    return size_of(path) != before;
}

Draft counter(Stage& stage, const std::string& into) {
    auto draft = stage.ready_draft();
    // Two processes, one of them in a session of its own.
    set_script(draft, "trap 'echo term >> " + into + "' TERM; setsid sh -c 'while :; do echo -n x >> " + into +
                          ".other; sleep 0.02; done' & while :; do echo -n x >> " + into + "; sleep 0.02; done");
    unlink(into.c_str());
    unlink((into + ".other").c_str());
    return draft;
}

void wait_until_it_moves(const std::string& path) {
    for (int i = 0; i < 250 && size_of(path) < 3; ++i) usleep(20'000);
}

void held_still(const Place& place) {
    Stage stage(place);
    const auto into = stage.workspace() + "/count";
    const auto draft = counter(stage, into);
    stage.launch(draft);
    wait_until_it_moves(into);
    wait_until_it_moves(into + ".other");
    const auto frozen = freeze(stage, draft.run.run, true);
    usleep(50'000);
    check("a run is held still",
          frozen && frozen->by != wire::FrozenBy::none && !moves(into) && !moves(into + ".other"));
    auto go_on = message<wire::SignalRun>(wire::Type::signal_run);
    go_on.run = draft.run.run;
    for (const int signal : {SIGCONT, SIGTERM, SIGURG}) {
        go_on.signal = signal;
        stage.spawner().send(go_on);
    }
    check("no signal wakes it", !moves(into) && !moves(into + ".other"));
    const auto again = freeze(stage, draft.run.run, true);
    check("it can be asked for again", again && again->by == frozen->by);
    const auto thawed = freeze(stage, draft.run.run, false);
    check("it goes on", thawed && thawed->by == wire::FrozenBy::none && moves(into) && moves(into + ".other"));
    freeze(stage, draft.run.run, true);
    auto kill_it = message<wire::KillRun>(wire::Type::kill_run);
    kill_it.run = draft.run.run;
    kill_it.reason = wire::EndReason::killed;
    kill_it.grace_ms = 8000;
    const auto begin = now();
    stage.spawner().send(kill_it);
    const auto end = stage.await_end();
    check("a run that is held still is killed, without a grace", end && since(begin) < 3, std::to_string(since(begin)));
    const auto none = freeze(stage, draft.run.run, true);
    check("one that has ended is not", none && none->err == ESRCH);
}

void held_as_it_starts(const Place& place) {
    Stage stage(place);
    const auto into = stage.workspace() + "/count";
    const auto draft = counter(stage, into);
    const auto blob = wire::write_blob(draft.blob);
    stage.spawner().send(draft.run, {blob->get()});
    auto ask = message<wire::FreezeRun>(wire::Type::freeze_run);
    ask.run = draft.run.run;
    ask.freeze = 1;
    stage.spawner().send(ask);
    const auto answer = stage.await_answer();
    usleep(100'000);
    check("a run that starts is held as soon as it runs", answer.end == End::started && !moves(into), answer.text());
    freeze(stage, draft.run.run, false);
    check("and goes on", moves(into, 1000));
}

// The wall clock stands still while the run does.
void held_beyond_its_time(const Place& place) {
    Stage stage(place);
    const auto into = stage.workspace() + "/count";
    auto draft = counter(stage, into);
    draft.run.wall_ms = 2500;
    stage.launch(draft);
    wait_until_it_moves(into);
    freeze(stage, draft.run.run, true);
    const auto early = stage.spawner().await({wire::Type::run_ended}, 3500);
    check("the time that a run is held still is not its own", !early);
    freeze(stage, draft.run.run, false);
    check("it has what was left", moves(into, 500));
    const auto end = stage.await_end();
    check("and no more", end && end->reason == wire::EndReason::wall);
}

void held_with_what_entered(const Place& place) {
    Stage stage(place);
    const auto into = stage.workspace() + "/count", other = stage.workspace() + "/second";
    const auto first = counter(stage, into);
    stage.launch(first);
    auto second = counter(stage, other);
    second.run.join = first.run.run;
    second.run.mount_count = 0;
    second.blob[3].clear();
    const auto entered = stage.launch(second);
    wait_until_it_moves(into);
    wait_until_it_moves(other);
    freeze(stage, first.run.run, true);
    freeze(stage, second.run.run, true);
    usleep(50'000);
    check("what entered a cage is held with it", entered.end == End::started && !moves(into) && !moves(other));
    freeze(stage, second.run.run, false);
    freeze(stage, first.run.run, false);
    check("and goes on with it", moves(into) && moves(other));
}

} // namespace

void play_held(const Place& place) {
    held_until_released(place);
    held_and_open(place);
    numbers_that_are_none(place);
    exhaustion(place);
    held_still(place);
    held_as_it_starts(place);
    held_beyond_its_time(place);
    held_with_what_entered(place);
}

} // namespace owhale::escapes
