// The network of runs, on the broker's io thread: what implements sandbox::Network. Each run has a RunNet (run_net.hpp) with
// its own gate, names and fronts; they share the resolver.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "config/endpoint.hpp"
#include "config/settings.hpp"
#include "egress/asking.hpp"
#include "egress/side.hpp"
#include "sandbox/network.hpp"

namespace owhale::audit {
class Log;
}

namespace owhale::egress {

namespace ssh {
class KnownHosts;
}
class Resolver;
class RunNet;
struct Crowd;

// What the spawner makes for runs: by sandbox::SpawnerChannel, whose folder egress does not know.
struct Spawned {
    // Unconnected sockets of the run's network namespace.
    std::function<boost::asio::awaitable<Result<std::vector<Fd>>>(std::uint64_t run, std::uint32_t count, int family)>
        inner_sockets;
    struct Port {
        Fd listener;
        std::uint16_t port = 0; // as the kernel chose it
    };
    // A listener of the host, for a published port. port_in_use, forbidden, not_found.
    std::function<boost::asio::awaitable<Result<Port>>(std::uint64_t run, config::Endpoint at)> open_port;
};

struct Parts {
    boost::asio::any_io_executor executor;
    const config::Settings& settings;
    Asking* asking = nullptr;          // null: an unknown host is refused
    audit::Log* audit = nullptr;       // of signatures; null in tests
    std::vector<config::Endpoint> own; // where owhaled itself listens: no run gets there, whatever a rule says
    Spawned spawned;
    std::shared_ptr<ssh::KnownHosts> ssh_hosts = nullptr; // null: what people agree to holds for the run
};

class Egress final : public sandbox::Network {
public:
    explicit Egress(Parts parts);
    ~Egress() override;

    // What owhaled reads for it from the machine, to be called before the broker is confined.
    static void load();
    // Files that the confined broker still has to read for it: resolv.conf, hosts, the CAs.
    static std::vector<std::string> readable();

    Result<sandbox::CageNet> prepare(std::shared_ptr<const sandbox::NetRun> run) override;
    void open(std::uint64_t run, const wire::RunNetwork& facts, std::vector<Fd> pieces,
              std::vector<std::pair<wire::RunHostPort, std::vector<Fd>>> ports) override;
    boost::asio::awaitable<Result<api::Publish>> publish(std::uint64_t run, api::Publish port) override;
    api::NetReport report(std::uint64_t run) const override;
    api::NetReport close(std::uint64_t run) override;

    // The addresses that a name has now (`hosts check`): unreachable, host_denied when there is none.
    boost::asio::awaitable<Result<std::vector<std::string>>> addresses(std::string name);
    // The machine's resolvers are read again.
    void reload();

private:
    std::shared_ptr<RunNet> find(std::uint64_t run) const;

    Parts parts_;
    std::shared_ptr<Resolver> resolver_;
    std::shared_ptr<Crowd> crowd_;
    std::map<std::uint64_t, std::shared_ptr<RunNet>> runs_;
};

} // namespace owhale::egress
