// A scoped run's network as a broker gets it: where each packet of the run ends up, and what the run itself cannot change.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "scoped.hpp"

namespace owhale::escapes {
namespace {

using wire::Piece;

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
    const bool tproxy = scoped.facts.by_tproxy != 0;
    check("with all of its network here", scoped.pieces.size() == (tproxy ? 7 : 5),
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
    // By redirect the address is the kernel's secret, which rewrites the answer as well.
    check("DNS to any address",
          receive_one(scoped, Piece::dns_udp, wanted, "name") == "hello" &&
              wanted == (tproxy ? "192.0.2.53" : "127.0.0.1"),
          wanted);
    check("DNS to the loopback address",
          receive_one(scoped, Piece::dns_udp, wanted, "own name") == "hello" && wanted == "127.0.0.1", wanted);
    if (tproxy) {
        check("UDP to elsewhere", receive_one(scoped, Piece::udp, wanted) == "hello" && wanted == "192.0.2.123 123",
              wanted);
        check("UDP by IPv6", receive_one(scoped, Piece::udp6, wanted) == "hello" && wanted == "2001:db8::53 53",
              wanted);
    }
    wait_for(stage, "end");
    const auto text = said(stage);
    check("each was answered from where it went",
          text.find("192.0.2.53 says name") != std::string::npos &&
              text.find("127.0.0.1 says own name") != std::string::npos &&
              text.find("2001:db8::7 says here") != std::string::npos &&
              text.find("own server: own") != std::string::npos,
          text);
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
for family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
  attempt('service of the host on ' + host, lambda: socket.socket(family).connect((host, int(os.environ['PORT']))))
catch = bind(8443); named = bind(9443, host='192.0.2.7')
for port in (8443, 9443):
  s = socket.socket(); s.settimeout(5); s.bind(('203.0.113.9', 0)); s.connect(('192.0.2.7', port)); say(str(port) + ' says ' + s.recv(9).decode())
s = socket.socket(); s.settimeout(5); s.connect(('127.0.0.1', 3129)); say('itself says ' + s.recv(9).decode())
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.setsockopt(1, 6, 1)
for host in ('224.0.0.251', '239.255.255.250', '255.255.255.255', '10.255.255.255'):
  attempt('datagram to ' + host, lambda: u.sendto(b'hello', (host, 5353)))
say('end')
)");
    draft.blob[2].push_back("PORT=" + number(stage.spawner().ready().tcp_port));
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
    for (const char* what : {"service of the host on 127.0.0.1", "service of the host on ::1"})
        ends(what, "ECONNREFUSED");
    ends("ping", "EACCES");
    ends("sysctl", "EROFS");
    ends("DNS port", "EACCES");
    for (const char* what : {"proxy port", "transparent port"}) ends(what, "EADDRINUSE");
    if (scoped.facts.by_tproxy != 0) ends("transparent port of UDP", "EADDRINUSE");
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
    wait_for(stage, "end", 90); // an emulated machine takes its time
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

// With owhale-spawner-faults, which fails the step that OWHALE_FAIL_STEP names: nothing of the network gets out.
void play_failing(const Place& place) {
    const char* step = std::getenv("OWHALE_FAIL_STEP");
    if (step == nullptr) return;
    Stage stage(place);
    auto draft = scoped_draft(stage, "say('ran')");
    draft.run.flags |= wire::kRunSshAgent;
    draft.blob[5] = {"5432"};
    const auto scoped = start(stage, draft);
    check(std::string("a scoped run fails at ") + step, scoped.answer.end == End::refused && scoped.answer.step == step,
          scoped.answer.text());
    check("and hands nothing over", scoped.pieces.empty() && scoped.ports.empty() && !stage.marked());
    check("nor later", inner(stage, draft.run.run, 1).err == ESRCH);
}

void play_network(const Place& place) {
    every_packet_comes_to_the_broker(place);
    what_the_run_cannot_change(place);
    floods(place);
}

} // namespace owhale::escapes
