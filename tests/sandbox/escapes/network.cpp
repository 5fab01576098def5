// A scoped run's network as a broker gets it: where each packet of the run ends up, and what the run itself cannot change.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

using wire::Piece;

struct Scoped { // what came before run_started
    wire::RunNetwork facts{};
    std::map<Piece, Fd> pieces;
    std::map<std::uint16_t, std::vector<Fd>> ports;
    Answer answer;
};

void take(Scoped& scoped, Reply& reply) {
    if (reply.type == wire::Type::run_host_port) {
        scoped.ports[reply.as<wire::RunHostPort>().port] = std::move(reply.fds);
        return;
    }
    scoped.facts = reply.as<wire::RunNetwork>();
    std::size_t next = 0;
    for (unsigned i = 0; i < wire::kPieces; ++i)
        if ((scoped.facts.have >> i & 1) != 0 && next < reply.fds.size())
            scoped.pieces[static_cast<Piece>(i)] = std::move(reply.fds[next++]);
}

Scoped start(Stage& stage, const Draft& draft) {
    Scoped scoped;
    const auto blob = wire::write_blob(draft.blob);
    stage.spawner().send(draft.run, {blob->get()});
    for (;;) {
        auto reply = stage.spawner().await(
            {wire::Type::run_network, wire::Type::run_host_port, wire::Type::run_started, wire::Type::run_failed});
        if (!reply) return scoped;
        if (reply->type == wire::Type::run_network || reply->type == wire::Type::run_host_port) {
            take(scoped, *reply);
            continue;
        }
        const auto why = reply->as<wire::RunFailed>();
        scoped.answer = {reply->type == wire::Type::run_started ? End::started : End::refused, why.err, why.step,
                         why.detail};
        return scoped;
    }
}

Draft scoped_draft(Stage& stage, const std::string& python) {
    auto draft = stage.ready_draft();
    draft.run.flags |= wire::kRunNetScoped;
    draft.blob[0][0] = "/usr/bin/python3";
    draft.blob[1] = {"python3", "-c",
                     "import socket, os, time, errno\nout = open('" + stage.marker() + "', 'w')\n" +
                         "def say(text): out.write(str(text) + '\\n'); out.flush()\n" +
                         "def attempt(name, call):\n try: call(); say(name + ': done')\n"
                         " except OSError as e: say(name + ': ' + errno.errorcode.get(e.errno, str(e)))\n" +
                         python};
    return draft;
}

std::string said(const Stage& stage) {
    std::array<char, 8192> text;
    const Fd file(open(stage.marker().c_str(), O_RDONLY | O_CLOEXEC));
    const auto n = read(file.get(), text.data(), text.size());
    return {text.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

std::string name_of(const sockaddr_storage& address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address.ss_family == AF_INET) {
        const auto& four = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
        return std::string(text) + " " + std::to_string(ntohs(four.sin_port));
    }
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    return std::string(text) + " " + std::to_string(ntohs(six.sin6_port));
}

bool readable(int fd, int ms = 5000) {
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, ms) == 1;
}

// The next connection, and where its client wanted to go.
Fd accept_one(const Scoped& scoped, Piece piece, std::string& wanted) {
    const auto at = scoped.pieces.find(piece);
    if (at == scoped.pieces.end() || !readable(at->second.get())) return {};
    Fd connection(accept4(at->second.get(), nullptr, nullptr, SOCK_CLOEXEC));
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    auto* name = reinterpret_cast<sockaddr*>(&own);
    constexpr int kOriginalDestination = 80; // SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST
    if (scoped.facts.by_tproxy != 0)
        getsockname(connection.get(), name, &length);
    else
        getsockopt(connection.get(), piece == Piece::transparent6 ? SOL_IPV6 : SOL_IP, kOriginalDestination, &own,
                   &length);
    wanted = name_of(own);
    return connection;
}

// The next datagram, where it was sent to; answered from there when `answer` is not empty.
std::string receive_one(const Scoped& scoped, Piece piece, std::string& wanted, const std::string& answer = "") {
    const auto at = scoped.pieces.find(piece);
    if (at == scoped.pieces.end() || !readable(at->second.get())) return {};
    std::array<char, 512> bytes;
    alignas(cmsghdr) std::array<char, 256> control;
    sockaddr_storage from{};
    iovec vector{bytes.data(), bytes.size()};
    msghdr header{&from, sizeof from, &vector, 1, control.data(), control.size(), 0};
    const auto got = recvmsg(at->second.get(), &header, 0);
    if (got < 0) return {};
    for (auto* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        sockaddr_storage original{};
        if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVORIGDSTADDR) ||
            (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVORIGDSTADDR)) {
            std::memcpy(&original, CMSG_DATA(c), std::min(c->cmsg_len - CMSG_LEN(0), sizeof original));
            wanted = name_of(original);
        }
        if (c->cmsg_level != SOL_IP || c->cmsg_type != IP_PKTINFO) continue;
        auto* info = reinterpret_cast<in_pktinfo*>(CMSG_DATA(c));
        char text[INET_ADDRSTRLEN] = {};
        inet_ntop(AF_INET, &info->ipi_addr, text, sizeof text);
        wanted = text;
        info->ipi_spec_dst = info->ipi_addr;
        info->ipi_ifindex = 0;
    }
    if (!answer.empty()) {
        vector = {const_cast<char*>(answer.data()), answer.size()};
        header.msg_flags = 0;
        if (sendmsg(at->second.get(), &header, 0) < 0) wanted += std::string(": ") + strerror(errno);
    }
    return {bytes.data(), static_cast<std::size_t>(got)};
}

void wait_for(const Stage& stage, const std::string& word) {
    for (int i = 0; i < 250 && said(stage).find(word) == std::string::npos; ++i) usleep(20'000);
}

void every_packet_comes_to_the_broker(const Place& place) {
    Stage stage(place);
    const auto draft = scoped_draft(stage, R"(
def tcp(host, port, family=socket.AF_INET):
  s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(5); s.connect((host, port))
  say(host + ' says ' + s.recv(64).decode())
tcp('192.0.2.7', 443); tcp('10.9.8.7', 53); tcp('127.0.0.1', 3128); tcp('169.254.169.254', 80)
tcp('2001:db8::7', 8443, socket.AF_INET6)
def udp(host, port, family=socket.AF_INET, wait=False):
  s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(5); s.connect((host, port)); s.send(b'hello')
  if wait: say(host + ' says ' + s.recv(64).decode())
udp('192.0.2.53', 53, wait=True); udp('127.0.0.1', 53, wait=True)
udp('192.0.2.123', 123); udp('2001:db8::53', 53, socket.AF_INET6)
a = socket.socket(); a.bind(('127.0.0.1', 0)); a.listen()
b = socket.create_connection(a.getsockname()); b.send(b'own'); say('own server: ' + a.accept()[0].recv(9).decode())
say('end')
)");
    const auto scoped = start(stage, draft);
    check("a scoped run starts", scoped.answer.end == End::started, scoped.answer.text());
    check("with all of its network here", scoped.pieces.size() == 7,
          "errnos " + std::to_string(scoped.facts.err[3]) + " " + std::to_string(scoped.facts.err[4]));
    const auto tcp = [&](Piece piece, const std::string& to) {
        std::string wanted;
        const auto connection = accept_one(scoped, piece, wanted);
        check("TCP to " + to, wanted == to, wanted);
        check("is answered", connection && write(connection.get(), "here", 4) == 4);
    };
    tcp(Piece::transparent4, "192.0.2.7 443");
    tcp(Piece::dns_tcp, "10.9.8.7 53");
    tcp(Piece::proxy, "127.0.0.1 3128");
    tcp(Piece::transparent4, "169.254.169.254 80");
    tcp(Piece::transparent6, "2001:db8::7 8443");
    std::string wanted;
    check("DNS to any address",
          receive_one(scoped, Piece::dns_udp, wanted, "name") == "hello" && wanted == "192.0.2.53", wanted);
    check("DNS to the loopback address",
          receive_one(scoped, Piece::dns_udp, wanted, "own name") == "hello" && wanted == "127.0.0.1", wanted);
    check("UDP to elsewhere", receive_one(scoped, Piece::udp, wanted) == "hello" && wanted == "192.0.2.123 123",
          wanted);
    check("UDP by IPv6", receive_one(scoped, Piece::udp6, wanted) == "hello" && wanted == "2001:db8::53 53", wanted);
    wait_for(stage, "end");
    const auto text = said(stage);
    check("each was answered from where it went",
          text.find("192.0.2.53 says name") != std::string::npos &&
              text.find("127.0.0.1 says own name") != std::string::npos &&
              text.find("2001:db8::7 says here") != std::string::npos &&
              text.find("own server: own") != std::string::npos,
          text);
}

struct Inner {
    std::int32_t err = -1;
    std::vector<Fd> sockets;
};

Inner inner(Stage& stage, std::uint64_t run, std::uint32_t count, int family = AF_INET) {
    auto ask = message<wire::InnerSockets>(wire::Type::inner_sockets);
    ask.run = run;
    ask.count = count;
    ask.family = static_cast<std::uint32_t>(family);
    stage.spawner().send(ask);
    auto reply = stage.spawner().await({wire::Type::inner_sockets_made}, 3000);
    if (!reply) return {};
    return {reply->as<wire::InnerSocketsMade>().err, std::move(reply->fds)};
}

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

std::string number(std::int64_t value) {
    return std::to_string(value);
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

// What it tries and how that ends, a line each.
void what_the_run_cannot_change(const Place& place) {
    Stage stage(place);
    auto draft = scoped_draft(stage, R"(
import ctypes, fcntl, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(result):
  if result == -1: raise OSError(ctypes.get_errno(), '')
def netlink(protocol, message):
  s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol); s.send(message)
  error = struct.unpack('=i', s.recv(4096)[16:20])[0]
  if error: raise OSError(-error, '')
route = struct.pack('=BBBBBBBBI', 2, 0, 0, 0, 254, 4, 0, 1, 0) + struct.pack('=HHI', 8, 4, 1)
rtm = lambda kind, flags: struct.pack('=IHHII', 16 + len(route), kind, flags, 1, 0) + route
attempt('a new route', lambda: netlink(0, rtm(24, 0x405)))
attempt('take the route away', lambda: netlink(0, struct.pack('=IHHII', 36, 25, 5, 1, 0) + struct.pack('=BBBBBBBBIHHI', 2, 0, 0, 0, 255, 4, 254, 2, 0, 8, 4, 1)))
attempt('the rules', lambda: netlink(12, b''))
attempt('lo down', lambda: fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh22x', b'lo', 0)))
attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt('raw 6', lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58))
attempt('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300))
attempt('ping', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1))
attempt('vsock', lambda: socket.socket(40, socket.SOCK_STREAM))
attempt('mark', lambda: socket.socket().setsockopt(1, 36, 1))
attempt('transparent', lambda: socket.socket().setsockopt(0, 19, 1))
attempt('transparent 6', lambda: socket.socket(socket.AF_INET6).setsockopt(41, 75, 1))
attempt('a network of its own', lambda: call(libc.unshare(0x40000000)))
attempt('another network', lambda: call(libc.setns(os.open('/proc/1/ns/net', os.O_RDONLY), 0)))
attempt('sysctl', lambda: open('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'w').write('0'))
def bind(port, kind=socket.SOCK_STREAM, reuse=True, host=''):
  s = socket.socket(socket.AF_INET, kind)
  if reuse: s.setsockopt(1, 2, 1); s.setsockopt(1, 15, 1)
  s.bind((host, port))
  if kind == socket.SOCK_STREAM: s.listen()
  return s
attempt('DNS port', lambda: bind(53, socket.SOCK_DGRAM))
attempt('proxy port', lambda: bind(3128))
attempt('transparent port', lambda: bind(3129))
attempt('transparent port of UDP', lambda: bind(3129, socket.SOCK_DGRAM))
attempt('abstract', lambda: socket.socket(socket.AF_UNIX).connect('\0owhale-escapes'))
catch = bind(8443); named = bind(9443, host='192.0.2.7')
for port in (8443, 9443):
  s = socket.socket(); s.settimeout(5); s.bind(('203.0.113.9', 0)); s.connect(('192.0.2.7', port)); say(str(port) + ' says ' + s.recv(9).decode())
s = socket.socket(); s.settimeout(5); s.connect(('127.0.0.1', 3129)); say('itself says ' + s.recv(9).decode())
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.setsockopt(1, 6, 1)
for host in ('224.0.0.251', '239.255.255.250', '255.255.255.255', '10.255.255.255'):
  attempt('datagram to ' + host, lambda: u.sendto(b'hello', (host, 5353)))
say('end')
)");
    std::snprintf(draft.run.filter, sizeof draft.run.filter, "build"); // Unix sockets by name
    const Fd abstract(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path + 1, "owhale-escapes", 14);
    bind(abstract.get(), reinterpret_cast<const sockaddr*>(&name), offsetof(sockaddr_un, sun_path) + 15);
    listen(abstract.get(), 1);
    const auto scoped = start(stage, draft);
    for (const char* to : {"192.0.2.7 8443", "192.0.2.7 9443", "127.0.0.1 3129"}) {
        std::string wanted;
        const auto connection = accept_one(scoped, Piece::transparent4, wanted);
        check(std::string("whatever it binds, the broker knows that it wants ") + to, wanted == to, wanted);
        check("and answers", connection && write(connection.get(), "broker", 6) == 6);
    }
    wait_for(stage, "end");
    const auto text = said(stage);
    const auto ends = [&](const std::string& what, const std::string& how) {
        check("from a scoped cage: " + what, text.find(what + ": " + how + "\n") != std::string::npos, text);
    };
    for (const char* what : {"a new route", "take the route away", "the rules", "lo down", "raw", "raw 6", "packet",
                             "vsock", "mark", "transparent", "transparent 6", "a network of its own"})
        ends(what, "EPERM");
    ends("ping", "EACCES");
    ends("sysctl", "EROFS");
    ends("DNS port", "EACCES");
    for (const char* what : {"proxy port", "transparent port", "transparent port of UDP"}) ends(what, "EADDRINUSE");
    ends("abstract", "ECONNREFUSED");
    check("another network is not entered", text.find("another network: E") != std::string::npos, text);
    check("its own server got nothing", text.find("8443 says broker") != std::string::npos, text);
}

// It connects to what nobody accepts, as often as it can.
void floods(const Place& place) {
    Stage stage(place);
    const auto draft = scoped_draft(stage, R"(
import resource
held, ended = [], 0
for i in range(12000):
  s = socket.socket(); s.setblocking(False)
  try: s.connect(('192.0.2.' + str(i % 200), 1000 + i % 60000))
  except BlockingIOError: pass
  except OSError as e: ended += 1
  held.append(s)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20000): u.sendto(b'x' * 1000, ('192.0.2.1', 1000 + i % 60000))
try: say('tracked ' + open('/proc/sys/net/netfilter/nf_conntrack_count').read().strip())
except OSError as e: say('tracked none')
say('end'); time.sleep(60)
)");
    const auto scoped = start(stage, draft);
    wait_for(stage, "end");
    const auto text = said(stage);
    check("a run floods its listeners", text.find("end") != std::string::npos, text);
    if (scoped.facts.by_tproxy != 0)
        check("no connection is tracked",
              text.find("tracked 0") != std::string::npos || text.find("none") != std::string::npos, text);
    auto other = stage.ready_draft();
    check("another starts meanwhile", stage.launch(other).end == End::started);
    check("and runs", stage.await_end(other.run.run) && stage.marked());
    check("the broker has sockets inside still", inner(stage, draft.run.run, 8).sockets.size() == 8);
}

} // namespace

void play_network(const Place& place) {
    every_packet_comes_to_the_broker(place);
    inner_sockets_reach_what_listens_inside(place);
    ports_of_the_host(place);
    a_run_with_the_hosts_network(place);
    ports_that_stand_for_the_hosts(place);
    what_enters_a_cage(place);
    what_the_run_cannot_change(place);
    floods(place);
}

} // namespace owhale::escapes
