// Events that somebody can cause as fast as he likes, summed, so that no flood of them fills the disk.
//
// The first of a key is written at once. Later ones are counted, and told with the last one's data and their `count`
// after a second, then once a minute for as long as they go on: two events a minute of one key and name at most. A row
// without `count` is one event, so the rows of a key add up; a crash loses what the last minute had counted.
// Keys are bounded: of runs ("run:…"), of addresses ("ip:…"), of uids from 65536 on ("unix:…") and of all others 64 at once and
// a new one every five seconds each, so that nobody drowns users in runs, addresses or subordinate uids (subuid(5)) of his own;
// beyond, one row of each name stands for all of them,
// with principal and peer "(many)". So all addresses of the world together cause less than two events a second.
// On the io thread.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "audit/log.hpp"

namespace owhale::audit {

class Sums {
public:
    static constexpr std::size_t kMostKeys = 64;    // of a sort
    static constexpr std::size_t kMostSingles = 32; // of a key, and one more every ten seconds

    enum class Told {
        summed,
        singly // for as long as the key has singles left: of askers who are known, so that each can be read about
    };

    // `log` outlives it.
    Sums(boost::asio::any_io_executor io, Log& log);

    // Returns at once. The event's name is added to the key.
    void put(std::string key, Event event, Told told = Told::summed);
    // Writes what is counted by now: at the end, before the log's last event.
    boost::asio::awaitable<void> flush();

private:
    struct Sum {
        std::uint64_t held_back = 0;
        Event last;
        std::int64_t singles_ns = 0; // GCRA: when all singles are there again
    };
    struct State {
        boost::asio::any_io_executor io;
        Log& log;
        std::map<std::string, Sum> sums;
        struct Sort {
            std::size_t keys = 0;
            std::int64_t ns = 0; // the same of new keys
        };
        std::array<Sort, 4> sorts{};
        Sort& sort_of(std::string_view key);
    };
    static bool has_room(State& state, std::string_view key);
    static void write(const State& state, Event event);
    static boost::asio::awaitable<void> watch(std::weak_ptr<State> weak, boost::asio::any_io_executor io,
                                              std::string key);

    std::shared_ptr<State> state_;
};

} // namespace owhale::audit
