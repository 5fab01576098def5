// The one epoll of the spawner, and its end of the channel to the broker: what every part waits on, and tells by.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <sys/epoll.h>

#include "base/fd.hpp"
#include "spawner/channel.hpp"

namespace owhale::spawner {

// What a descriptor in the epoll is; with it goes an id: a connection's, a resolution's or a run's number.
enum class Source : std::uint64_t {
    channel,
    listener, // the Unix socket
    tcp_listener,
    run_listener, // one run's own; the id is the run's
    connection,
    resolve,
    setup,
    warden,
    report,
    pinning,
};
inline constexpr unsigned kSourceShift = 56;
// Numbers that the broker chooses have to leave room for the source.
inline bool fits_a_tag(std::uint64_t number) {
    return number >> kSourceShift == 0;
}

class Loop {
public:
    explicit Loop(int channel) : channel_(channel) {}
    Status open();
    Status watch(int fd, Source source, std::uint64_t id, std::uint32_t events);
    void unwatch(int fd);
    struct Event {
        Source source;
        std::uint64_t id;
        std::uint32_t events;
    };
    // At most 64 events; none when a signal or the time came first.
    Result<std::span<const Event>> wait(int timeout_ms);
    // EAGAIN when nothing is there; `unreachable` when the broker is gone.
    Result<Packet> next_packet() const;
    template <typename T> Status send(const T& message, std::span<const int> fds = {}) const {
        return send_packet(channel_, &message, sizeof message, fds);
    }

private:
    int channel_;
    Fd epoll_;
    std::array<Event, 64> events_{};
};

// The broker broke the protocol: the spawner ends.
std::unexpected<Error> violation(const char* what);
void copy_text(char* to, std::size_t size, const std::string& text);

} // namespace owhale::spawner
