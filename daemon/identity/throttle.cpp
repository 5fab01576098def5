#include "identity/throttle.hpp"

#include <algorithm>

namespace owhale::identity {
namespace {

constexpr unsigned kFree = 5;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kForget = 15 * 60 * kSecond; // for each failure

} // namespace

std::int64_t Throttle::wait_of(const Entry& entry) const {
    if (entry.failures < kFree) return 0;
    const auto doublings = std::min(entry.failures - kFree, 30u);
    return std::min(kSecond << doublings, std::chrono::nanoseconds(ceiling_).count());
}

void Throttle::forget_some(Entry& entry, std::int64_t now) const {
    const auto quarters = (now - entry.last) / kForget;
    if (quarters <= 0) return;
    entry.failures -= static_cast<unsigned>(std::min<std::int64_t>(quarters, entry.failures));
    entry.last += quarters * kForget;
}

// Whoever waits longest goes last: names tried at random do not free one that is under attack.
void Throttle::make_room(std::int64_t now) {
    if (entries_.size() < most_) return;
    const auto rank = [&](const auto& item) {
        const auto& entry = item.second;
        return std::pair(entry.under_way > 0, entry.last + wait_of(entry) - now);
    };
    entries_.erase(std::ranges::min_element(entries_, {}, rank));
}

std::optional<Throttle::Delay> Throttle::begin(const std::string& key) {
    const auto now = clock_();
    auto at = entries_.find(key);
    if (at == entries_.end()) {
        make_room(now);
        at = entries_.emplace(key, Entry{0, 0, now, {}, {}}).first;
    }
    auto& entry = at->second;
    forget_some(entry, now);
    const auto left = entry.last + wait_of(entry) - now;
    if (entry.failures >= kFree && left > 0)
        return Delay{static_cast<unsigned>((left + kSecond - 1) / kSecond), entry.cause};
    if (entry.under_way > 0 && entry.failures + entry.under_way >= kFree) return Delay{1, entry.cause};
    ++entry.under_way;
    return std::nullopt;
}

void Throttle::ended(const std::string& key, Outcome outcome, const std::string& origin, const std::string& cause) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    auto& entry = at->second;
    if (entry.under_way > 0) --entry.under_way;
    if (outcome == Outcome::wrong) {
        ++entry.failures;
        entry.last = clock_();
        entry.origin = origin;
        entry.cause = cause;
    }
    // The right password takes back what its own peer mistyped, not what others try.
    if (outcome == Outcome::right && entry.origin == origin) entry.failures = 0;
    if (entry.failures == 0 && entry.under_way == 0) entries_.erase(at);
}

} // namespace owhale::identity
