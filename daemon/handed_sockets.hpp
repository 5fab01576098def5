// Listeners that the service manager made and hands over: systemd's socket activation (sd_listen_fds(3), by hand).
#pragma once

#include "base/fd.hpp"
#include "config/settings.hpp"
#include "shared/error.hpp"

namespace owhale {

struct HandedSockets {
    Fd local, tcp; // each empty when none was handed over: owhaled makes it itself then
};

// Takes $LISTEN_FDS descriptors from 3 on, when $LISTEN_PID names this process, and all three variables out of the
// environment in any case: no child shall take them for its own. Before anything else opens a descriptor.
// config_invalid when one is not a listening stream socket at the address of the settings, when the Unix socket's file
// is not ours or (rootless) lets others in, and when there are two of a kind.
Result<HandedSockets> take_handed_sockets(const config::Settings& settings);

} // namespace owhale
