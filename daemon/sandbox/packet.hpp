// One packet of the wire to the spawner: bytes with the descriptors that came along.
#pragma once

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

struct Packet {
    std::array<char, wire::kMaxPacket> bytes;
    std::size_t size = 0;
    std::vector<Fd> fds;
    wire::Header header() const { // receive_packet saw to it that there is one
        wire::Header header;
        std::memcpy(&header, bytes.data(), sizeof header);
        return header;
    }
    // As a message of its type; spawner_unavailable unless its size is exact.
    template <typename T> Result<T> as() const {
        T message;
        if (size != sizeof message) return fail(Code::spawner_unavailable, "a message of the wrong size");
        std::memcpy(&message, bytes.data(), sizeof message);
        return message;
    }
};

// Never blocks: errnum EAGAIN when there is none. Refuses what was cut, and a packet shorter than a header.
Result<Packet> receive_packet(int socket);
// `fd` may be -1. Never blocks: errnum EAGAIN when the socket is full.
Status send_packet(int socket, std::string_view bytes, int fd);

} // namespace owhale::sandbox
