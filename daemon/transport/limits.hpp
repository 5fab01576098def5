// What one client may cost.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace owhale::transport {

struct Limits {
    std::size_t max_body = 1u << 20;    // bytes
    std::size_t max_bodies = 64u << 20; // bytes of all bodies under way, each without its first 16 KiB
    std::size_t max_connections = 2048; // of everyone
    std::size_t max_connections_per_uid = 1024;
    std::size_t max_connections_per_run = 64;     // through the run's own listener
    std::size_t max_connections_per_address = 64; // TCP; IPv6 by /64
    std::size_t max_tcp_connections = 1024;       // of everyone's over TCP, so that the Unix socket keeps its share
    // Of everyone's, kept for the uid that whoever runs owhaled is known by: 0, rootless the one that started it.
    std::size_t kept_for_owner = 64;
    std::uint32_t owner = 0;
    std::size_t max_handshakes = 128;                    // TLS, under way at once
    std::chrono::milliseconds handshake_timeout{10'000}; // TLS, from the connection on
    std::chrono::milliseconds head_timeout{10'000};      // from the first byte of a request to its empty line
    std::chrono::milliseconds body_timeout{30'000};      // from there to the end of its body
    std::chrono::milliseconds idle_timeout{120'000};     // between requests
    std::chrono::milliseconds write_timeout{30'000};     // without the client taking a byte of the answer
};

} // namespace owhale::transport
