// What the spawner's packets say, as this folder's own types. spawner_unavailable: a packet that cannot be read.
#pragma once

#include <cstring>
#include <string>

#include "sandbox/packet.hpp"
#include "sandbox/spawner_channel.hpp"

namespace owhale::sandbox {

// A field of a packet that is filled up with NUL.
template <std::size_t N> std::string text_of(const char (&field)[N]) {
    return {field, ::strnlen(field, N)};
}

Result<Resolution> read_resolved(Packet& packet);
Result<Reopened> read_reopened(Packet& packet);
// The step of the jail that failed, or why it was not begun.
Error jail_error(const wire::RunFailed& failed);

} // namespace owhale::sandbox
