// Tells the service manager how owhaled stands (sd_notify(3), by hand: one datagram on $NOTIFY_SOCKET).
#pragma once

#include <string>
#include <string_view>

#include "base/fd.hpp"

namespace owhale {

class Notify {
public:
    // Connects now, since the confined broker makes no sockets. Without a service manager every call does nothing.
    static Notify open();
    void ready(std::string_view status) const;
    void reloading() const; // to be followed by ready()
    void stopping() const;

private:
    void send(const std::string& text) const;
    Fd socket_;
};

} // namespace owhale
