#include "transport/rate_table.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <sodium.h>

#include "base/gcra.hpp"

namespace owhale::transport {

RateTable::RateTable(std::size_t places)
    : mask_(std::bit_ceil(std::max(places, kGroup)) - 1),
      buckets_(static_cast<Bucket*>(std::calloc(mask_ + 1, sizeof(Bucket)))) {
    if (!buckets_) throw std::bad_alloc();
    static_assert(crypto_shorthash_siphashx24_KEYBYTES == sizeof secret_);
    randombytes_buf(secret_.data(), secret_.size());
}

RateTable::Key RateTable::key(std::string_view what) const {
    Key key{};
    static_assert(crypto_shorthash_siphashx24_BYTES == sizeof key);
    crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(key.data()),
                                reinterpret_cast<const unsigned char*>(what.data()), what.size(), secret_.data());
    return key;
}

// A free place has an arrival that is past, so the least arrival is a free one's if there is any.
RateTable::Bucket& RateTable::place(const Key& key) const {
    auto* const first = group(key);
    auto* const last = first + kGroup;
    auto* const known = std::find_if(first, last, [&](const Bucket& one) { return one.key == key; });
    if (known != last) return *known;
    return *std::min_element(first, last, [](const Bucket& a, const Bucket& b) { return a.arrival_ns < b.arrival_ns; });
}

Decision RateTable::look(const Key& key, const Rate& rate, std::int64_t now_ns) const {
    const auto over = gcra(place(key).arrival_ns, now_ns, rate.interval_ns, rate.burst).over_ns;
    return {over <= 0, std::max<std::int64_t>(over, 0)};
}

Decision RateTable::take(const Key& key, const Rate& rate, std::int64_t now_ns) {
    const auto decision = look(key, rate, now_ns);
    if (!decision.allowed) return decision;
    auto& bucket = place(key);
    bucket = {key, gcra(bucket.arrival_ns, now_ns, rate.interval_ns, rate.burst).next_ns};
    return decision;
}

void RateTable::give_back(const Key& key, const Rate& rate, std::int64_t now_ns) {
    auto& bucket = place(key);
    if (bucket.key == key && bucket.arrival_ns > now_ns) bucket.arrival_ns -= rate.interval_ns;
}

} // namespace owhale::transport
