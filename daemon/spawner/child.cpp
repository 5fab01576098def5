#include "spawner/child.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <span>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spawner/channel.hpp"
#include "spawner/credentials.hpp"

namespace owhale::spawner {

void Child::fail(Step step, int err) {
    message.kind = Message::failure;
    message.step = static_cast<std::uint32_t>(step);
    message.err = err;
    static_assert(sizeof message.detail == sizeof detail.text);
    std::memcpy(message.detail, detail.text, sizeof message.detail);
    (void)send_packet(setup, &message, sizeof message, {});
    ::_exit(125);
}

void Child::done(Step step) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    message.step_ns[static_cast<std::size_t>(step)] =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void Child::step(Step step, int err) {
#ifdef OWHALE_FAULTS
    if (plan->fail_step == static_cast<std::uint32_t>(step)) err = EDOM;
#endif
    if (err != 0) fail(step, err);
    detail.set("");
    done(step);
}

int await_go(int setup) {
    char go = 0;
    ssize_t n = 0;
    do n = ::recv(setup, &go, 1, 0);
    while (n < 0 && errno == EINTR);
    return n == 1 ? 0 : n == 0 ? EPIPE : errno;
}

int give_up_privilege() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    return drop_capabilities();
}

} // namespace owhale::spawner
