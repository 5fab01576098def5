// Audit events that look real, made from a seed: who does what over ninety days, as canonical JSON. For benchmarks and
// for tests that need a large log. Pure: the same seed gives the same events, byte for byte.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::bench {

struct Made {
    std::string event, principal, verb, outcome;
    std::string run;          // UUIDv7 or ""
    std::int64_t time_us = 0; // since the Unix epoch; now and then a little before the last one's: clocks are set back
    std::string json;         // RFC 8785
};

class EventMaker {
public:
    // `count` events from `first_us` on, over `span_us`.
    EventMaker(std::uint64_t seed, std::uint64_t count, std::int64_t first_us, std::int64_t span_us);
    Made next();

private:
    struct Run {           // one that was begun and has no outcome yet
        std::uint64_t due; // the event, counted from 0, before which it has not ended
        std::string id, principal, program, digest, rule;
    };
    std::uint64_t random();
    std::uint64_t below(std::uint64_t bound) { return random() % bound; }
    std::string_view pick(const std::vector<std::string>& from) { return from[below(from.size())]; }
    std::string hex(std::size_t digits);
    std::string uuid(std::int64_t time_us);
    std::string principal();
    std::string command();
    std::string path();

    Made begin_run();
    Made end_run();
    Made refuse_run();
    Made log_in();
    Made use_secret();
    Made ask();
    Made decide();
    Made signal_run();
    Made finish(Made made, const std::string& data);

    std::uint64_t state_, count_, made_ = 0;
    std::int64_t first_us_, span_us_, now_us_ = 0;
    std::deque<Run> running_;
    std::vector<std::string> words_, policies_, digests_, asked_;
};

} // namespace owhale::bench
