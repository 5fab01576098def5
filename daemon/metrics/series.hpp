// What is counted: a counter, one a label, and a histogram of times. Fixed when they are made; to count allocates nothing, takes no lock
// and is safe from any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace owhale::metrics {

class Counter { // only ever grows
public:
    void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

// A counter for each of some names that are known when it is made. What is none of them counts as the last one: a text of
// somebody else's never becomes a label.
class Labelled {
public:
    explicit Labelled(std::vector<std::string_view> names)
        : names_(std::move(names)), counters_(std::make_unique<Counter[]>(names_.size())) {}

    void add(std::string_view name) {
        std::size_t at = 0;
        while (at + 1 < names_.size() && names_[at] != name) ++at;
        counters_[at].add();
    }
    std::size_t size() const { return names_.size(); }
    std::string_view name(std::size_t at) const { return names_[at]; }
    std::uint64_t value(std::size_t at) const { return counters_[at].value(); }

private:
    std::vector<std::string_view> names_;
    std::unique_ptr<Counter[]> counters_;
};

// Of durations, in buckets that are the same for all.
class Times {
public:
    // Upper bounds, inclusive, in microseconds, and as the text of seconds that a scrape shows; the last bucket has none.
    struct Bound {
        std::int64_t us;
        const char* seconds;
    };
    static constexpr std::array kBounds = {Bound{100, "0.0001"},     Bound{500, "0.0005"},    Bound{1'000, "0.001"},
                                           Bound{2'500, "0.0025"},   Bound{5'000, "0.005"},   Bound{10'000, "0.01"},
                                           Bound{25'000, "0.025"},   Bound{50'000, "0.05"},   Bound{100'000, "0.1"},
                                           Bound{250'000, "0.25"},   Bound{1'000'000, "1.0"}, Bound{5'000'000, "5.0"},
                                           Bound{30'000'000, "30.0"}};

    void add(std::chrono::nanoseconds time) {
        const auto us = time.count() < 0 ? 0 : time.count() / 1000; // no clock of ours goes back, but a sum must not
        std::size_t at = 0;
        while (at < kBounds.size() && us > kBounds[at].us) ++at;
        buckets_[at].add();
        sum_us_.add(static_cast<std::uint64_t>(us));
    }
    // In this one bucket alone; the last, at kBounds.size(), is of all that is longer.
    std::uint64_t in(std::size_t bucket) const { return buckets_[bucket].value(); }
    std::uint64_t sum_us() const { return sum_us_.value(); }
    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const auto& bucket : buckets_) all += bucket.value();
        return all;
    }

private:
    std::array<Counter, kBounds.size() + 1> buckets_;
    Counter sum_us_;
};

} // namespace owhale::metrics
