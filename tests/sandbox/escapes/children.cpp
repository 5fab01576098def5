// A run that has a listener of its own, and a broker that is no longer honest: what the run asks for is never wider than
// the run itself, and ends with it.
#include <csignal>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

// Connects `count` times and waits.
std::string client(int count) {
    return "exec python3 -c 'import socket, time\n"
           "held = []\n"
           "for i in range(" +
           std::to_string(count) +
           "):\n"
           "    s = socket.socket(socket.AF_UNIX); s.settimeout(2)\n"
           "    try: s.connect(\"/run/owhaled/owhaled.sock\")\n"
           "    except OSError: break\n"
           "    held.append(s)\n"
           "time.sleep(60)'";
}

struct Parent {
    std::uint64_t run = 0, connection = 0;
};

// A run with a listener: its workspace writable but for `pinned`, and a connection of its own.
class Family {
public:
    explicit Family(const Place& place, const std::string& config = "") : stage(place, config) {
        mkdir(pinned().c_str(), 0755);
        mkdir((pinned() + "/deep").c_str(), 0755);
        mkdir(beside().c_str(), 0755);
        for (const auto& path : {pinned(), pinned() + "/deep", beside()})
            if (!place.rootless && chown(path.c_str(), kCaller, kCaller) != 0) std::perror("chown");
    }
    std::string pinned() const { return stage.workspace() + "/pinned"; }
    std::string beside() const { return stage.workspace() + "-beside"; }

    Draft parent_draft(const std::string& script) {
        auto draft = stage.ready_draft();
        draft.run.flags |= wire::kRunDaemon;
        draft.run.memory = 512u << 20;
        draft.run.pids = 200;
        std::snprintf(draft.run.filter, sizeof draft.run.filter, "build");
        set_script(draft, script);
        add_mount(draft, wire::MountKind::mask, wire::kMountPin, "", pinned());
        return draft;
    }
    bool start(const std::string& script = client(1)) {
        const auto draft = parent_draft(script);
        parent.run = draft.run.run;
        if (stage.launch(draft).end != End::started) return false;
        const auto reply = stage.spawner().await({wire::Type::accepted}, 5000);
        if (!reply) return false;
        accepted = reply->as<wire::Accepted>();
        parent.connection = accepted.connection;
        return true;
    }
    // A plan of a run of the run's, honest as yet.
    Draft child_draft(const std::string& folder = "", const std::vector<std::string>& probes = {}) {
        stage.resolve_in(parent.connection, folder.empty() ? stage.workspace() : folder, 0, "", probes);
        return stage.draft(stage.last_resolution());
    }
    void end_parent() {
        auto kill_it = message<wire::KillRun>(wire::Type::kill_run);
        kill_it.run = parent.run;
        kill_it.reason = wire::EndReason::killed;
        stage.spawner().send(kill_it);
    }

    Stage stage;
    Parent parent;
    wire::Accepted accepted{};
};

void refuse(Family& family, const std::string& name, const Draft& draft) {
    const auto answer = family.stage.launch(draft);
    if (answer.end == End::started) family.stage.await_end(draft.run.run);
    check("a run of a run: " + name, answer.end == End::refused, answer.text());
}

void honest(const Place& place) {
    Family family(place);
    if (!family.start()) return check("control: a run connects to a listener of its own", false);
    const auto& facts = family.accepted;
    check("control: a run connects to a listener of its own",
          facts.kind == wire::PeerKind::local && facts.run == family.parent.run && facts.uid == family.stage.caller());
    const auto draft = family.child_draft();
    const auto answer = family.stage.launch(draft);
    const auto end = family.stage.await_end(draft.run.run);
    check("control: a run of a run runs",
          answer.end == End::started && end && end->exit_code == 0 && family.stage.marked(), answer.text());
}

void other_identities(const Place& place) {
    Family family(place);
    if (!family.start()) return check("a run with a listener starts", false);
    auto& stage = family.stage;
    const auto account = stage.resolve_in(family.parent.connection, stage.workspace(), 7);
    check("a run's connection with an account", account && account->err != 0);
    const auto user = stage.resolve_in(family.parent.connection, stage.workspace(), 0, "nobody");
    check("a run's connection as a user", user && user->err != 0);
}

// With its uid's rights more could be opened than it sees: the spawner tells the broker nothing of that.
void unseen_places(const Place& place) {
    Family family(place);
    if (!family.start()) return check("a run with a listener starts", false);
    auto& stage = family.stage;
    const auto secret = family.beside() + "/secret";
    std::ofstream(secret) << "secret\n";
    chmod(secret.c_str(), 0755);
    const auto at = [&](const std::string& folder) { return stage.resolve_in(family.parent.connection, folder); };
    check("control: a run asks about its workspace", at(stage.workspace())->err == 0);
    check("a run asks about a folder beside", at(family.beside())->err == EACCES);
    check("a run asks about the folder above", at(place.folder)->err == EACCES);
    const auto read = stage.resolve_in(family.parent.connection, stage.workspace(), 0, "", {"0", "2", secret});
    check("a run reads a file beside", read && read->err == 0 && read->read_count == 0,
          read ? std::to_string(read->read_count) : "");
    const auto own = stage.resolve_in(stage.connect(), stage.workspace(), 0, "", {"0", "2", "/etc/passwd"});
    check("control: who is no run may", own && own->read_count == 1);
}

void wider_mounts(const Place& place) {
    Family family(place);
    if (!family.start()) return check("a run with a listener starts", false);
    const auto with = [&](const std::string& folder, unsigned flags) {
        auto draft = family.child_draft(folder);
        draft.blob[3] = {};
        draft.run.mount_count = 0;
        add_mount(draft, wire::MountKind::resolved, flags, "workspace", folder);
        draft.blob[0][1] = folder;
        set_script(draft, "true");
        return draft;
    };
    refuse(family, "a folder beside its workspace, writable", with(family.beside(), wire::kMountWritable));
    refuse(family, "a folder beside its workspace, to be read", with(family.beside(), 0));
    refuse(family, "the folder above its workspace", with(place.folder, 0));
    refuse(family, "what is read-only to it, writable", with(family.pinned(), wire::kMountWritable));
    refuse(family, "what lies deeper there, writable", with(family.pinned() + "/deep", wire::kMountWritable));
    auto probed = family.child_draft("", {"0", "1", family.beside()});
    add_mount(probed, wire::MountKind::resolved, 0, "0", "/mnt");
    refuse(family, "a probed folder beside it", probed);
    auto system = family.child_draft();
    add_mount(system, wire::MountKind::system, 0, "/root", "/mnt");
    refuse(family, "a system folder that is none", system);
}

// A plan that leaves its parent's read-only places out has them nonetheless; nor can they be renamed away.
void kept_places(const Place& place) {
    Family family(place);
    if (!family.start()) return check("a run with a listener starts", false);
    auto draft = family.child_draft();
    set_script(draft,
               "touch pinned/x && exit 1; mv pinned elsewhere && exit 2; mv pinned/deep pinned/d && exit 3; exit 0");
    const auto answer = family.stage.launch(draft);
    const auto end = family.stage.await_end(draft.run.run);
    check("a run of a run cannot write what its parent cannot", end && end->exit_code == 0,
          answer.text() + " " + (end ? std::to_string(end->exit_code) : ""));
    auto moved = family.child_draft();
    moved.blob[3] = {};
    moved.run.mount_count = 0;
    add_mount(moved, wire::MountKind::resolved, wire::kMountWritable, "workspace", "/mnt/other");
    moved.blob[0][1] = "/mnt/other";
    set_script(moved, "touch pinned/x && exit 1; exit 0");
    family.stage.launch(moved);
    const auto elsewhere = family.stage.await_end(moved.run.run);
    check("nor under another name", elsewhere && elsewhere->exit_code == 0);
}

void wider_rights(const Place& place) {
    Family family(place, "net-host " + std::to_string(place.rootless ? getuid() : kCaller) + "\n");
    if (!family.start()) return check("a run with a listener starts", false);
    const auto with = [&](auto spoil) {
        auto draft = family.child_draft();
        spoil(draft);
        return draft;
    };
    refuse(family, "the host's network", with([](Draft& d) { d.run.flags |= wire::kRunNetHost; }));
    refuse(family, "a listener", with([](Draft& d) { d.run.flags |= wire::kRunDaemon; }));
    refuse(family, "a box of its uid's", with([](Draft& d) {
               d.run.flags |= wire::kRunKeepBox;
               std::string(64, 'a').copy(d.run.box_key, 64);
           }));
    refuse(family, "more memory", with([](Draft& d) { d.run.memory = 513u << 20; }));
    refuse(family, "more processes", with([](Draft& d) { d.run.pids = 201; }));
    refuse(family, "memory of all bits", with([](Draft& d) { d.run.memory = ~std::uint64_t{0}; }));
    refuse(family, "entering its parent", with([&](Draft& d) { d.run.join = family.parent.run; }));
    auto own = family.child_draft();
    set_script(own, "sleep 30");
    family.stage.launch(own);
    auto enter = family.child_draft();
    enter.run.join = own.run.run;
    const auto answer = family.stage.launch(enter);
    check("control: a run enters a run of its own", answer.end == End::started, answer.text());
    auto third = family.stage.ready_draft();
    set_script(third, "sleep 30");
    family.stage.launch(third);
    auto stranger = family.child_draft();
    stranger.run.join = third.run.run;
    refuse(family, "entering another run of its uid", stranger);
}

void ends_with_its_parent(const Place& place) {
    Family family(place);
    if (!family.start()) return check("a run with a listener starts", false);
    auto child = family.child_draft();
    set_script(child, "sleep 30");
    family.stage.launch(child);
    const auto late = family.child_draft();
    family.end_parent();
    const auto end = family.stage.await_end(child.run.run);
    check("a run of a run ends with it", end && end->reason == wire::EndReason::parent);
    const auto facts = family.stage.resolve_in(family.parent.connection, family.stage.workspace());
    check("its connection is void", facts && facts->err != 0);
    refuse(family, "what it had looked up before its end", late);
}

void connections_of_a_run(const Place& place) {
    Family family(place);
    if (!family.start(client(static_cast<int>(wire::kRunConnections) + 40)))
        return check("a run with a listener starts", false);
    std::size_t accepted = 1, gone = 0;
    while (family.stage.spawner().await({wire::Type::accepted}, 1000)) ++accepted;
    check("a run has so many connections", accepted == wire::kRunConnections, std::to_string(accepted));
    check("others have theirs", family.stage.connect() != 0);
    family.end_parent();
    while (gone < accepted && family.stage.spawner().await({wire::Type::connection_gone}, 2000)) ++gone;
    check("at its end each is told to be gone", gone == accepted, std::to_string(gone));
    check("control: the spawner goes on", family.stage.connect() != 0);
}

// Only a run that was given one has it, and no plan puts anything in its place.
void no_other_listener(const Place& place) {
    Family family(place);
    auto without = family.parent_draft("test ! -e /run/owhaled");
    without.run.flags &= ~static_cast<std::uint32_t>(wire::kRunDaemon);
    family.stage.launch(without);
    const auto end = family.stage.await_end(without.run.run);
    check("a run that was given no listener has none", end && end->exit_code == 0);
    for (const auto* target : {"/run/owhaled", "/run/owhaled/owhaled.sock", "/run/owhaled/x"}) {
        auto draft = family.parent_draft("true");
        add_mount(draft, wire::MountKind::tmpfs, wire::kMountWritable, "", target);
        const auto answer = family.stage.launch(draft);
        check(std::string("a mount on ") + target, answer.end == End::refused, answer.text());
    }
    auto closed =
        family.parent_draft("touch /run/owhaled/x && exit 1; rm -f /run/owhaled/owhaled.sock; "
                            "test -S /run/owhaled/owhaled.sock || exit 2; test $(ls /run/owhaled | wc -l) = 1");
    family.stage.launch(closed);
    const auto left = family.stage.await_end(closed.run.run);
    check("its folder holds it alone, and cannot be written", left && left->exit_code == 0,
          left ? std::to_string(left->exit_code) : "");
}

} // namespace

void play_children(const Place& place) {
    honest(place);
    other_identities(place);
    unseen_places(place);
    wider_mounts(place);
    kept_places(place);
    wider_rights(place);
    ends_with_its_parent(place);
    connections_of_a_run(place);
    no_other_listener(place);
}

} // namespace owhale::escapes
