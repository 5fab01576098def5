#include "spawner/jailer.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <linux/sched.h>
#include <malloc.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/blob.hpp"
#include "spawner/channel.hpp"
#include "spawner/id_maps.hpp"
#include "spawner/processes.hpp"
#include "spawner/seccomp.hpp"

namespace owhale::spawner {
namespace {

struct Answer {
    std::int32_t pid, err;
};

std::string pack_key(const JailKey& key) {
    wire::List numbers;
    for (const std::uint32_t number :
         {key.uid, key.gid, std::uint32_t{key.set_groups}, std::uint32_t{key.net_host}, std::uint32_t{key.scoped}})
        numbers.push_back(std::to_string(number));
    for (const auto group : key.groups) numbers.push_back(std::to_string(group));
    return wire::pack({{key.hostname, key.filter}, std::move(numbers)});
}

bool unpack_key(const Packet& packet, JailPlan& plan) {
    auto lists = wire::unpack({packet.bytes.data(), packet.size}, 2);
    if (!lists || (*lists)[0].size() != 2 || (*lists)[1].size() < 5) return false;
    std::vector<std::uint32_t> numbers;
    for (const auto& text : (*lists)[1]) {
        std::uint32_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        numbers.push_back(value);
    }
    plan.hostname = std::move((*lists)[0][0]);
    plan.filter = find_filter((*lists)[0][1]);
    plan.uid = numbers[0];
    plan.gid = numbers[1];
    plan.set_groups = numbers[2] != 0;
    plan.net_host = numbers[3] != 0;
    plan.scoped = numbers[4] != 0;
    plan.groups.assign(numbers.begin() + 5, numbers.end());
    return plan.filter != nullptr;
}

// Descriptors of the question: setup, report, and the cgroup when there is one.
bool serve_one(int socket, const Surroundings& surroundings, const std::vector<std::string>& masks) {
    auto packet = receive(socket, 3, 0);
    if (!packet || packet->size == 0 || packet->fds.size() < 2) return false;
    JailPlan plan;
    if (!unpack_key(*packet, plan)) return false;
    plan.masks = masks;
    plan.network = &surroundings.network.script;
    plan.warden_filter = find_filter("warden");
    plan.setup = packet->fds[0].get();
    plan.report = packet->fds[1].get();
#ifdef OWHALE_FAULTS
    plan.fail_step = step_to_fail();
#endif
    int pidfd = -1;
    const int cgroup = packet->fds.size() == 3 ? packet->fds[2].get() : -1;
    const auto pid = clone_process(kJailNamespaces | CLONE_PARENT | (plan.net_host ? 0u : std::uint64_t{CLONE_NEWNET}),
                                   &pidfd, cgroup);
    if (pid == 0) wait_in_jail(plan);
    const Answer answer{pid, pid < 0 ? errno : 0};
    const Fd process(pid < 0 ? -1 : pidfd);
    const std::array<int, 1> fds{process.get()};
    return static_cast<bool>(send_packet(socket, &answer, sizeof answer, std::span(fds).first(pid < 0 ? 0 : 1)));
}

// What is freed of the spawner's heap lies scattered: a jail that got its memory from there would copy a page for each piece.
// With none left, and none kept apart from now on, all of it comes from fresh pages, side by side.
void use_up_free_pieces() {
    ::mallopt(M_MXFAST, 0);
    const void* const end = ::sbrk(0);
    for (std::size_t size = 1u << 16; size >= 16; size -= size > 1024 ? size / 2 : 16)
        for (const void* volatile piece = nullptr; piece < end;)
            if (piece = ::malloc(size); piece == nullptr) return;
}

[[noreturn]] void serve(int socket, const Surroundings& surroundings, const std::vector<std::string>& masks) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::prctl(PR_SET_NAME, "owhale-jailer", 0, 0, 0);
    const auto own = static_cast<unsigned>(socket);
    if (::close_range(own + 1, ~0u, 0) != 0 || (own > 3 && ::close_range(3, own - 1, 0) != 0)) ::_exit(1);
    set_filters(surroundings.filters);
    use_up_free_pieces();
    while (serve_one(socket, surroundings, masks)) {}
    ::_exit(0);
}

} // namespace

Status Jailer::start(const Surroundings& surroundings, const std::vector<std::string>& masks) {
    int pair[2], pidfd = -1;
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail_errno("socketpair");
    Fd ours(pair[0]);
    const Fd theirs(pair[1]);
    const auto pid = clone_process(0, &pidfd, -1);
    if (pid < 0) return fail_errno("clone");
    if (pid == 0) serve(theirs.get(), surroundings, masks);
    socket_ = std::move(ours);
    process_.reset(pidfd);
    return {};
}

Status Jailer::ask(const JailKey& key, int setup, int report, int cgroup) const {
    const auto bytes = pack_key(key);
    const std::array<int, 3> fds{setup, report, cgroup};
    return send_packet(socket_.get(), bytes.data(), bytes.size(), std::span(fds).first(cgroup < 0 ? 2 : 3));
}

Result<Jailer::Made> Jailer::answer() {
    auto packet = receive(socket_.get(), 1, MSG_DONTWAIT);
    Answer answer{};
    if (!packet) return std::unexpected(packet.error());
    if (packet->size != sizeof answer) return fail(Code::system, "the jailer has ended");
    std::memcpy(&answer, packet->bytes.data(), sizeof answer);
    Made made{answer.pid, {}, answer.err};
    if (made.err == 0 && packet->fds.size() != 1) return fail(Code::system, "a jail without a descriptor");
    if (made.err == 0) made.process = std::move(packet->fds[0]);
    return made;
}

void Jailer::end() {
    if (!process_) return;
    send_signal(process_.get(), SIGKILL);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED);
    process_.reset();
    socket_.reset();
}

} // namespace owhale::spawner
