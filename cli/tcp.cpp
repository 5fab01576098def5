#include "cli/tcp.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "cli/certificates.hpp"
#include "cli/owners.hpp"
#include "cli/tls.hpp"

namespace owhale::cli {
namespace {

constexpr int kConnectTimeout = 10'000; // ms

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

std::unexpected<Error> unreachable(const Host& host, const std::string& why) {
    return fail(Code::unreachable, host.url() + ": " + why,
                "see whether owhaled listens there: owhalectl --socket … status on that machine; its setting is tcp");
}

Result<Addresses> addresses_of(const Host& host) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.name.c_str(), std::to_string(host.port).c_str(), &wanted, &found);
    if (error != 0)
        return fail(Code::unreachable, host.url() + ": " + ::gai_strerror(error),
                    "check the name " + host.name + ": this machine finds no address for it");
    return Addresses(found, ::freeaddrinfo);
}

// 0, or the errno.
int await_connection(int fd) {
    pollfd one{fd, POLLOUT, 0};
    const int ready = ::poll(&one, 1, kConnectTimeout);
    if (ready == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t length = sizeof error;
    return ready < 0 || ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 ? errno : error;
}

int connect_one(const addrinfo& to, Fd& fd) {
    fd = Fd(::socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return errno;
    const int error = ::connect(fd.get(), to.ai_addr, to.ai_addrlen) == 0 ? 0
                      : errno == EINPROGRESS                              ? await_connection(fd.get())
                                                                          : errno;
    const int yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return error;
}

// "localhost" is what a resolver says it is: the answer counts, not the name.
bool is_loopback(const sockaddr* address) {
    if (address->sa_family == AF_INET)
        return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

Result<Peer> plain(const Host& host, Fd fd) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    auto* far = reinterpret_cast<sockaddr*>(&address);
    if (::getpeername(fd.get(), far, &length) != 0) return fail_errno(host.url());
    if (!is_loopback(far))
        return fail(Code::forbidden, host.name + " is no loopback address: nothing was sent", "use https:// there");
    CHECK(check_listener(far));
    Peer peer{std::move(fd), host.url(), {}, 0, 0, host, {}};
    return peer;
}

Result<Peer> secured(const Host& host, Fd fd) {
    const bool pinned = TRY(is_pinned(host));
    auto session = TRY(Tls::connect(std::move(fd), host, !pinned));
    const auto why =
        host.unproven && !pinned ? "which the code is to prove" : TRY(believe(host, session.certificate()));
    const auto& print = session.certificate().fingerprint;
    auto inner = TRY(std::move(session).run());
    Peer peer{std::move(inner), host.url() + "#" + print, {}, 0, 0, host, print + ", " + why};
    return peer;
}

} // namespace

Result<Peer> connect_tcp(const Host& host) {
    const auto addresses = TRY(addresses_of(host));
    int error = 0;
    for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
        Fd fd;
        error = connect_one(*one, fd);
        if (error == 0) return host.tls ? secured(host, std::move(fd)) : plain(host, std::move(fd));
    }
    return unreachable(host, ::strerror(error));
}

} // namespace owhale::cli
