// Unix sockets: a listener in the workspace, an abstract one or owhaled's own are ways out of a cage, and so is a
// datagram half of a socketpair, which may still send to any name.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "probe.hpp"

namespace owhale::probe {
namespace {

struct Address {
    sockaddr_un bytes{};
    socklen_t length = 0;
};

// A leading @ stands for the NUL of an abstract name.
bool fill(const std::string& name, Address& address) {
    if (name.empty() || name.size() >= sizeof address.bytes.sun_path) return false;
    address.bytes.sun_family = AF_UNIX;
    std::memcpy(address.bytes.sun_path, name.data(), name.size());
    const bool abstract = name.front() == '@';
    if (abstract) address.bytes.sun_path[0] = '\0';
    address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
    return true;
}

const sockaddr* raw(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address.bytes);
}

Outcome connect_to(const std::string& name, int type) {
    Address address;
    if (!fill(name, address)) return unclear(ENAMETOOLONG, "the name does not fit a socket address");
    const int socket_fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (socket_fd == -1) return judge_use(-1, "socket(AF_UNIX)");
    return judge_use(connect(socket_fd, raw(address), address.length), "connect to " + name);
}

// Where socket(AF_UNIX) is refused and socketpair is not, a datagram pair is a socket too: unix_dgram_connect does not
// ask how it was made. SOCK_RAW is the same thing under another number (net/unix/af_unix.c, unix_create).
Outcome through_pair(const std::string& name, int type, bool reconnect) {
    Address address;
    if (!fill(name, address)) return unclear(ENAMETOOLONG, "the name does not fit a socket address");
    int pair[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == -1) return judge_use(-1, "socketpair");
    const long result = reconnect ? connect(pair[0], raw(address), address.length)
                                  : sendto(pair[0], "probe", 5, 0, raw(address), address.length);
    return judge_use(result, (reconnect ? "connect a pair's half to " : "send from a pair's half to ") + name);
}

Outcome plain_pair(int type) {
    int pair[2];
    return judge_use(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), "socketpair(AF_UNIX)");
}

Outcome plain_socket(int type) {
    return judge_use(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket(AF_UNIX)");
}

void add_ways_out(Probes& probes, const std::string& prefix, const std::string& suffix) {
    const auto add = [&](const std::string& name, const std::string& kind, auto attempt) {
        probes.push_back(with_argument(ask_user(prefix + name, attempt), kind + suffix));
    };
    add("connect", "stream", [](const std::string& name) { return connect_to(name, SOCK_STREAM); });
    add("connect-dgram", "dgram", [](const std::string& name) { return connect_to(name, SOCK_DGRAM); });
    add("pair-sendto", "dgram", [](const std::string& name) { return through_pair(name, SOCK_DGRAM, false); });
    add("pair-reconnect", "dgram", [](const std::string& name) { return through_pair(name, SOCK_DGRAM, true); });
    add("raw-pair-sendto", "dgram", [](const std::string& name) { return through_pair(name, SOCK_RAW, false); });
}

} // namespace

void add_unix_sockets(Probes& probes) {
    probes.push_back(ask_user("socket-unix-stream", [](const std::string&) { return plain_socket(SOCK_STREAM); }));
    probes.push_back(ask_user("socket-unix-dgram", [](const std::string&) { return plain_socket(SOCK_DGRAM); }));
    probes.push_back(
        ask_user("socket-unix-seqpacket", [](const std::string&) { return plain_socket(SOCK_SEQPACKET); }));
    probes.push_back(
        permitted(ask_user("socketpair-stream", [](const std::string&) { return plain_pair(SOCK_STREAM); })));
    add_ways_out(probes, "unix-abstract-", "-abstract");
    add_ways_out(probes, "unix-workspace-", "-in-workspace");
    probes.push_back(
        with_argument(ask_user("owhaled-socket", [](const std::string& name) { return connect_to(name, SOCK_STREAM); }),
                      "owhaled-socket"));
    probes.push_back(with_argument(
        ask_user("owhaled-socket-seen",
                 [](const std::string& name) { return judge_use(access(name.c_str(), F_OK), "see " + name); }),
        "owhaled-socket"));
}

} // namespace owhale::probe
