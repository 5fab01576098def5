#include "egress/ports/ports.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>

#include "egress/ports/connecting.hpp"
#include "egress/ports/inner_sockets.hpp"
#include "egress/ports/listener.hpp"
#include "egress/relay.hpp"
#include "egress/socket_stream.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;

constexpr const char* kLoopback = "127.0.0.1";

// "127.0.0.1:8080:80"; its address is one.
std::string words_of(const api::Publish& port) {
    const bool v6 = port.address->find(':') != std::string::npos;
    return (v6 ? "[" + *port.address + "]" : *port.address) + ":" + std::to_string(port.host) + ":" +
           std::to_string(port.port);
}

// The port with its address written in the one form for it.
Result<api::Publish> plain(api::Publish port) {
    port.address = config::to_text(TRY(config::parse_address(port.address.value_or(kLoopback))));
    return port;
}

tcp::endpoint loopback(bool v6, std::uint16_t port) {
    if (v6) return {asio::ip::address_v6::loopback(), port};
    return {asio::ip::address_v4::loopback(), port};
}

class RunPorts final : public Ports, public std::enable_shared_from_this<RunPorts> {
public:
    explicit RunPorts(PortsParts parts)
        : parts_(std::move(parts)), inner_(parts_.gate->run().number, parts_.spawned.inner_sockets) {}
    awaitable<Result<api::Publish>> publish(api::Publish port) override;
    void reach(const wire::RunHostPort& port, std::vector<Fd> listeners) override;
    std::vector<api::Publish> published() const override { return published_; }
    void stop() override;

private:
    using Serve = awaitable<void> (RunPorts::*)(std::shared_ptr<RunPorts>, api::Publish, Fd);
    Status listen(Fd listener, const api::Publish& port, Serve serve);
    Status check(const api::Publish& port) const;
    awaitable<void> serve_published(std::shared_ptr<RunPorts> self, api::Publish port, Fd outside);
    awaitable<void> serve_host(std::shared_ptr<RunPorts> self, api::Publish port, Fd inside);
    awaitable<Result<Fd>> dial_inside(std::uint16_t port);
    awaitable<Result<Fd>> dial_host(std::uint16_t port);
    awaitable<void> join(Fd inside, Fd outside, Target target, std::string rule);

    PortsParts parts_;
    InnerSockets inner_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    std::vector<api::Publish> published_;
    std::size_t opening_ = 0; // that wait for the spawner
    bool stopped_ = false;
};

Status RunPorts::check(const api::Publish& port) const {
    if (port.port == 0)
        return fail(Code::invalid_value, "port 0 of a run cannot be published", "name the port that it listens on");
    if (published_.size() + opening_ >= kMaxPublished)
        return fail(Code::busy, "the run has published 16 ports already", "start another run for more");
    const auto same = [&](const api::Publish& old) { return port.host != 0 && words_of(old) == words_of(port); };
    if (std::any_of(published_.begin(), published_.end(), same))
        return fail(Code::conflict, words_of(port) + " is published already",
                    "`owhalectl runs show RUN` lists its ports");
    return {};
}

awaitable<Result<api::Publish>> RunPorts::publish(api::Publish asked) {
    const auto self = shared_from_this();
    auto port = plain(std::move(asked));
    if (!port) co_return port;
    CO_CHECK(check(*port));
    if (!parts_.spawned.open_port) co_return fail(Code::unsupported, "this owhaled publishes no ports");
    const config::Endpoint at{config::parse_address(*port->address).value(), port->host};
    ++opening_;
    auto opened = co_await parts_.spawned.open_port(parts_.gate->run().number, at);
    --opening_;
    if (!opened) co_return std::unexpected(opened.error());
    if (stopped_) co_return fail(Code::not_found, "the run has ended");
    port->host = opened->port;
    CO_CHECK(listen(std::move(opened->listener), *port, &RunPorts::serve_published));
    published_.push_back(*port);
    co_return port;
}

void RunPorts::reach(const wire::RunHostPort& port, std::vector<Fd> listeners) {
    const api::Publish same{std::string(kLoopback), port.port, port.port};
    if (const auto may = check_host_port(port.port, parts_.own); !may) {
        const Target target{kLoopback, port.port, "host-port", {}, {}};
        parts_.gate->refuse(target, "own-port", may.error().message, may.error().next);
        return; // nobody listens any more: whoever connects is refused
    }
    for (auto& listener : listeners) {
        const auto listening = listen(std::move(listener), same, &RunPorts::serve_host);
        if (!listening) return;
    }
}

Status RunPorts::listen(Fd listener, const api::Publish& port, Serve serve) {
    const auto weak = weak_from_this();
    auto opened = Listener::open(parts_.io, std::move(listener), kMaxOfPort, [weak, port, serve](Fd connection) {
        const auto self = weak.lock();
        return self ? ((*self).*serve)(self, port, std::move(connection))
                    : [](Fd) -> awaitable<void> { co_return; }(Fd());
    });
    if (!opened) return std::unexpected(opened.error());
    listeners_.push_back(*std::move(opened));
    return {};
}

awaitable<Result<Fd>> RunPorts::dial_inside(std::uint16_t port) {
    Result<Fd> out = fail(Code::unreachable, "nothing answers in the run");
    for (const bool v6 : {false, true}) {
        auto socket = co_await inner_.take(v6 ? AF_INET6 : AF_INET);
        if (!socket) co_return std::unexpected(socket.error());
        const auto to = loopback(v6, port);
        out = co_await connected(parts_.io, *std::move(socket), to);
        if (out) break;
    }
    co_return std::move(out);
}

awaitable<Result<Fd>> RunPorts::dial_host(std::uint16_t port) {
    Result<Fd> out = fail(Code::unreachable, "nothing answers on the host");
    for (const bool v6 : {false, true}) {
        auto socket = host_socket(v6);
        if (!socket) co_return std::unexpected(socket.error());
        const auto to = loopback(v6, port);
        out = co_await connected(parts_.io, *std::move(socket), to);
        if (out) break;
    }
    co_return std::move(out);
}

awaitable<void> RunPorts::serve_published(std::shared_ptr<RunPorts> self, api::Publish port, Fd outside) {
    auto inside = co_await self->dial_inside(port.port);
    if (!inside) co_return; // whoever connected reads an end
    Target target{*port.address, port.host, "published", {}, {}};
    std::string rule = "publish " + words_of(port);
    co_await join(*std::move(inside), std::move(outside), std::move(target), std::move(rule));
}

awaitable<void> RunPorts::serve_host(std::shared_ptr<RunPorts> self, api::Publish port, Fd inside) {
    auto outside = co_await self->dial_host(port.host);
    if (!outside) co_return;
    Target target{kLoopback, port.host, "host-port", {}, {}};
    std::string rule = "host-port " + std::to_string(port.host);
    co_await join(std::move(inside), *std::move(outside), std::move(target), std::move(rule));
}

awaitable<void> RunPorts::join(Fd inside, Fd outside, Target target, std::string rule) {
    if (stopped_) co_return;
    auto client = stream_over(parts_.io, std::move(inside), parts_.open);
    auto server = stream_over(parts_.io, std::move(outside), parts_.open);
    if (!client || !server) co_return;
    const std::shared_ptr<Stream> one = *std::move(client), other = *std::move(server);
    const auto permit = parts_.gate->note(std::move(target), std::move(rule));
    co_await relay(one, other, parts_.gate, permit);
}

void RunPorts::stop() {
    stopped_ = true;
    for (const auto& listener : listeners_) listener->close();
    listeners_.clear();
    inner_.clear();
    if (parts_.open) parts_.open->close_all();
}

} // namespace

std::shared_ptr<Ports> Ports::make(PortsParts parts) {
    return std::make_shared<RunPorts>(std::move(parts));
}

Status check_host_port(std::uint16_t port, const std::vector<config::Endpoint>& own) {
    if (port == 0) return fail(Code::invalid_value, "port 0 is none", "name a port from 1 to 65535");
    const auto is_own = [port](const config::Endpoint& endpoint) { return endpoint.port == port; };
    if (port == kUsualPort || std::any_of(own.begin(), own.end(), is_own))
        return fail(Code::host_denied, "port " + std::to_string(port) + " is owhaled's own, which no run reaches",
                    "a run with the profile agent speaks to owhaled by its own socket");
    return {};
}

} // namespace owhale::egress
