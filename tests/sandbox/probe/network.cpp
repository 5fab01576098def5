// The network: nothing is reached that listens outside, and no interface but the run's own loopback is seen.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "probe.hpp"

namespace owhale::probe {
namespace {

// ARG: ADDRESS PORT of a listener.
struct Target {
    sockaddr_storage bytes{};
    socklen_t length = 0;
    int family = 0;
};

bool parse(const std::string& text, Target& target) {
    const auto space = text.find(' ');
    if (space == std::string::npos) return false;
    const std::string host = text.substr(0, space);
    const auto port = htons(static_cast<std::uint16_t>(std::stoul(text.substr(space + 1))));
    auto* four = reinterpret_cast<sockaddr_in*>(&target.bytes);
    auto* six = reinterpret_cast<sockaddr_in6*>(&target.bytes);
    if (inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = port;
        target.length = sizeof *four;
        target.family = AF_INET;
        return true;
    }
    if (inet_pton(AF_INET6, host.c_str(), &six->sin6_addr) != 1) return false;
    six->sin6_family = AF_INET6;
    six->sin6_port = port;
    target.length = sizeof *six;
    target.family = AF_INET6;
    return true;
}

Outcome connect_to(const std::string& text, int type) {
    Target target;
    if (!parse(text, target)) return unclear(EINVAL, "not ADDRESS PORT: " + text);
    const int handle = socket(target.family, type | SOCK_CLOEXEC, 0);
    if (handle == -1) return judge_use(-1, "socket");
    const timeval patience{3, 0};
    setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(handle, reinterpret_cast<const sockaddr*>(&target.bytes), target.length) == -1)
        return judge_use(-1, "connect to " + text);
    if (type == SOCK_STREAM) return could("connected to " + text);
    // A datagram is only proven to have arrived when it is answered.
    const timeval soon{1, 0};
    setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    char answer[8];
    if (send(handle, "probe", 5, 0) == -1) return judge_use(-1, "send to " + text);
    return judge_use(recv(handle, answer, sizeof answer, 0), "an answer from " + text);
}

Outcome many_interfaces() {
    const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (handle == -1) return judge_use(-1, "socket");
    std::string found;
    constexpr int kHighest = 64;
    for (int index = 1; index < kHighest; ++index) {
        ifreq request{};
        request.ifr_ifindex = index;
        if (ioctl(handle, SIOCGIFNAME, &request) == 0 && std::string(request.ifr_name) != "lo")
            found += std::string(" ") + request.ifr_name;
    }
    return found.empty() ? refused(0, "only lo is here") : could("sees" + found);
}

Outcome listen_locally() {
    const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* name = reinterpret_cast<sockaddr*>(&address);
    if (bind(handle, name, length) == -1 || listen(handle, 1) == -1 || getsockname(handle, name, &length) == -1)
        return judge_use(-1, "listen on the run's own loopback");
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return judge_use(connect(client, name, length), "connect to the run's own loopback");
}

} // namespace

void add_network(Probes& probes) {
    const auto add = [&](const char* name, const char* kind, int type) {
        probes.push_back(
            with_argument(ask_user(name, [type](const std::string& to) { return connect_to(to, type); }), kind));
    };
    add("tcp-host-loopback", "tcp-loopback", SOCK_STREAM);
    add("tcp-host-loopback6", "tcp-loopback6", SOCK_STREAM);
    add("udp-host-loopback", "udp-loopback", SOCK_DGRAM);
    add("tcp-outside", "tcp-outside", SOCK_STREAM);
    probes.push_back(ask_user("host-interfaces", [](const std::string&) { return many_interfaces(); }));
    probes.push_back(permitted(ask_user("own-loopback", [](const std::string&) { return listen_locally(); })));
}

} // namespace owhale::probe
