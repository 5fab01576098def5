// What the rate limit costs: nanoseconds a decision, and resident memory, as the number of peers grows to a million.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <sodium.h>

#include "transport/rate_limit.hpp"

using namespace owhale;

namespace {

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    statm >> total >> resident;
    return resident * 4096;
}

identity::Peer peer_of(std::uint32_t number) {
    identity::Peer peer;
    peer.kind = identity::Peer::Kind::tcp;
    peer.address = {0x20,
                    0x01,
                    0x0d,
                    0xb8,
                    static_cast<std::uint8_t>(number >> 24),
                    static_cast<std::uint8_t>(number >> 16),
                    static_cast<std::uint8_t>(number >> 8),
                    static_cast<std::uint8_t>(number)};
    return peer;
}

void measure(std::uint32_t peers) {
    const auto before = resident_bytes();
    std::int64_t now = 1'000'000'000'000;
    transport::RateLimit limit({}, [&now] { return now; });
    const identity::Principal nobody;
    for (std::uint32_t i = 0; i < peers; ++i) limit.api(peer_of(i), nobody);
    std::mt19937 random(1);
    constexpr int kDecisions = 2'000'000;
    const auto began = std::chrono::steady_clock::now();
    int refused = 0;
    for (int i = 0; i < kDecisions; ++i)
        refused += limit.api(peer_of(static_cast<std::uint32_t>(random() % peers)), nobody) ? 1 : 0;
    const auto spent = std::chrono::steady_clock::now() - began;
    std::printf("%8u peers: %6.1f ns a decision, %6.2f MiB resident (%5.1f bytes a peer), %d of %d refused\n", peers,
                std::chrono::duration<double, std::nano>(spent).count() / kDecisions,
                static_cast<double>(resident_bytes() - before) / (1u << 20),
                static_cast<double>(resident_bytes() - before) / peers, refused, kDecisions);
}

} // namespace

int main() {
    if (sodium_init() < 0) return 1;
    for (const std::uint32_t peers : {1u, 1'000u, 100'000u, 1'000'000u}) measure(peers);
    return 0;
}
