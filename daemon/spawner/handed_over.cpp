#include "spawner/handed_over.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <tuple>

#include "spawner/channel.hpp"
#include "spawner/mounts.hpp"

namespace owhale::spawner {
namespace {

int hand_over(const JailPlan& plan, Message& message, Message::Kind kind, std::span<const int> fds) {
    message.kind = kind;
    return send_packet(plan.setup, &message, sizeof message, fds) ? 0 : EPIPE;
}

int listen_at(const JailPlan& plan, Message& message, std::string_view path, Message::Kind kind) {
    const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener) return errno;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    static_assert(wire::kDaemonSocket.size() < sizeof address.sun_path);
    static_assert(wire::kSshAgentSocket.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
    if (::listen(listener.get(), wire::kRunConnections) != 0) return errno;
    const std::array<int, 1> fds{listener.get()};
    return hand_over(plan, message, kind, fds);
}

} // namespace

// The listeners are made while there are capabilities over the namespace, and leave before anything of the run is here.
int hand_over_network(const JailPlan& plan, Message& message, Detail& detail) {
    auto& made = message.made;
    NetworkFds held;
    detail.set("the listeners of a scoped network");
    if (const int err = make_network(*plan.network, plan.host_ports, made, held); err != 0) return err;
    std::array<int, std::tuple_size_v<decltype(held.fds)>> fds{};
    for (std::size_t i = 0; i < held.count; ++i) fds[i] = held.fds[i].get();
    return hand_over(plan, message, Message::network, std::span(fds).first(held.count));
}

// What `exec` will need to come in later. Own namespaces can always be opened; another's, once undumpable, cannot.
int hand_over_namespaces(const JailPlan& plan, Message& message) {
    // Not at the clone: there the cgroup namespace's root would be the spawner's own cgroup.
    if (::unshare(CLONE_NEWCGROUP) != 0) return errno;
    std::array<Fd, 7> held;
    std::array<int, 7> fds{};
    std::size_t count = 0;
    for (const char* path : {"/proc/self/ns/user", "/proc/self/ns/pid", "/proc/self/ns/ipc", "/proc/self/ns/uts",
                             "/proc/self/ns/cgroup", "/proc/self/ns/net", "/proc/self/ns/mnt"}) {
        held[count].reset(::open(path, O_RDONLY | O_CLOEXEC));
        if (!held[count]) return errno;
        fds[count] = held[count].get();
        ++count;
    }
    return hand_over(plan, message, Message::namespaces, fds);
}

// Of what entered a cage with approved files: others' approved files are to be held in place there as well.
int hand_over_own_mounts(const JailPlan& plan, Message& message, int self) {
    if (plan.approved.empty()) return 0;
    const Fd mounts(::openat(self, "ns/mnt", O_RDONLY | O_CLOEXEC));
    if (!mounts) return errno;
    const std::array<int, 1> fds{mounts.get()};
    return hand_over(plan, message, Message::namespaces, fds);
}

// Bound by the run's own uid at owhaled's usual paths, in a folder that holds nothing else and is read-only from then on:
// what is in the cage can connect, and put nothing in their place. The spawner accepts on the first, the broker on the other.
int hand_over_listeners(const JailPlan& plan, Message& message, Detail& detail) {
    if (!plan.daemon && !plan.ssh_agent) return 0;
    detail.set(plan.daemon ? wire::kDaemonSocket.data() : wire::kSshAgentSocket.data());
    int err = plan.daemon ? listen_at(plan, message, wire::kDaemonSocket, Message::listener) : 0;
    if (err == 0 && plan.ssh_agent) detail.set(wire::kSshAgentSocket.data());
    if (err == 0 && plan.ssh_agent) err = listen_at(plan, message, wire::kSshAgentSocket, Message::ssh_agent);
    return err != 0 ? err : close_daemon_folder();
}

} // namespace owhale::spawner
