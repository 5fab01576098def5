// The API's messages about the network of runs: which hosts, which ports, what was tried. See shared/api.hpp for the
// conventions.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace owhale::api {

struct HostRule { // one line of an allowlist
    // "api.example.com"; "*.example.com" (any labels before it, not the name itself); "10.1.0.0/16", "[2001:db8::]/32",
    // "192.0.2.7"; "@npm": a named list. Lower case, A-labels (RFC 5890), no trailing dot.
    std::string host;
    std::optional<std::vector<std::uint16_t>> ports; // absent: 80 and 443; of an address or a range: must be given
    std::optional<std::vector<std::string>> methods,
        paths;                       // these need what can be seen: plain HTTP or the run's own CA
    std::optional<std::string> from; // whose word it is: "request", "profile build", "hosts", "policy RULE"
};
BOOST_DESCRIBE_STRUCT(HostRule, (), (host, ports, methods, paths, from))

struct Publish {                        // `-p [ADDRESS:]HOST:PORT`
    std::optional<std::string> address; // of the host; default 127.0.0.1
    std::uint16_t host = 0;             // 0: any free one
    std::uint16_t port = 0;             // in the run
};
BOOST_DESCRIBE_STRUCT(Publish, (), (address, host, port))

struct SecretUse { // `--secret NAME[=env]`
    std::string name;
    std::optional<std::string> as; // "placeholder" (default): the proxy puts the value in; "env": the run reads it
    std::optional<std::string> variable; // default: the secret's own
};
BOOST_DESCRIBE_STRUCT(SecretUse, (), (name, as, variable))

// What a run may reach beside its own cage: part of what is agreed to (api::Frozen), and of the receipt.
struct NetScope {
    std::vector<HostRule> hosts; // from the start; others are asked about, or refused
    bool asks = false;           // an unknown host is a question
    bool inspected = false;      // the run trusts a CA of its own: owhaled reads its TLS
    std::vector<Publish> ports;
    std::vector<std::uint16_t> host_ports; // of the host's loopback
    std::vector<SecretUse> secrets;
    std::vector<std::string> brokers; // "ssh-agent"
};
BOOST_DESCRIBE_STRUCT(NetScope, (), (hosts, asks, inspected, ports, host_ports, secrets, brokers))

struct NetTry {       // a host that a run tried, all its connections together
    std::string host; // as the run named it, "" when it named an address alone
    std::uint16_t port = 0;
    std::string how; // "http", "tls", "connect", "socks", "tcp", "dns", "udp", "host-port", "published", "ssh-agent"
    std::string verdict; // "allow", "deny", "asked"
    std::string rule;    // which line decided: "hosts api.example.com", "private-address", "unknown-host", …
    std::string reason;  // a sentence, of deny
    std::optional<std::string> address;              // that owhaled connected to
    std::uint64_t count = 0, up = 0, down = 0;       // connections or queries; bytes from and to the run
    std::uint64_t ms = 0;                            // longest connection
    std::string first;                               // when
    std::optional<std::vector<std::string>> secrets; // names of those put in
    std::optional<std::string> approval;
};
BOOST_DESCRIBE_STRUCT(NetTry, (),
                      (host, port, how, verdict, rule, reason, address, count, up, down, ms, first, secrets, approval))
struct NetReport {
    std::vector<NetTry> hosts; // in order of first try, at most 256
    std::uint64_t more = 0;    // that are not listed
    std::uint64_t up = 0, down = 0, connections = 0;
    std::vector<std::string> weaker; // sentences: pieces of the transparent network that this kernel lacks
    std::vector<Publish> ports;      // as published, with the ports that were chosen
};
BOOST_DESCRIBE_STRUCT(NetReport, (), (hosts, more, up, down, connections, weaker, ports))

struct HostEntry { // GET /v1/hosts: a standing line
    std::string id;
    HostRule rule;
    std::optional<std::string> profile;   // absent: of all
    std::optional<std::string> principal; // absent: of all
    std::string from;                     // "hosts allow", "approval ID", "profile NAME", "list NAME", "settings"
    std::string by, created;
    std::optional<std::string> expires, last_used;
};
BOOST_DESCRIBE_STRUCT(HostEntry, (), (id, rule, profile, principal, from, by, created, expires, last_used))
struct HostList {
    std::vector<HostEntry> hosts;
};
BOOST_DESCRIBE_STRUCT(HostList, (), (hosts))
struct HostAllowRequest { // POST /v1/hosts
    HostRule rule;
    std::optional<std::string> profile, principal;
    std::optional<std::uint64_t> for_ms;
};
BOOST_DESCRIBE_STRUCT(HostAllowRequest, (), (rule, profile, principal, for_ms))
struct HostCheckRequest { // POST /v1/hosts/check
    std::string url;      // "https://api.example.com/v1", "host:port"
    std::optional<std::string> profile, method;
};
BOOST_DESCRIBE_STRUCT(HostCheckRequest, (), (url, profile, method))
struct HostVerdict {
    std::string decision; // allow ask deny
    std::string reason, rule;
    std::optional<std::string> change;  // the command that would change it
    std::vector<std::string> addresses; // that the name has now
};
BOOST_DESCRIBE_STRUCT(HostVerdict, (), (decision, reason, rule, change, addresses))

struct PublishRequest { // POST /v1/boxes/{id}/publish: of the box's live run
    Publish port;
    std::optional<std::string> run; // which one; default: the newest
};
BOOST_DESCRIBE_STRUCT(PublishRequest, (), (port, run))

} // namespace owhale::api
