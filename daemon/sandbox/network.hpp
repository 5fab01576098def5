// The network of a run that has one of its own: all that this folder knows of it. daemon/egress implements it,
// daemon/broker.cpp brings the two together. On the io thread.
//
//   prepare() -> environment and files of the cage -> the spawner starts it -> open() with its listeners -> close(), report
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"
#include "shared/api_network.hpp"
#include "shared/error.hpp"
#include "vault/run_secret.hpp"

namespace owhale::sandbox {

// api::HostRule.from of a host that the command of a run names which people agreed to: what its connection would ask is
// answered with the command, for that run alone. Such a line can do no more than an answer to that question.
constexpr std::string_view kFromCommand = "command";

struct NetRun {               // what is decided about it before it starts; does not change
    std::uint64_t number = 0; // the spawner's
    std::string id, principal;
    std::string payer;     // whose quota of questions its asking takes
    std::uint32_t uid = 0; // of the requester's connection; -1 over TCP
    std::string profile, workspace;
    std::vector<std::string> command; // as people may see it
    api::NetScope scope;
    std::vector<vault::RunSecret> secrets; // those that it uses by placeholder
    std::vector<std::string> ssh_keys;     // "SHA256:…" that the profile names; empty: all of the agent's
    std::shared_ptr<Fd> ssh_agent;         // connected to the requester's own agent; null: none
    std::uint64_t most_bytes = 0;          // 0 no limit
    std::uint64_t most_connections = 0, most_at_once = 0;
};

struct CageNet {                                    // what its cage is given
    std::map<std::string, std::string> environment; // proxies, CA, endpoints; what the request names itself stays
    std::vector<std::pair<std::string, std::string>> files; // path in the cage, content: resolv.conf, the CA's bundle
};

class Network {
public:
    virtual ~Network() = default;

    // A line for the run's stderr and its record: what was refused and what would allow it. Set by who owns runs.
    std::function<void(std::uint64_t run, std::string line)> on_line;

    // Errors: unsupported (egress is off), internal.
    virtual Result<CageNet> prepare(std::shared_ptr<const NetRun> run) = 0;
    // It starts: these are its listeners, by wire::Piece; `ports` those of the host's loopback.
    virtual void open(std::uint64_t run, const wire::RunNetwork& facts, std::vector<Fd> pieces,
                      std::vector<std::pair<wire::RunHostPort, std::vector<Fd>>> ports) = 0;
    // Published ports, once it runs; also later, by `box publish`. Answers with the port that was chosen. port_in_use,
    // forbidden, not_found.
    virtual boost::asio::awaitable<Result<api::Publish>> publish(std::uint64_t run, api::Publish port) = 0;
    virtual api::NetReport report(std::uint64_t run) const = 0;
    // It has ended, or never started: every connection is cut. What it was.
    virtual api::NetReport close(std::uint64_t run) = 0;
};

} // namespace owhale::sandbox
