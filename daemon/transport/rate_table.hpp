// Buckets of the generic cell rate algorithm, many of them in bounded memory.
//
// GCRA by virtual scheduling (ITU-T I.371, Annex A): a bucket is one number, the theoretical arrival time, in whole
// nanoseconds of the monotonic clock. A bucket whose time has passed is full again, which is what a fresh one is too:
// its place is free. So a table forgets by itself, and nothing has to sweep it.
//
// Keys are 128-bit hashes under a random key (SipHash), so that nobody can choose who shares a group of places with
// whom. When all places of a group are taken, the newcomer gets the place of the bucket that owes least, and what it
// owes (as Space-Saving does, Metwally et al. 2005). So pushing a bucket out forgives nothing: who comes back finds at
// least its old debt, and no number of addresses buys a request more than the rate. What overflow costs is that a
// newcomer may be limited early, which takes more live peers than there are places.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace owhale::transport {

struct Rate {
    std::int64_t interval_ns = 0; // between two requests that go on for ever
    std::int64_t burst = 1;       // at once, from a full bucket
    // 1 to 10^9 a minute, a burst of 1 to 10^6.
    static constexpr Rate per_minute(std::uint64_t requests, std::uint64_t burst) {
        return {60'000'000'000 / static_cast<std::int64_t>(requests), static_cast<std::int64_t>(burst)};
    }
};

struct Decision {
    bool allowed = true;
    std::int64_t wait_ns = 0; // until one more would be allowed; 0 when it is now
};

class RateTable {
public:
    using Key = std::array<std::uint64_t, 2>;

    // `places` is rounded up to a power of two, at least one group. Each takes 24 bytes, and memory only when used.
    explicit RateTable(std::size_t places);

    Key key(std::string_view what) const;
    // Takes one request out of the bucket, or says how long it stays empty.
    Decision take(const Key& key, const Rate& rate, std::int64_t now_ns);
    // What take() would say, without taking.
    Decision look(const Key& key, const Rate& rate, std::int64_t now_ns) const;
    // Gives one request back.
    void give_back(const Key& key, const Rate& rate, std::int64_t now_ns);

    std::size_t places() const { return mask_ + 1; }
    static constexpr std::size_t kBytesEach = 24;

private:
    struct Bucket {
        Key key;
        std::int64_t arrival_ns; // theoretical; not after now: free
    };
    static_assert(sizeof(Bucket) == kBytesEach);
    struct Release {
        void operator()(Bucket* buckets) const { std::free(buckets); }
    };
    static constexpr std::size_t kGroup = 16;

    Bucket* group(const Key& key) const { return buckets_.get() + (key[0] & mask_ & ~(kGroup - 1)); }
    Bucket& place(const Key& key) const; // its own, or the one that it would get

    std::size_t mask_;
    std::unique_ptr<Bucket[], Release> buckets_; // from calloc: pages that nobody used are no memory
    std::array<unsigned char, 16> secret_{};
};

} // namespace owhale::transport
