// Packets with descriptors over one SOCK_SEQPACKET pair; see sandbox/plan.hpp for what they say.
#pragma once

#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "shared/error.hpp"

namespace owhale::spawner {

struct Packet {
    alignas(8) std::array<char, wire::kMaxPacket> bytes;
    std::size_t size = 0;
    std::vector<Fd> fds;

    // The packet as a message of its type; an error unless the size is exact and the descriptors are as many as said.
    template <typename T> Result<T> as(std::size_t fd_count) const {
        T message;
        if (size != sizeof message || fds.size() != fd_count)
            return fail(Code::bad_request, "a packet of the wrong size or with the wrong number of descriptors");
        std::memcpy(&message, bytes.data(), sizeof message);
        return message;
    }
    wire::Header header() const;
};

// The next packet; size 0 means that the other end is gone. Truncated packets are errors.
Result<Packet> receive(int socket, std::size_t max_fds, int flags);
// The same into the caller's own room; answers the descriptors.
Result<std::vector<Fd>> receive_into(int socket, char* bytes, std::size_t room, std::size_t& size, int flags = 0);
Status send_packet(int socket, const void* message, std::size_t size, std::span<const int> fds);

template <typename T> T make(wire::Type type) {
    T message;
    std::memset(static_cast<void*>(&message), 0, sizeof message); // no stack bytes in the padding
    message.header = {type, sizeof message};
    return message;
}

} // namespace owhale::spawner
