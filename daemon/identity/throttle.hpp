// The growing delay after wrong passwords: of an account on login, of an account and a peer on step-up. In memory,
// bounded, on the io thread.
//
// Five failures are free; then each doubles the wait, from a second to a ceiling. A quarter of an hour without a failure
// forgets one. What is under way counts as a failure until it is known not to be, so that a burst is no way around.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace owhale::identity {

class Throttle {
public:
    using Clock = std::function<std::int64_t()>; // nanoseconds, monotonic
    Throttle(Clock clock, std::chrono::seconds ceiling, std::size_t most = 4096)
        : clock_(std::move(clock)), ceiling_(ceiling), most_(most) {}

    struct Delay {
        unsigned seconds = 1;
        std::string cause; // who failed last
    };
    // Whether an attempt has to wait; if not, it is under way until ended().
    std::optional<Delay> begin(const std::string& key);
    enum class Outcome { right, wrong, untold }; // untold: it was never checked
    // `origin` and `cause`: the peer, as it is counted and as it is told.
    void ended(const std::string& key, Outcome outcome, const std::string& origin, const std::string& cause);

    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        unsigned failures = 0, under_way = 0;
        std::int64_t last = 0; // failure, or the last that was forgotten
        std::string origin, cause;
    };
    std::int64_t wait_of(const Entry& entry) const; // nanoseconds after `last`
    void forget_some(Entry& entry, std::int64_t now) const;
    void make_room(std::int64_t now);

    Clock clock_;
    std::chrono::seconds ceiling_;
    std::size_t most_;
    std::unordered_map<std::string, Entry> entries_;
};

} // namespace owhale::identity
