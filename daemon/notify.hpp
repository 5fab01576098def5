// Tells the service manager how owhaled stands (sd_notify(3), by hand: one datagram on $NOTIFY_SOCKET).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/fd.hpp"

namespace owhale {

class Notify {
public:
    // Connects now, since the confined broker makes no sockets. Without a service manager every call does nothing.
    static Notify open();
    void ready(std::string_view status) const;
    // A start that takes long goes on: the manager gives up when it hears neither this nor ready() for five minutes.
    void migrating() const;
    void reloading() const; // to be followed by ready()
    void stopping() const;
    void alive() const;
    // How long the manager waits between two words of alive(); 0: it does not wait for any. $WATCHDOG_USEC, where
    // $WATCHDOG_PID is this process or its parent: the manager means the supervisor, whose child the broker is.
    std::chrono::microseconds watchdog() const { return watchdog_; }

private:
    void send(const std::string& text) const;
    Fd socket_;
    std::chrono::microseconds watchdog_{0};
};

} // namespace owhale
