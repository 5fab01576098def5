#include "listener.hpp"

#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/endpoint.hpp"

namespace owhale {
namespace {

constexpr int kBacklog = 1024;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(Code::config_invalid,
                    "the socket's path has " + std::to_string(path.size()) + " bytes; the kernel takes " +
                        std::to_string(sizeof address.sun_path - 1) + " at most: " + path,
                    "choose a shorter one with --socket");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

// A path where nobody listens any more may be taken over; anything else is somebody's.
Status clear_the_way(const sockaddr_un& address) {
    struct stat st{};
    if (::lstat(address.sun_path, &st) != 0) return errno == ENOENT ? Status{} : fail_errno(address.sun_path);
    const std::string path(address.sun_path);
    if (!S_ISSOCK(st.st_mode))
        return fail(Code::config_invalid, path + " is there and is not a socket",
                    "move it away, or choose another --socket");
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return fail_errno("socket");
    const bool lives = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                       errno != ECONNREFUSED;
    if (lives)
        return fail(Code::conflict, "another owhaled serves on " + path,
                    "stop it first, or choose another --socket and --state-dir");
    if (::unlink(address.sun_path) != 0) return fail_errno(path);
    return {};
}

struct TcpAddress {
    sockaddr_storage bytes{};
    socklen_t length = 0;
};

Result<TcpAddress> tcp_address_of(const std::string& where) {
    const auto endpoint = TRY(config::parse_endpoint(where));
    if (!endpoint) return fail(Code::config_invalid, "tcp is off: there is nothing to listen on");
    TcpAddress address;
    if (config::is_v4(endpoint->address)) {
        auto& four = reinterpret_cast<sockaddr_in&>(address.bytes);
        four.sin_family = AF_INET;
        four.sin_port = htons(endpoint->port);
        std::memcpy(&four.sin_addr, endpoint->address.data() + 12, sizeof four.sin_addr); // mapped: its last four bytes
        address.length = sizeof four;
    } else {
        auto& six = reinterpret_cast<sockaddr_in6&>(address.bytes);
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(endpoint->port);
        std::memcpy(&six.sin6_addr, endpoint->address.data(), sizeof six.sin6_addr);
        address.length = sizeof six;
    }
    return address;
}

std::unexpected<Error> cannot_listen(const std::string& where, int errnum) {
    if (errnum == EADDRINUSE)
        return fail(Code::conflict, "another program listens on " + where,
                    "`ss -ltnp` says which; stop it, or choose another address with --tcp, or --tcp off");
    Error error{Code::config_invalid,
                "cannot listen on " + where,
                "choose another address with --tcp, or --tcp off",
                errnum,
                {}};
    if (errnum == EADDRNOTAVAIL) error.next = "`ip address` lists this machine's own addresses; " + error.next;
    if (errnum == EACCES) error.next = "ports below 1024 are root's; " + error.next;
    return std::unexpected(std::move(error));
}

} // namespace

Result<Fd> listen_on_tcp(const std::string& where) {
    const auto address = TRY(tcp_address_of(where));
    Fd listener(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener) return fail_errno("socket");
    const int on = 1;
    if (::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return fail_errno("SO_REUSEADDR");
    if (address.bytes.ss_family == AF_INET6 &&
        ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return fail_errno("IPV6_V6ONLY");
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address.bytes), address.length) != 0 ||
        ::listen(listener.get(), kBacklog) != 0)
        return cannot_listen(where, errno);
    return listener;
}

Result<Fd> listen_on(const std::string& path, bool rootless) {
    const auto address = TRY(address_of(path));
    CHECK(clear_the_way(address));
    Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener) return fail_errno("socket");
    const auto mask = ::umask(rootless ? 0177 : 0111);
    const int bound = ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int errnum = errno;
    ::umask(mask);
    if (bound != 0) return fail_errno("cannot listen on " + path, errnum);
    if (::listen(listener.get(), kBacklog) != 0) return fail_errno("listen");
    return listener;
}

} // namespace owhale
