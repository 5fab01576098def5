// What a broker may ask of a scoped run's ports, and what it may not.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scoped.hpp"

namespace owhale::escapes {
namespace {

struct Port {
    std::int32_t err = -1;
    std::uint16_t port = 0;
    std::vector<Fd> listener;
};

Port open_port(Stage& stage, std::uint64_t run, const char* address, std::uint16_t port) {
    auto ask = message<wire::OpenPort>(wire::Type::open_port);
    ask.run = run;
    ask.port = port;
    inet_pton(AF_INET6, address, ask.address);
    stage.spawner().send(ask);
    auto reply = stage.spawner().await({wire::Type::port_opened}, 3000);
    if (!reply) return {};
    const auto facts = reply->as<wire::PortOpened>();
    return {facts.err, facts.port, std::move(reply->fds)};
}

void inner_sockets_reach_what_listens_inside(const Place& place) {
    Stage stage(place);
    const auto draft = scoped_draft(stage, R"(
s = socket.socket(); s.bind(('127.0.0.1', 8000)); s.listen(); say('up')
say('got ' + s.accept()[0].recv(9).decode())
time.sleep(60)
)");
    const auto scoped = start(stage, draft);
    wait_for(stage, "up");
    auto made = inner(stage, draft.run.run, 2);
    check("sockets inside", made.err == 0 && made.sockets.size() == 2, number(made.err));
    if (made.sockets.size() != 2) return;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(8000);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = made.sockets[0].get();
    check("they are non-blocking", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    check("they connect to the run's server", write(fd, "outside", 7) == 7);
    wait_for(stage, "got");
    check("which is the one in the cage", said(stage).find("got outside") != std::string::npos, said(stage));
    to.sin_port = htons(static_cast<std::uint16_t>(stage.spawner().ready().tcp_port));
    connect(made.sockets[1].get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
    int refused = 0;
    socklen_t length = sizeof refused;
    readable(made.sockets[1].get(), 1000);
    getsockopt(made.sockets[1].get(), SOL_SOCKET, SO_ERROR, &refused, &length);
    check("not to the host's loopback", refused == ECONNREFUSED, strerror(refused));
    check("IPv6 too", inner(stage, draft.run.run, wire::kMaxInner, AF_INET6).sockets.size() == wire::kMaxInner);
    check("of no run there are none", inner(stage, 999, 1).err == ESRCH);
    auto end = message<wire::KillRun>(wire::Type::kill_run);
    end.run = draft.run.run;
    stage.spawner().send(end);
    stage.await_end(draft.run.run);
    check("of a run that has ended there are none", inner(stage, draft.run.run, 1).err == ESRCH);
    check("nor ports", open_port(stage, draft.run.run, "::ffff:127.0.0.1", 0).err == ESRCH);
    for (const std::uint32_t count : {0u, 9u, ~0u}) {
        Stage another(place);
        inner(another, 1, count);
        check(number(count) + " sockets are the end", another.spawner().ended());
    }
    Stage unix_one(place);
    inner(unix_one, 1, 1, AF_UNIX);
    check("sockets of another family are the end", unix_one.spawner().ended());
}

void ports_of_the_host(const Place& place) {
    Stage stage(place);
    const auto draft = scoped_draft(stage, "say('up'); time.sleep(60)");
    start(stage, draft);
    const auto run = draft.run.run;
    const auto first = open_port(stage, run, "::ffff:127.0.0.1", 0);
    check("a port of the host's loopback", first.err == 0 && first.port != 0 && first.listener.size() == 1);
    const auto second = open_port(stage, run, "::1", 0);
    check("and of its IPv6 twin", second.err == 0 && second.port != 0, number(second.err));
    check("one that is taken", open_port(stage, run, "::ffff:127.0.0.1", first.port).err == EADDRINUSE);
    for (const char* address : {"::ffff:0.0.0.0", "::", "::ffff:10.0.0.1", "::ffff:126.255.255.255", "::127.0.0.1",
                                "fe80::1", "::ffff:224.0.0.1", "2001:db8::1"})
        check(std::string("no port on ") + address, open_port(stage, run, address, 0).err == EACCES);
    check("no port below 1024", open_port(stage, run, "::ffff:127.0.0.1", 1023).err == EACCES);
    const auto own = static_cast<std::uint16_t>(stage.spawner().ready().tcp_port);
    for (const char* address : {"::ffff:127.0.0.1", "::ffff:127.0.0.2", "::1"})
        check(std::string("not owhaled's own port on ") + address, open_port(stage, run, address, own).err == EACCES);
    std::vector<Port> held;
    int err = 0;
    for (int i = 0; i < 40 && err == 0; ++i)
        if (held.push_back(open_port(stage, run, "::ffff:127.0.0.1", 0)); (err = held.back().err) != 0) held.pop_back();
    check("sixteen ports of one run", held.size() == 14 && err == EMFILE, number(static_cast<int>(held.size())));
    Stage open(place, "publish any\n");
    const auto other = scoped_draft(open, "say('up'); time.sleep(60)");
    start(open, other);
    check("anywhere, where spawner.conf says so", open_port(open, other.run.run, "::ffff:0.0.0.0", 0).err == 0);
}

void a_run_with_the_hosts_network(const Place& place) {
    Stage stage(place, "net-host " + std::to_string(place.rootless ? getuid() : kCaller) + "\n");
    auto draft = scoped_draft(stage, "say('up'); time.sleep(60)");
    draft.run.flags = wire::kRunNetHost;
    start(stage, draft);
    check("has no sockets inside", inner(stage, draft.run.run, 1).err == EINVAL);
    check("and publishes no port", open_port(stage, draft.run.run, "::ffff:127.0.0.1", 0).err == EINVAL);
    auto both = stage.ready_draft();
    both.run.flags |= wire::kRunNetHost | wire::kRunNetScoped;
    check("both networks are the end", stage.launch(both).end == End::spawner_ended);
}

void ports_that_stand_for_the_hosts(const Place& place) {
    Stage stage(place);
    auto draft =
        scoped_draft(stage, "s = socket.create_connection(('127.0.0.1', 5432)); say('says ' + s.recv(9).decode())");
    draft.blob[5] = {"5432", "8080", std::to_string(wire::kProxyPort)};
    const auto scoped = start(stage, draft);
    check("a listener a port, and family",
          scoped.ports.size() == 3 && scoped.ports.at(5432).size() == 2 && scoped.ports.at(8080).size() == 2);
    check("none where the broker listens itself", scoped.ports.at(wire::kProxyPort).empty());
    const auto& listeners = scoped.ports.at(5432);
    if (!listeners.empty() && readable(listeners[0].get())) {
        const Fd connection(accept4(listeners[0].get(), nullptr, nullptr, SOCK_CLOEXEC));
        check("what connects there is here", write(connection.get(), "host", 4) == 4);
    }
    wait_for(stage, "says");
    check("and is answered", said(stage).find("says host") != std::string::npos, said(stage));
    struct Row {
        const char* name;
        wire::List ports;
        bool scoped = true;
    };
    std::vector<std::string> many;
    for (int i = 0; i < 1000; ++i) many.push_back(number(10000 + i));
    const Row rows[] = {{"a thousand ports", many},
                        {"port 0", {"0"}},
                        {"port 65536", {"65536"}},
                        {"no number", {"http"}},
                        {"a sign", {"-1"}},
                        {"nothing", {""}},
                        {"NUL", {std::string("80\0", 3)}},
                        {"the same port twice", {"80", "80"}},
                        {"ports without a network", {"80"}, false}};
    for (const auto& row : rows) {
        Stage another(place);
        auto spoilt = another.ready_draft();
        if (row.scoped) spoilt.run.flags |= wire::kRunNetScoped;
        spoilt.blob[5] = row.ports;
        const auto answer = another.launch(spoilt);
        check(std::string(row.name) + " is the end", answer.end == End::spawner_ended, answer.text());
    }
    auto own = stage.ready_draft();
    own.run.flags |= wire::kRunNetScoped;
    own.blob[5] = {number(stage.spawner().ready().tcp_port)};
    const auto answer = stage.launch(own);
    check("owhaled's own port is refused", answer.end == End::refused && answer.step == "admit", answer.text());
}

void what_enters_a_cage(const Place& place) {
    Stage stage(place);
    const auto draft = scoped_draft(stage, R"(
s = socket.socket(); s.bind(('127.0.0.1', 8000)); s.listen(); say('up'); s.accept(); say('joined')
time.sleep(60)
)");
    start(stage, draft);
    wait_for(stage, "up");
    const auto enter = [&](std::uint64_t into, std::uint32_t flags, const wire::List& ports = {}) {
        auto joined = stage.ready_draft();
        joined.run.join = into;
        joined.run.flags |= flags;
        joined.blob[0][0] = "/usr/bin/python3";
        joined.blob[1] = {"python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000))"};
        joined.blob[5] = ports;
        return start(stage, joined);
    };
    const auto joined = enter(draft.run.run, wire::kRunNetScoped);
    wait_for(stage, "joined");
    check("is in its network, with nothing new",
          joined.answer.end == End::started && joined.pieces.empty() && said(stage).find("joined") != std::string::npos,
          joined.answer.text());
    check("without asking for it too", enter(draft.run.run, 0).answer.end == End::started);
    check("and has no agent of its own", enter(draft.run.run, wire::kRunSshAgent).answer.end == End::refused);
    check("nor ports", enter(draft.run.run, wire::kRunNetScoped, {"80"}).answer.end == End::refused);
    auto none = stage.ready_draft();
    set_script(none, "sleep 60");
    stage.launch(none);
    check("no network comes into a cage that has none",
          enter(none.run.run, wire::kRunNetScoped).answer.end == End::refused);
}

} // namespace

void play_ports(const Place& place) {
    inner_sockets_reach_what_listens_inside(place);
    ports_of_the_host(place);
    a_run_with_the_hosts_network(place);
    ports_that_stand_for_the_hosts(place);
    what_enters_a_cage(place);
}

} // namespace owhale::escapes
