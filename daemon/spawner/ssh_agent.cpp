#include "spawner/ssh_agent.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/clock.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kPatienceNs = 2'000'000'000;
constexpr std::array<std::uint8_t, 5> kRequestIdentities = {0, 0, 0, 1, 11}; // length, SSH_AGENTC_REQUEST_IDENTITIES
constexpr std::uint8_t kIdentitiesAnswer = 12;
constexpr std::size_t kHead = 5, kMaxAnswer = 256 * 1024; // OpenSSH's own AGENT_MAX_LEN

// What was looked at is what is connected to: by the descriptor, whatever the path becomes.
int connect_by_descriptor(int place, int socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", place);
    return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

int check_listener(int socket, std::uint32_t uid) {
    ucred peer{};
    socklen_t length = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return errno;
    return peer.uid == uid ? 0 : EPERM;
}

int read_some(int socket, std::uint8_t* to, std::size_t size, std::int64_t deadline) {
    while (size > 0) {
        pollfd entry{socket, POLLIN, 0};
        const auto left = (deadline - monotonic_ns()) / 1'000'000;
        if (left <= 0) return ETIMEDOUT;
        if (::poll(&entry, 1, static_cast<int>(left)) <= 0) continue;
        const auto got = ::recv(socket, to, size, 0);
        if (got == 0) return EPROTO;
        if (got < 0 && errno != EAGAIN && errno != EINTR) return errno;
        if (got > 0) to += got, size -= static_cast<std::size_t>(got);
    }
    return 0;
}

int hear_identities(int socket) {
    const auto deadline = monotonic_ns() + kPatienceNs;
    if (::send(socket, kRequestIdentities.data(), kRequestIdentities.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(kRequestIdentities.size()))
        return EPROTO;
    std::array<std::uint8_t, kHead> head;
    if (const int err = read_some(socket, head.data(), head.size(), deadline); err != 0) return err;
    std::size_t left = std::size_t{head[0]} << 24 | std::size_t{head[1]} << 16 | std::size_t{head[2]} << 8 | head[3];
    if (head[4] != kIdentitiesAnswer || left == 0 || left > kMaxAnswer) return EPROTO;
    std::array<std::uint8_t, 4096> rest;
    for (--left; left > 0;) {
        const auto part = std::min(left, rest.size());
        if (const int err = read_some(socket, rest.data(), part, deadline); err != 0) return err;
        left -= part;
    }
    return 0;
}

} // namespace

int connect_ssh_agent(const std::string& path, std::uint32_t uid, Fd& agent) {
    const Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place) return errno;
    struct stat st{};
    if (::fstat(place.get(), &st) != 0) return errno;
    if (!S_ISSOCK(st.st_mode)) return ENOTSOCK;
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return errno;
    if (const int err = connect_by_descriptor(place.get(), socket.get()); err != 0) return err;
    if (const int err = check_listener(socket.get(), uid); err != 0) return err;
    if (const int err = hear_identities(socket.get()); err != 0) return err;
    agent = std::move(socket);
    return 0;
}

} // namespace owhale::spawner
