// The addresses that stand for names inside one run: what its DNS answers, and what the way back needs.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace owhale::egress {

class NamesGiven {
public:
    static constexpr std::size_t kMost = 65536;         // names of one run; an address never changes its name
    static constexpr std::size_t kMostBytes = 4u << 20; // of all of its names: they are owhaled's memory

    struct Pair {
        boost::asio::ip::address_v4 v4; // of 198.18.0.0/15 (RFC 2544)
        boost::asio::ip::address_v6 v6; // of fd6f:7768:616c::/48 (RFC 4193)
    };
    // Nothing when the run has used up its names.
    std::optional<Pair> addresses_of(const std::string& name);
    // Nothing: nobody was given it.
    const std::string* name_of(const boost::asio::ip::address& address) const;
    // In one of the two ranges?
    static bool is_given(const boost::asio::ip::address& address);

private:
    std::deque<std::string> names_;                             // by number
    std::unordered_map<std::string_view, std::size_t> numbers_; // of names_, where they stay
    std::size_t bytes_ = 0;
};

} // namespace owhale::egress
