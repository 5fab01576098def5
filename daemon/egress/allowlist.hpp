// Which rule of a run's allowlist lets it reach a host. Pure: rules and a target in, a match out.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.hpp"
#include "egress/address_kind.hpp"
#include "egress/url_path.hpp"
#include "shared/api_network.hpp"

namespace owhale::egress {

struct Wanted {
    std::string_view host; // as gate.hpp's Target: a name or an address in the one spelling
    std::uint16_t port = 0;
    std::optional<std::string_view> method, path; // path normalised (url_path.hpp)
    bool read_later = false; // no method yet, but each request will be judged: rules of methods and paths match as well
};

struct Match {
    bool allowed = false;
    std::string rule;        // "FROM HOST", e.g. "request api.example.com", as api::NetTry.rule
    bool port_named = false; // the rule lists its ports: any protocol may be spoken there, not HTTP and TLS alone
    bool hidden = false;     // not allowed, but a rule of methods or paths would if the requests could be read
    bool port_only = false;  // not allowed, but another port of this host is
};

class Allowlist {
public:
    // Each as sandbox::checked() gives it; another is skipped (fails closed), a list's name too.
    explicit Allowlist(std::vector<api::HostRule> rules);
    Match find(const Wanted& wanted) const;
    // Some rule is about this name, whatever the port: its addresses are no secret to the run.
    bool knows(std::string_view host) const;
    // A rule of addresses (not of names) covers it, with this port.
    std::optional<std::string> names_address(const boost::asio::ip::address& address, std::uint16_t port) const;
    const std::vector<api::HostRule>& rules() const { return rules_; }

private:
    std::vector<api::HostRule> rules_;
};

} // namespace owhale::egress
