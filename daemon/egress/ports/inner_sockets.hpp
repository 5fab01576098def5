// Sockets of a run's network namespace, asked of the spawner by the handful: a connection to a published port takes one.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "egress/egress.hpp"

namespace owhale::egress {

class InnerSockets {
public:
    using Make = decltype(Spawned::inner_sockets);
    InnerSockets(std::uint64_t run, Make make) : run_(run), make_(std::move(make)) {}
    // AF_INET or AF_INET6. not_found: the run has ended.
    boost::asio::awaitable<Result<Fd>> take(int family);
    void clear() { kept_.clear(); }

private:
    std::uint64_t run_;
    Make make_;
    std::map<int, std::vector<Fd>> kept_; // by family
};

} // namespace owhale::egress
