#include "spawner/loop.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/socket.h>

namespace owhale::spawner {

Status Loop::open() {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) return fail_errno("epoll_create1");
    // A broker that does not read is a broken one: we wait five seconds for it, then end.
    const timeval patience{5, 0};
    if (::setsockopt(channel_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        return fail_errno("SO_SNDTIMEO");
    return watch(channel_, Source::channel, 0, EPOLLIN);
}

Status Loop::watch(int fd, Source source, std::uint64_t id, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = static_cast<std::uint64_t>(source) << kSourceShift | id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("epoll_ctl");
    return {};
}

void Loop::unwatch(int fd) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Result<std::span<const Loop::Event>> Loop::wait(int timeout_ms) {
    std::array<epoll_event, std::tuple_size_v<decltype(events_)>> ready;
    const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), timeout_ms);
    if (count < 0 && errno != EINTR) return fail_errno("epoll_wait");
    const auto size = static_cast<std::size_t>(std::max(count, 0));
    for (std::size_t i = 0; i < size; ++i) {
        const auto tag = ready[i].data.u64;
        events_[i] = {static_cast<Source>(tag >> kSourceShift), tag & ((std::uint64_t{1} << kSourceShift) - 1),
                      ready[i].events};
    }
    return std::span<const Event>(events_.data(), size);
}

Result<Packet> Loop::next_packet() const {
    auto packet = receive(channel_, 1, MSG_DONTWAIT);
    if (!packet && packet.error().errnum != ECONNRESET) return packet;
    if (!packet || packet->size == 0) return fail(Code::unreachable, "the broker is gone");
    return packet;
}

std::unexpected<Error> violation(const char* what) {
    return fail(Code::bad_request, what);
}

void copy_text(char* to, std::size_t size, const std::string& text) {
    std::snprintf(to, size, "%s", text.c_str());
}

} // namespace owhale::spawner
