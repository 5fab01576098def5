// How a jail that waits is asked for, comes to be, and ends.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "spawner/channel.hpp"
#include "spawner/id_maps.hpp"
#include "spawner/pool.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kFdsOfOne = 64;
constexpr std::int64_t kAsleepNs = 10'000'000'000; // after memory was short, or a jail could not be made
constexpr int kAnswerMs = 2000;                    // of the jailer, which does nothing but clone

} // namespace

void Pool::sleep(std::int64_t now) {
    asleep_until_ns_ = now + kAsleepNs;
}

Status Pool::ask(const JailKey& key) {
    if (jails_.size() >= options_.pool) {
        const auto other = std::ranges::find_if(jails_, [&](const auto& jail) { return jail->key != key; });
        if (other == jails_.end()) return {};
        auto jail = std::move(*other);
        jails_.erase(other);
        give_up(std::move(jail));
    }
    return begin(key);
}

Status Pool::begin(const JailKey& key) {
    auto jail = std::make_unique<Prepared>();
    jail->id = next_id_++;
    jail->key = key;
    int pair[2], ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail_errno("socketpair");
    jail->setup.reset(pair[0]);
    const Fd setup(pair[1]);
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
    jail->report.reset(ends[0]);
    const Fd report(ends[1]);
    if (!surroundings_.cgroup_base.empty())
        jail->cgroup = TRY(Cgroup::create(surroundings_.cgroup_base, "prepared-" + std::to_string(jail->id)));
    const int cgroup = jail->cgroup ? jail->cgroup.fd() : -1;
    if (auto asked = jailer_.ask(key, setup.get(), report.get(), cgroup); !asked) {
        if (jail->cgroup) jail->cgroup.remove();
        return asked;
    }
    asked_ = std::move(jail);
    asked_is_void_ = false;
    return {};
}

Status Pool::jailer_answered() {
    auto made = jailer_.answer();
    if (!made && made.error().errnum == EAGAIN) return {};
    if (!made || !asked_) { // without it every run is built from the beginning
        loop_.unwatch(jailer_.fd());
        if (asked_) give_up(std::move(asked_));
        jailer_.end();
        return {};
    }
    auto jail = std::move(asked_);
    if (made->err != 0) {
        sleep(monotonic_ns());
        give_up(std::move(jail));
        return {};
    }
    jail->pid = made->pid;
    jail->process = std::move(made->process);
    const auto& key = jail->key;
    if (asked_is_void_ || !write_id_maps(jail->pid, key.uid, key.gid, key.groups, key.set_groups)) {
        give_up(std::move(jail));
        return {};
    }
    const char go = 1;
    (void)::send(jail->setup.get(), &go, 1, MSG_NOSIGNAL);
    CHECK(loop_.watch(jail->setup.get(), Source::prepared, jail->id, EPOLLIN));
    jails_.push_back(std::move(jail));
    return {};
}

Status Pool::jail_spoke(std::uint64_t id) {
    const auto at = std::ranges::find_if(jails_, [id](const auto& jail) { return jail->id == id; });
    if (at == jails_.end()) return {};
    auto& jail = **at;
    auto packet = receive(jail.setup.get(), kFdsOfOne, MSG_DONTWAIT);
    if (!packet && packet.error().errnum == EAGAIN) return {};
    Message message{};
    const bool told = packet && packet->size == sizeof message;
    if (told) std::memcpy(&message, packet->bytes.data(), sizeof message);
    if (told && message.kind == Message::namespaces) {
        jail.namespaces = std::move(packet->fds);
        return {};
    }
    if (told && message.kind == Message::network && jail.key.scoped && fits(message.made, packet->fds.size())) {
        jail.network = std::move(packet->fds);
        jail.networked = true;
        jail.made = message.made;
        return {};
    }
    if (told && message.kind == Message::prepared && !jail.namespaces.empty()) {
        jail.ready = true;
        jail.made_ns = monotonic_ns();
        return {};
    }
    // It failed or was killed: a run that is built from the beginning says why, if there is a reason.
    auto ended = std::move(*at);
    jails_.erase(at);
    give_up(std::move(ended));
    sleep(monotonic_ns());
    return {};
}

// False: there is no jailer any more.
bool Pool::await_answer() {
    pollfd answer{jailer_.fd(), POLLIN, 0};
    if (::poll(&answer, 1, kAnswerMs) != 1) jailer_.end(); // and the answer says so
    return static_cast<bool>(jailer_answered()) && jailer_.works();
}

// A clone of the jailer costs less than one of ourselves, which have more memory, and both of us a fault for each page of it that
// is written next.
std::unique_ptr<Prepared> Pool::make_now(const JailKey& key) {
    if (auto jail = find(key, false)) return jail;
    if (monotonic_ns() < asleep_until_ns_ || (asked_ && !await_answer())) return {};
    if (auto jail = find(key, false)) return jail;
    if (!begin(key) || !asked_ || !await_answer()) return {};
    return find(key, false);
}

void Pool::give_up(std::unique_ptr<Prepared> jail) {
    if (jail->setup) loop_.unwatch(jail->setup.get());
    if (jail->process) send_signal(jail->process.get(), SIGKILL);
    jail->namespaces.clear();
    jail->network.clear();
    jail->setup.reset();
    ending_.push_back(std::move(jail));
}

void Pool::reap() {
    std::erase_if(ending_, [](const std::unique_ptr<Prepared>& jail) {
        siginfo_t info{};
        const auto ended = [&] {
            return ::waitid(P_PIDFD, static_cast<id_t>(jail->process.get()), &info, WEXITED | WNOHANG) != 0 ||
                   info.si_pid != 0;
        };
        if (jail->process && !ended()) return false;
        jail->process.reset();
        return !jail->cgroup || jail->cgroup.remove();
    });
}

#ifdef OWHALE_FAULTS
std::unique_ptr<Prepared> Pool::wait_for(const JailKey& key) {
    asleep_until_ns_ = 0;
    for (int i = 0; i < 1000; ++i) {
        if (auto jail = find(key, true)) return jail;
        if (!asked_ && held(key) == 0 && !ask(key)) return {};
        std::vector<std::uint64_t> ids;
        for (const auto& jail : jails_) ids.push_back(jail->id);
        pollfd answer{jailer_.fd(), POLLIN, 0};
        ::poll(&answer, 1, 10);
        if (!jailer_answered() || !jailer_.works()) return {};
        for (const auto id : ids)
            for (int n = 0; n < 4; ++n) (void)jail_spoke(id);
    }
    return {};
}
#endif

} // namespace owhale::spawner
