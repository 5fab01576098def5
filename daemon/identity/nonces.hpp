// Which signed requests were seen, so that none counts twice. Fixed in memory; what it cannot remember it refuses.
//
// A request is remembered for as long as its time would let it pass. `floor` is what makes that safe when the wall clock goes
// back: nothing is taken that is as old as anything that was forgotten. `start` makes it safe across a restart: what an earlier
// life may have taken, whose clients may run ahead by kAhead, is not taken again. For those few seconds the answer is `starting`.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace owhale::identity {

class Nonces {
public:
    static constexpr std::int64_t kSkew = 60; // seconds that a device's clock may be behind
    static constexpr std::int64_t kAhead = 5; // and ahead: no more, since a start makes everybody wait for as long

    // `now`: seconds since the epoch. What was signed up to kAhead later by who was known before is taken by no new Nonces.
    explicit Nonces(std::int64_t now);

    enum class Known { before, since }; // the start: no earlier life took anything of a key that was paired since
    enum class Answer { fresh, seen, too_old, too_new, starting, full };
    // By time alone, without remembering anything.
    Answer look(std::int64_t created, std::int64_t now, Known known) const;
    // Remembers it when it is fresh.
    Answer take(std::string_view keyid, std::string_view nonce, std::int64_t created, std::int64_t now, Known known);
    // Of `starting`: seconds until what is signed then is taken, 1 to kAhead + 1.
    std::int64_t wait(std::int64_t now) const { return start_ - now + 1; }

private:
    struct Entry {
        std::uint64_t hash = 0;
        std::int64_t created = 0; // 0: free
    };
    static constexpr std::size_t kBuckets = 1u << 13, kWays = 16; // 2 MiB
    using Bucket = std::array<Entry, kWays>;

    std::uint64_t hash_of(std::string_view keyid, std::string_view nonce) const;
    std::array<std::uint8_t, 16> key_{}; // of the hash: nobody chooses what falls together
    std::vector<Bucket> buckets_;
    std::int64_t start_, floor_ = 0;
};

} // namespace owhale::identity
