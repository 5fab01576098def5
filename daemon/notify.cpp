#include "notify.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale {
namespace {

constexpr std::int64_t kLongestWatch = 86'400'000'000; // a day, in microseconds

std::int64_t number_of(const char* variable) {
    const char* text = std::getenv(variable);
    std::int64_t value = 0;
    if (text == nullptr) return 0;
    const auto* end = text + std::strlen(text);
    const auto read = std::from_chars(text, end, value);
    return read.ec == std::errc{} && read.ptr == end && value > 0 ? value : 0;
}

std::chrono::microseconds watchdog_of_environment() {
    const auto pid = number_of("WATCHDOG_PID");
    const bool ours = std::getenv("WATCHDOG_PID") == nullptr || pid == ::getpid() || pid == ::getppid();
    return std::chrono::microseconds(ours ? std::min(number_of("WATCHDOG_USEC"), kLongestWatch) : 0);
}

} // namespace

Notify Notify::open() {
    Notify notify;
    const char* name = ::getenv("NOTIFY_SOCKET");
    if (name == nullptr || *name == '\0') return notify;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto length = std::strlen(name);
    const bool usable = (name[0] == '/' || name[0] == '@') && length < sizeof address.sun_path;
    if (usable) std::memcpy(address.sun_path, name, length);
    if (name[0] == '@') address.sun_path[0] = '\0'; // the abstract namespace
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    if (!usable || !socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        log::warning("the service manager cannot be told anything", {{"NOTIFY_SOCKET", name}});
        return notify;
    }
    notify.socket_ = std::move(socket);
    notify.watchdog_ = watchdog_of_environment();
    return notify;
}

void Notify::send(const std::string& text) const {
    // A manager that does not listen must not hold the broker up.
    if (socket_) (void)::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Notify::ready(std::string_view status) const {
    send("READY=1\nSTATUS=" + std::string(status));
}

// The longest silence is a commit that SQLite brings over into a file of many gigabytes.
void Notify::migrating() const {
    send("EXTEND_TIMEOUT_USEC=300000000\nSTATUS=Bringing the databases to their new form");
}

void Notify::reloading() const {
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_ns() / 1000) + "\nSTATUS=Reloading");
}

void Notify::alive() const {
    send("WATCHDOG=1");
}

void Notify::stopping() const {
    send("STOPPING=1\nSTATUS=Ending the runs");
}

} // namespace owhale
