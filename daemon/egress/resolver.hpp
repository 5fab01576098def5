// The one place from which names are looked up: c-ares on the broker's loop, with a cache, for all runs.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <vector>

#include "shared/error.hpp"

namespace owhale::egress {

using Addresses = std::vector<boost::asio::ip::address>;

class Resolver {
public:
    virtual ~Resolver() = default;
    // /etc/hosts, then the DNS: IPv4 first. 5 s at most, 3 tries a server. Answers are kept for their TTL, 5 s to 5 min.
    // unreachable: no such name, no address, no answer. `name` as is_host_name has it.
    virtual boost::asio::awaitable<Result<Addresses>> find(std::string name) = 0;
    // The machine's servers are read again, what is kept is forgotten.
    virtual void reload() = 0;
    // `servers`: as the setting `dns` has them; "": those of /etc/resolv.conf, read again when it changes.
    static std::shared_ptr<Resolver> make(boost::asio::any_io_executor executor, std::string servers);
};

// "192.0.2.53 [2001:db8::53]:5353" as c-ares takes it; invalid_value.
Result<std::string> read_servers(const std::string& setting);
// The nameserver lines of a resolv.conf (resolv.conf(5)), at most three, in the same form.
std::string servers_of(const std::string& resolv_conf);

} // namespace owhale::egress
