#include "notify.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale {

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
    return notify;
}

void Notify::send(const std::string& text) const {
    // A manager that does not listen must not hold the broker up.
    if (socket_) (void)::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Notify::ready(std::string_view status) const {
    send("READY=1\nSTATUS=" + std::string(status));
}

void Notify::reloading() const {
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_ns() / 1000) + "\nSTATUS=Reloading");
}

void Notify::stopping() const {
    send("STOPPING=1\nSTATUS=Ending the runs");
}

} // namespace owhale
