#include "spawner/inner_sockets.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/plan.hpp"
#include "spawner/channel.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

int make_all(int network, int family, std::size_t count, std::array<int, wire::kMaxInner>& sockets) {
    if (::setns(network, CLONE_NEWNET) != 0) return errno;
    for (std::size_t i = 0; i < count; ++i) {
        sockets[i] = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (sockets[i] < 0) return errno;
    }
    return 0;
}

int make_in_child(int socket, int network, int family, std::size_t count) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::array<int, wire::kMaxInner> sockets{};
    const std::int32_t err = make_all(network, family, count, sockets);
    return send_packet(socket, &err, sizeof err, std::span<const int>(sockets).first(err == 0 ? count : 0)) ? 0 : 1;
}

int take_answer(int socket, std::size_t count, std::vector<Fd>& made) {
    const timeval patience{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    auto packet = receive(socket, count, 0);
    std::int32_t err = 0;
    if (!packet) return packet.error().errnum == EAGAIN ? ETIMEDOUT : EIO;
    if (packet->size != sizeof err) return ECHILD;
    std::memcpy(&err, packet->bytes.data(), sizeof err);
    if (err == 0 && packet->fds.size() != count) return EIO;
    if (err == 0) made = std::move(packet->fds);
    return err;
}

} // namespace

int make_inner_sockets(int network, int family, std::size_t count, std::vector<Fd>& made) {
    int pair[2], pidfd = -1;
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return errno;
    const Fd ours(pair[0]);
    Fd theirs(pair[1]);
    const auto pid = clone_process(0, &pidfd, -1);
    if (pid < 0) return errno;
    if (pid == 0) ::_exit(make_in_child(theirs.get(), network, family, count));
    const Fd process(pidfd);
    theirs.reset();
    const int err = take_answer(ours.get(), count, made);
    send_signal(pidfd, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED);
    return err;
}

} // namespace owhale::spawner
