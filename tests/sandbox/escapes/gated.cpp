// A gated run: its cage is built at once, and its command executes when the broker says that the intent is on disk, not
// before, whatever comes in which order.
#include "stage.hpp"

namespace owhale::escapes {
namespace {

wire::GoRun go_of(std::uint64_t run) {
    auto go = message<wire::GoRun>(wire::Type::go_run);
    go.run = run;
    return go;
}

struct Gated {
    explicit Gated(const Place& place, std::uint32_t flags = wire::kRunGated)
        : stage(place), draft(stage.ready_draft()) {
        draft.run.flags |= flags;
    }
    void send() {
        const auto blob = wire::write_blob(draft.blob);
        if (blob) stage.spawner().send(draft.run, {blob->get()});
    }
    void go() { stage.spawner().send(go_of(draft.run.run)); }
    bool is_silent() { return !stage.spawner().await({wire::Type::run_started, wire::Type::run_failed}, 500); }
    bool ran() { return stage.await_end().has_value() && stage.marked(); }

    Stage stage;
    Draft draft;
};

void nothing_before_its_go(const Place& place) {
    Gated gated(place);
    gated.send();
    check("a gated run does not start by itself", gated.is_silent() && !gated.stage.marked());
    gated.go();
    check("its go starts it", gated.stage.await_answer().end == End::started);
    check("and then it runs", gated.ran());
}

void go_at_once(const Place& place) {
    Gated gated(place);
    gated.send();
    gated.go();
    check("a go that comes before the cage stands is kept",
          gated.stage.await_answer().end == End::started && gated.ran());
}

void killed_instead(const Place& place) {
    Gated gated(place);
    gated.send();
    check("one that nobody lets go waits", gated.is_silent());
    auto kill = message<wire::KillRun>(wire::Type::kill_run);
    kill.run = gated.draft.run.run;
    kill.reason = wire::EndReason::killed;
    gated.stage.spawner().send(kill);
    const auto answer = gated.stage.await_answer();
    check("a kill ends it, and it never ran", answer.end == End::refused && !gated.stage.marked(), answer.text());
    gated.go();
    check("a go for what has ended is nothing", !gated.stage.spawner().ended(200) && !gated.stage.marked());
}

void a_go_too_many(const Place& place) {
    Gated twice(place);
    twice.send();
    twice.go();
    twice.go();
    check("a second go ends the spawner", twice.stage.spawner().ended(5000));
    Gated ungated(place, 0);
    set_script(ungated.draft, "sleep 60");
    ungated.send();
    check("control: a run without a gate starts by itself", ungated.stage.await_answer().end == End::started);
    ungated.go();
    check("a go for a run without a gate ends the spawner", ungated.stage.spawner().ended(5000));
}

// A go names its run.
void of_another(const Place& place) {
    Gated gated(place);
    gated.send();
    gated.stage.spawner().send(go_of(gated.draft.run.run + 1));
    check("another run's go is not its own", gated.is_silent() && !gated.stage.marked());
}

} // namespace

void play_gated(const Place& place) {
    nothing_before_its_go(place);
    go_at_once(place);
    killed_instead(place);
    a_go_too_many(place);
    of_another(place);
}

} // namespace owhale::escapes
