#include "spawner/host_listener.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace owhale::spawner {
namespace {

constexpr int kBacklog = 1024;
constexpr std::size_t kMapped = 12; // bytes before an IPv4 address

in6_addr as_six(const PortAddress& address) {
    in6_addr six;
    std::memcpy(&six, address.data(), sizeof six);
    return six;
}

struct Name {
    sockaddr_storage storage{};
    socklen_t size = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Name name_of(const PortAddress& address, std::uint16_t port) {
    Name name;
    const auto six = as_six(address);
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
        auto& four = reinterpret_cast<sockaddr_in&>(name.storage);
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        std::memcpy(&four.sin_addr, address.data() + kMapped, sizeof four.sin_addr);
        name.size = sizeof four;
    } else {
        auto& whole = reinterpret_cast<sockaddr_in6&>(name.storage);
        whole.sin6_family = AF_INET6;
        whole.sin6_port = htons(port);
        whole.sin6_addr = six;
        name.size = sizeof whole;
    }
    return name;
}

} // namespace

bool is_loopback(const PortAddress& address) {
    const auto six = as_six(address);
    return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && address[kMapped] == 127);
}

int listen_on_host(const PortAddress& address, std::uint16_t& port, Fd& listener) {
    auto name = name_of(address, port);
    Fd socket(::socket(name.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return errno;
    constexpr int kOn = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
    if (name.storage.ss_family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &kOn, sizeof kOn);
    if (::bind(socket.get(), name.get(), name.size) != 0 || ::listen(socket.get(), kBacklog) != 0 ||
        ::getsockname(socket.get(), name.get(), &name.size) != 0)
        return errno;
    // The port stands at the same place for both families.
    port = ntohs(reinterpret_cast<const sockaddr_in&>(name.storage).sin_port);
    listener = std::move(socket);
    return 0;
}

} // namespace owhale::spawner
