// What is told of uses: counted at once, on disk within a second, an event (secret.used) of each run, secret and host at once
// and then once a second at most, with how many there were. On the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "audit/log.hpp"
#include "vault/keep.hpp"

namespace owhale::vault {

class Uses : public std::enable_shared_from_this<Uses> {
public:
    Uses(boost::asio::any_io_executor io, Keep& keep, audit::Log& log) : io_(std::move(io)), keep_(keep), log_(log) {}

    void note(const Place& place, const std::string& run, const std::string& host);
    // Stored ones and those that are not yet.
    Keep::Uses of(const Place& place);
    // What is counted goes to the database now.
    void store();

private:
    struct Key {
        Place place;
        std::string run, host;
        auto operator<=>(const Key&) const = default;
    };
    void write(const Key& key, std::uint64_t count);
    boost::asio::awaitable<void> watch(std::weak_ptr<Uses> self, Key key);

    boost::asio::any_io_executor io_;
    Keep& keep_;
    audit::Log& log_;
    std::map<Place, Keep::Uses> counted_;    // since the last store()
    std::map<Key, std::uint64_t> held_back_; // not told yet, of those that were told within the last second
};

} // namespace owhale::vault
