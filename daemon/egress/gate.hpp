// "May this run connect there?": what every front (proxy, SOCKS, transparent, DNS, HTTP, ssh) asks before it connects, and
// the one place from which connections are made, to the address that was resolved here and checked.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "egress/stream.hpp"
#include "sandbox/network.hpp"
#include "shared/error.hpp"

namespace owhale::egress {

struct Target {
    std::string host; // a name: lower case, A-labels, no trailing dot; or an address, IPv6 without brackets
    std::uint16_t port = 0;
    std::string how;                         // as api::NetTry.how
    std::optional<std::string> method, path; // of plain or inspected HTTP: judged, too
};

struct Permit { // one connection, or one request of one
    Target target;
    std::string rule;    // as api::NetTry.rule
    std::size_t row = 0; // of the run's report, for count()
};

class Gate { // of one run
public:
    virtual ~Gate() = default;
    virtual const sandbox::NetRun& run() const = 0;
    // Allow, or the refusal (host_denied, rate_limited, busy) with what would allow it; noted in the report, and of a refusal
    // a line on the run's stderr, once a host. An unknown host is asked about where the scope asks: this waits for the answer.
    virtual boost::asio::awaitable<Result<Permit>> admit(Target target) = 0;
    // Resolves the permit's host, refuses addresses that no rule names (loopback, private, link-local, metadata, multicast,
    // owhaled's own), connects to what was checked: address by address, 10 s in all. host_denied, unreachable.
    virtual boost::asio::awaitable<Result<std::unique_ptr<Stream>>> dial(const Permit& permit) = 0;
    // The same, TLS 1.2 or 1.3 over it with the system's CAs, the name verified, ALPN http/1.1.
    virtual boost::asio::awaitable<Result<std::unique_ptr<Stream>>> dial_tls(const Permit& permit) = 0;
    // A connection that something else has judged (a published port, a signature): noted as allowed by `rule`.
    virtual Permit note(Target target, std::string rule) { return {std::move(target), std::move(rule), 0}; }
    // Bytes moved; false when the run's budget is used up: the connection is to be cut.
    virtual bool count(const Permit& permit, std::uint64_t up, std::uint64_t down) = 0;
    virtual void note_secret(const Permit& permit, const std::string& name) = 0;
    // A refusal by what carries it (a TLS alert, an HTTP answer): noted as deny, with a line.
    virtual void refuse(const Target& target, std::string rule, std::string reason, std::string next) = 0;
    // What went through and has a catch: noted in the report, and a line that does not call it refused.
    virtual void warn(const Target& target, std::string rule, std::string reason, std::string next) {
        refuse(target, std::move(rule), std::move(reason), std::move(next));
    }
};

} // namespace owhale::egress
