// Events that a stranger can cause as fast as he likes, summed, so that no flood of them fills the disk.
//
// The first of a key is written at once. Later ones are counted, and told with the last one's data and their `count`
// after 1 s, then 2, 4, … up to 60 s for as long as they go on. New keys are bounded too: 64 at once and one a second
// for ever; beyond, one row an event name stands for all of them, with the principal and the peer "(many)".
// So whoever has all the addresses of the world makes less than two events a second. On the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>

#include "audit/log.hpp"

namespace owhale::audit {

class Sums {
public:
    static constexpr std::size_t kMostKeys = 64;

    // `log` outlives it.
    Sums(boost::asio::any_io_executor io, Log& log);

    // Returns at once. The key begins with nothing special: the event's name is added.
    void put(std::string key, Event event);

private:
    struct Sum {
        std::uint64_t held_back = 0;
        Event last;
    };
    struct State {
        boost::asio::any_io_executor io;
        Log& log;
        std::map<std::string, Sum> sums;
        std::int64_t fresh_ns = 0; // GCRA: when the bucket of new keys is full again
    };
    static bool may_be_new(State& state);
    static void write(const std::shared_ptr<State>& state, Event event);
    static boost::asio::awaitable<void> watch(std::weak_ptr<State> weak, boost::asio::any_io_executor io,
                                              std::string key);

    std::shared_ptr<State> state_;
};

} // namespace owhale::audit
