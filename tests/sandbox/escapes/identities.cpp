// Who a run runs as: only whom the kernel named at accept, only while that connection is open, never uid 0.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

// The control of everything here: an unspoilt plan does run, as its caller.
void control(const Place& place) {
    Stage stage(place);
    const auto answer = stage.launch(stage.ready_draft());
    const auto end = stage.await_end();
    check("control: an honest plan runs", answer.end == End::started && end && end->exit_code == 0, answer.text());
    check("control: it runs as its caller", first_line(stage.marker()) == std::to_string(stage.caller()),
          first_line(stage.marker()));
}

void unknown_numbers(const Place& place) {
    Stage stage(place);
    const auto facts = stage.resolve(12345);
    check("a connection number never given", facts && facts->err != 0, facts ? facts->step : "no answer");
    const auto answer = stage.launch(stage.draft(stage.last_resolution()));
    check("a run of a refused resolution", answer.end == End::refused, answer.text());
    const auto never = stage.launch(stage.draft(99999));
    check("a run of a resolution never made", never.end == End::refused, never.text());
    check("no command ran", !stage.marked());
}

void closed_connection(const Place& place) {
    Stage stage(place);
    const auto first = stage.connect();
    auto close_it = message<wire::CloseConnection>(wire::Type::close_connection);
    close_it.connection = first;
    stage.spawner().send(close_it);
    const auto facts = stage.resolve(first);
    check("a closed connection's number", facts && facts->err != 0, facts ? facts->step : "no answer");
    const auto second = stage.connect();
    check("a number is never given twice", second != 0 && second != first);
    stage.spawner().hang_up(second);
    stage.spawner().await({wire::Type::connection_gone});
    const auto gone = stage.resolve(second);
    check("the number of a client that hung up", gone && gone->err != 0, gone ? gone->step : "no answer");
    check("no command ran", !stage.marked());
}

void resolution_used_twice(const Place& place) {
    Stage stage(place);
    const auto draft = stage.ready_draft();
    const auto first = stage.launch(draft);
    stage.await_end();
    unlink(stage.marker().c_str());
    auto again = stage.draft(draft.run.resolution);
    const auto second = stage.launch(again);
    check("a resolution used twice", first.end == End::started && second.end == End::refused, second.text());
    check("no command ran", !stage.marked());
}

void run_number_used_twice(const Place& place) {
    Stage stage(place);
    auto longer = stage.ready_draft();
    set_script(longer, "sleep 30");
    const auto first = stage.launch(longer);
    auto second = stage.ready_draft();
    second.run.run = longer.run.run;
    const auto answer = stage.launch(second);
    check("a live run's number used again",
          first.end == End::started && (answer.end == End::refused || answer.end == End::spawner_ended), answer.text());
    check("no command ran", !stage.marked());
}

void user_names(const Place& place) {
    Stage stage(place);
    const auto connection = stage.connect();
    for (const char* name : {"root", "daemon", "nobody", "0", "../root", "no-such-user"}) {
        const auto facts = stage.resolve(connection, name);
        check(std::string("an ordinary caller's run as user ") + name, facts && facts->err != 0,
              facts ? facts->step : "no answer");
    }
    if (place.rootless) return;
    const auto root = stage.spawner().connect(0, 0);
    for (const char* name : {"root", "0", "no-such-user"}) {
        const auto facts = stage.resolve(root, name);
        check(std::string("root's run as user ") + name, facts && (facts->err != 0 || facts->uid != 0),
              facts ? facts->step : "no answer");
    }
    const auto facts = stage.resolve(root);
    check("root's run has the reserved uid",
          facts && facts->err == 0 && facts->uid == stage.spawner().ready().reserved_uid && facts->uid != 0,
          facts ? std::to_string(facts->uid) : "no answer");
}

void root_never_runs(const Place& place) {
    if (place.rootless) return;
    Stage stage(place);
    stage.resolve(stage.spawner().connect(0, 0));
    auto draft = stage.draft(stage.last_resolution());
    set_script(draft, "id -u; test $(id -u) -ne 0");
    const auto answer = stage.launch(draft);
    const auto end = stage.await_end();
    // The workspace is not root's: the plan may be refused for that; what must not be is a uid 0.
    check("root's connection never runs as uid 0", answer.end == End::refused || (end && end->exit_code == 0),
          answer.text());
}

// Joining enters another run's cage: only its own uid may.
void join_of_another_uid(const Place& place) {
    if (place.rootless) return;
    Stage stage(place);
    auto longer = stage.ready_draft();
    set_script(longer, "sleep 30");
    const auto first = stage.launch(longer);
    const auto other = stage.spawner().connect(kOther, kOther);
    stage.resolve(other);
    auto draft = stage.draft(stage.last_resolution());
    draft.run.join = longer.run.run;
    const auto second = stage.launch(draft);
    check("another uid joins a run", first.end == End::started && second.end == End::refused, second.text());
    auto missing = stage.ready_draft();
    missing.run.join = 4242;
    const auto third = stage.launch(missing);
    check("a run that is not there is joined", third.end == End::refused, third.text());
    check("no command ran", !stage.marked());
}

// The broker has no message that hands over a socket; a descriptor too many, whatever it is, ends the spawner.
void forged_connection(const Place& place) {
    Stage stage(place);
    auto forged = message<wire::Accepted>(wire::Type::accepted);
    forged.connection = 77;
    forged.uid = 0;
    stage.spawner().send(forged, {0});
    check("a connection forged by the broker ends the spawner", stage.spawner().ended());
}

void runs_end_with_the_spawner(const Place& place) {
    Stage stage(place);
    auto draft = stage.ready_draft();
    set_script(draft, "echo $$ > " + stage.marker() + "; exec sleep 60.4711");
    const auto answer = stage.launch(draft);
    for (int i = 0; i < 100 && !stage.marked(); ++i) usleep(20000);
    stage.spawner().send("garbage!", 8);
    check("garbage ends the spawner", answer.end == End::started && stage.spawner().ended());
    usleep(300000);
    const int left = std::system("pgrep -f '^sleep 60.4711' > /dev/null");
    check("its runs end with it", left != 0);
}

struct Held {
    std::size_t descriptors = 0, mounts = 0, children = 0;
};

Held held_by(pid_t pid) {
    const auto folder = "/proc/" + std::to_string(pid);
    Held held;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder + "/fd")) ++held.descriptors;
    std::ifstream mounts(folder + "/mountinfo");
    for (std::string line; std::getline(mounts, line);) ++held.mounts;
    std::ifstream children(folder + "/task/" + std::to_string(pid) + "/children");
    for (std::string word; children >> word;) ++held.children;
    return held;
}

// Runs that work and plans that are refused half-way: the spawner holds no more afterwards than before.
void nothing_left(const Place& place) {
    Stage stage(place);
    const auto connection = stage.connect();
    const auto one = [&](bool good) {
        stage.resolve(connection, "", {"0", "1", "/usr"});
        auto draft = stage.draft(stage.last_resolution());
        add_mount(draft, wire::MountKind::resolved, 0, "0", "/mnt");
        if (!good) add_mount(draft, wire::MountKind::system, 0, "/root", "/mnt/x");
        if (stage.launch(draft).end == End::started) stage.await_end();
    };
    one(true);
    one(false);
    // Jails that wait are no remains of a run: a reload ends them.
    const auto empty_pool = [&] {
        stage.spawner().send(message<wire::Reopen>(wire::Type::reopen));
        stage.spawner().await({wire::Type::reopened}, 3000);
    };
    empty_pool();
    usleep(500'000); // before they are gone the picture is larger, and the test only weaker
    const auto before = held_by(stage.spawner().pid());
    constexpr int kTimes = 50;
    for (int i = 0; i < kTimes; ++i) one(i % 2 == 0);
    empty_pool();
    auto after = held_by(stage.spawner().pid());
    const auto more = [&] {
        return after.descriptors > before.descriptors || after.mounts > before.mounts ||
               after.children > before.children;
    };
    // The last run is told of a moment before its descriptors are closed and its resolve child is reaped.
    for (int i = 0; i < 250 && more(); ++i) {
        usleep(20000);
        after = held_by(stage.spawner().pid());
    }
    check("no descriptor is left", after.descriptors <= before.descriptors, std::to_string(after.descriptors));
    check("no mount is left", after.mounts <= before.mounts, std::to_string(after.mounts));
    check("no process is left", after.children <= before.children, std::to_string(after.children));
}

} // namespace

void play_identities(const Place& place) {
    control(place);
    unknown_numbers(place);
    closed_connection(place);
    resolution_used_twice(place);
    run_number_used_twice(place);
    user_names(place);
    root_never_runs(place);
    join_of_another_uid(place);
    forged_connection(place);
    runs_end_with_the_spawner(place);
    nothing_left(place);
}

} // namespace owhale::escapes
