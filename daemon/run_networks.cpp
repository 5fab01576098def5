#include "run_networks.hpp"

#include "egress/ssh/known_hosts.hpp"

namespace owhale {
namespace {

using boost::asio::awaitable;

// Where the API listens, which no run may reach as if it were a client of this machine.
std::vector<config::Endpoint> own_endpoints(const config::Settings& settings, const wire::Ready& ready) {
    if (ready.tcp_port == 0) return {};
    const auto endpoint = config::parse_endpoint(settings.tcp);
    const bool there = endpoint && *endpoint;
    return {{there ? (*endpoint)->address : config::Address{}, static_cast<std::uint16_t>(ready.tcp_port)}};
}

egress::Spawned spawned_by(sandbox::SpawnerChannel& spawner) {
    egress::Spawned made;
    made.inner_sockets = [&spawner](std::uint64_t run, std::uint32_t count, int family) {
        return spawner.inner_sockets(run, family, count);
    };
    made.open_port = [&spawner](std::uint64_t run, config::Endpoint at) -> awaitable<Result<egress::Spawned::Port>> {
        auto opened = co_await spawner.open_port(run, at.address, at.port);
        if (!opened) co_return std::unexpected(opened.error());
        co_return egress::Spawned::Port{std::move(opened->listener), opened->port};
    };
    return made;
}

} // namespace

std::unique_ptr<egress::Egress> make_egress(boost::asio::any_io_executor executor, const config::Settings& settings,
                                            sandbox::SpawnerChannel& spawner, const wire::Ready& ready,
                                            audit::Log& audit, egress::Asking* asking, store::Database& database) {
    egress::Parts parts{std::move(executor),
                        settings,
                        asking,
                        &audit,
                        own_endpoints(settings, ready),
                        spawned_by(spawner),
                        egress::ssh::known_hosts(database)};
    return std::make_unique<egress::Egress>(std::move(parts));
}

} // namespace owhale
