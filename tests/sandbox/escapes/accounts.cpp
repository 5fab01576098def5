// TCP connections: whom they are taken for, which accounts they may name, and what one account reaches of another.
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

constexpr std::uint32_t kOne = 7, kTwo = 8;

std::string folder_of(const Place& place, std::uint32_t account) {
    return place.folder + "/accounts/" + std::to_string(wire::kReservedUid + account);
}

std::string said(const std::optional<wire::Resolved>& facts) {
    return facts ? std::string(facts->step) + " " + std::to_string(facts->err) : "no answer";
}

bool refused_at(const std::optional<wire::Resolved>& facts, const std::string& step) {
    return facts && facts->err != 0 && facts->step == step;
}

void accepted_facts(const Place& place) {
    Stage stage(place);
    wire::Accepted facts{};
    const auto connection = stage.spawner().connect_tcp(&facts);
    check("control: a TCP client is accepted", connection != 0);
    check("it is known as one, of this machine and of this uid",
          facts.kind == wire::PeerKind::tcp && facts.on_this_machine == 1 && facts.uid == getuid() && facts.run == 0,
          std::to_string(facts.uid));
    check("its address and port are told", facts.port != 0 && facts.address[15] == 1 && facts.address[12] == 127);
    auto local = stage.connect();
    check("a Unix client has another number", local != 0 && local != connection);
}

// A client that closed before it was looked at could have been anybody's, a run's too.
void closed_before_it_was_seen(const Place& place) {
    Stage stage(place);
    kill(stage.spawner().pid(), SIGSTOP);
    { const auto client = stage.spawner().open_tcp(); }
    kill(stage.spawner().pid(), SIGCONT);
    check("a TCP client that is gone already is not accepted", !stage.spawner().await({wire::Type::accepted}, 500));
    check("control: the next one is", stage.spawner().connect_tcp() != 0);
}

void account_numbers(const Place& place) {
    Stage stage(place);
    const auto local = stage.connect(), tcp = stage.spawner().connect_tcp();
    const auto& ws = stage.workspace();
    check("a Unix connection with an account", refused_at(stage.resolve_in(local, ws, kOne), "user"));
    check("a TCP connection without an account", refused_at(stage.resolve_in(tcp, "/", 0), "user"));
    for (const std::uint32_t number :
         {wire::kAccountsMax + 1, 0x7fffffffu, 0xffffffffu - wire::kReservedUid, 0xffffffffu})
        check("account " + std::to_string(number), refused_at(stage.resolve_in(tcp, "/", number), "user"));
    for (const char* user : {"root", "nobody", "0"})
        check(std::string("an account as user ") + user, refused_at(stage.resolve_in(tcp, "/", kOne, user), "user"));
    check("no command ran", !stage.marked());
}

// Its uid, its folder, its gid; nothing of root's, and nothing of its neighbour's.
void an_account_runs(const Place& place) {
    if (place.rootless) return;
    Stage stage(place);
    const auto tcp = stage.spawner().connect_tcp();
    const auto own = folder_of(place, kOne);
    const auto facts = stage.resolve_in(tcp, own, kOne);
    check("control: an account resolves in its own folder",
          facts && facts->err == 0 && facts->uid == wire::kReservedUid + kOne && facts->gid == wire::kAccountsGid &&
              facts->group_count == 0,
          said(facts));
    struct stat st{};
    check("its folder is made, its own and closed",
          stat(own.c_str(), &st) == 0 && st.st_uid == wire::kReservedUid + kOne && (st.st_mode & 07777) == 0700);
    auto draft = stage.draft(stage.last_resolution());
    draft.blob[0][1] = own;
    draft.blob[3] = {};
    draft.run.mount_count = 0;
    add_mount(draft, wire::MountKind::resolved, wire::kMountWritable, "workspace", own);
    set_script(draft, "id -u > marker; id -G >> marker");
    const auto answer = stage.launch(draft);
    stage.await_end();
    std::ifstream marker(own + "/marker");
    std::string uid, groups;
    std::getline(marker, uid);
    std::getline(marker, groups);
    check("it runs as its uid, with its one group",
          uid == std::to_string(wire::kReservedUid + kOne) && groups == std::to_string(wire::kAccountsGid),
          answer.text() + " " + uid + " " + groups);
    check("another account does not enter it", refused_at(stage.resolve_in(tcp, own, kTwo), "cwd"));
    check("control: and has its own", stage.resolve_in(tcp, folder_of(place, kTwo), kTwo)->err == 0);
}

// What stands where an account's folder should be is not taken for it.
void squatters(const Place& place) {
    if (place.rootless) return;
    Stage stage(place);
    const auto tcp = stage.spawner().connect_tcp();
    const auto theirs = folder_of(place, 9), link = folder_of(place, 10), open = folder_of(place, 11);
    mkdir(theirs.c_str(), 0777);
    check("an account's folder that is another's", refused_at(stage.resolve_in(tcp, theirs, 9), "account"));
    if (symlink("/tmp", link.c_str()) != 0) return;
    check("a link where an account's folder should be", refused_at(stage.resolve_in(tcp, "/tmp", 10), "account"));
    mkdir(open.c_str(), 0777);
    if (chown(open.c_str(), wire::kReservedUid + 11, wire::kAccountsGid) != 0 || chmod(open.c_str(), 0777) != 0) return;
    stage.resolve_in(tcp, open, 11);
    struct stat st{};
    check("its own that was open is closed", stat(open.c_str(), &st) == 0 && (st.st_mode & 07777) == 0700);
}

// The folder of all accounts' folders is nobody's to write or to list, whatever a plan says.
void the_folder_of_all(const Place& place) {
    if (place.rootless) return;
    Stage stage(place);
    const auto tcp = stage.spawner().connect_tcp();
    const auto all = place.folder + "/accounts";
    stage.resolve_in(tcp, folder_of(place, kOne), kOne, "", {"0", "1", all});
    auto draft = stage.draft(stage.last_resolution());
    draft.blob[3] = {};
    draft.run.mount_count = 0;
    add_mount(draft, wire::MountKind::resolved, wire::kMountWritable, "0", "/mnt");
    check("all accounts' folder, writable", stage.launch(draft).end == End::refused);
}

// Where runs have no cgroup, nobody can say whose a socket of this machine is: while a run has the host's network, all of
// them are refused.
void nobody_can_say_whose(const Place& place) {
    Stage stage(place, "net-host " + std::to_string(place.rootless ? getuid() : kCaller) + "\n");
    check("control: a client comes before it", stage.spawner().connect_tcp() != 0);
    auto draft = stage.ready_draft();
    draft.run.flags |= wire::kRunNetHost;
    set_script(draft, "sleep 30");
    const auto answer = stage.launch(draft);
    const auto client = stage.spawner().open_tcp();
    check("beside a run on the host's network, without cgroups, no local client is accepted",
          answer.end == End::started && !stage.spawner().await({wire::Type::accepted}, 500), answer.text());
    auto kill_it = message<wire::KillRun>(wire::Type::kill_run);
    kill_it.run = draft.run.run;
    kill_it.reason = wire::EndReason::killed;
    stage.spawner().send(kill_it);
    stage.await_end();
    check("control: afterwards one is", stage.spawner().connect_tcp() != 0);
}

// Clients on TCP take none of the Unix socket's places.
void strangers_take_no_places(const Place& place) {
    rlimit files{}, few{};
    getrlimit(RLIMIT_NOFILE, &files);
    few = {1024, files.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    {
        Stage stage(place);
        std::vector<Fd> clients;
        std::size_t accepted = 0;
        for (int i = 0; i < 300; ++i) clients.push_back(stage.spawner().open_tcp());
        while (stage.spawner().await({wire::Type::accepted}, 500)) ++accepted;
        check("TCP clients have a share of the places", accepted > 0 && accepted < 300, std::to_string(accepted));
        check("the Unix socket has its own", stage.connect() != 0);
        clients.clear();
        std::size_t gone = 0;
        while (gone < accepted && stage.spawner().await({wire::Type::connection_gone}, 2000)) ++gone;
        check("control: each end is told", gone == accepted, std::to_string(gone));
        check("control: then there is a place again", stage.spawner().connect_tcp() != 0);
    }
    setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace

void play_accounts(const Place& place) {
    accepted_facts(place);
    closed_before_it_was_seen(place);
    account_numbers(place);
    an_account_runs(place);
    squatters(place);
    the_folder_of_all(place);
    nobody_can_say_whose(place);
    strangers_take_no_places(place);
}

} // namespace owhale::escapes
