// By which names a client may call this owhaled: what stands against DNS rebinding.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.hpp"

namespace owhale::transport {

// A page that a browser loaded from evil.example may later resolve that name to this machine. Its requests then still
// say Host: evil.example. So only names that belong to this machine whatever a resolver says are answered: localhost
// and loopback addresses; on the Unix socket also `owhaled`; over TCP the address that the client connected to and
// the names that settings and certificate give.
class Hosts {
public:
    // `names` as parse_hosts gives them, and DNS names and addresses of the certificate.
    explicit Hosts(const std::vector<std::string>& names = {});
    // `own`: the address of this end of a TCP connection; none on a Unix socket. The authority may have a port.
    bool answers_for(std::string_view authority, const std::optional<config::Address>& own) const;

private:
    std::vector<std::string> names_; // addresses in the one spelling of config::to_text
};

} // namespace owhale::transport
