#include "egress/run_net.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "audit/log.hpp"
#include "base/log.hpp"
#include "egress/original.hpp"
#include "egress/proxy_front.hpp"
#include "egress/socket_stream.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr int kAtOnce = 64; // accepted, or datagrams read, before others have their turn

// What is refused stays refused whatever the log says.
awaitable<void> write(audit::Log& log, audit::Event refusal) {
    const auto noted = co_await log.append(std::move(refusal));
    if (!noted) log::error(to_line(noted.error()));
}

std::function<void(const Target&, const std::string&, const std::string&)> refusals_of(const RunNet::Given& given) {
    if (given.parts.audit == nullptr) return {};
    return [&log = *given.parts.audit, executor = given.parts.executor,
            run = given.run](const Target& target, const std::string& rule, const std::string& reason) {
        audit::Event event{"host.refused", run->principal, "", "denied", run->id, {}};
        event.data = {{"host", target.host.substr(0, 253)},
                      {"port", target.port},
                      {"how", target.how},
                      {"rule", rule},
                      {"reason", bounded_reason(reason)}};
        asio::co_spawn(executor, write(log, std::move(event)), asio::detached);
    };
}

GateParts gate_parts(const RunNet::Given& given) {
    return {given.parts.executor, given.run,     given.resolver,    given.parts.asking,
            given.parts.own,      given.on_line, refusals_of(given)};
}

} // namespace

RunNet::RunNet(Given given)
    : given_(std::move(given)), gate_(std::make_shared<RunGate>(gate_parts(given_))),
      ports_(Ports::make({given_.parts.executor, gate_, gate_->open(), given_.parts.spawned, given_.parts.own})) {}

Result<std::unique_ptr<Stream>> RunNet::stream_of(Fd client) const {
    const int on = 1; // of a Unix socket it fails, and is not needed
    (void)::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return stream_over(given_.parts.executor, std::move(client), gate_->open());
}

void RunNet::watch(Fd socket, Watching::Readable readable) {
    auto watching = Watching::start(given_.parts.executor, std::move(socket), std::move(readable));
    if (watching)
        watched_.push_back(std::move(watching));
    else
        log::error("a socket of a run's network cannot be watched", {{"run", given_.run->id}});
}

bool RunNet::has_room() {
    const auto most = given_.run->most_at_once;
    if ((most == 0 || clients_ < most) && given_.crowd->now < given_.crowd->most) return true;
    gate_->refuse({"", 0, "tcp", {}, {}}, "net-connections-at-once", "too many connections are open at once",
                  "fewer at once, or a higher setting net-connections-at-once");
    return false;
}

bool RunNet::accept_some(int listener, const Serve& serve) {
    for (int i = 0; i < kAtOnce; ++i) {
        Fd client(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!client) return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
        if (has_room()) spawn(serve(std::move(client)));
    }
    return true;
}

void RunNet::listen(Fd listener, Serve serve) {
    watch(std::move(listener), [weak = weak_from_this(), serve = std::move(serve)](int socket) {
        const auto self = weak.lock();
        return !self || self->accept_some(socket, serve);
    });
}

void RunNet::spawn(awaitable<void> work) {
    ++clients_;
    ++given_.crowd->now;
    asio::co_spawn(given_.parts.executor, std::move(work), [self = shared_from_this()](std::exception_ptr thrown) {
        --self->clients_;
        --self->given_.crowd->now;
        if (!thrown) return;
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            log::error("a connection of a run ends by a defect",
                       {{"run", self->given_.run->id}, {"what", error.what()}});
        }
    });
}

awaitable<void> RunNet::serve_proxy_client(Fd client) {
    auto stream = stream_of(std::move(client));
    if (!stream) co_return;
    auto owned = *std::move(stream);
    auto parts = tunnel_parts();
    co_await serve_proxy(std::move(parts), std::move(owned));
}

awaitable<void> RunNet::serve_dns_client(Fd client) {
    auto stream = stream_of(std::move(client));
    if (!stream) co_return;
    auto owned = *std::move(stream);
    auto front = dns_;
    co_await serve_dns_tcp(given_.parts.executor, std::move(front), std::move(owned));
}

awaitable<void> RunNet::serve_redirected_client(Fd client, bool by_tproxy) {
    const auto target = original_of(client.get(), by_tproxy);
    auto stream = stream_of(std::move(client));
    if (!target || !stream) co_return; // nobody meant to go anywhere else
    auto host = target->address().to_string();
    if (NamesGiven::is_given(target->address())) {
        const auto* name = gate_->names().name_of(target->address());
        if (name == nullptr)
            co_return gate_->refuse({host, target->port(), "tcp", {}, {}}, "unknown-address",
                                    "it stands for no name: this run's DNS did not give it",
                                    "look the name up inside the run");
        host = *name;
    }
    auto owned = *std::move(stream);
    auto parts = tunnel_parts();
    co_await serve_redirected(std::move(parts), std::move(owned), std::move(host), target->port());
}

void RunNet::note_udp(const asio::ip::address& address, std::uint16_t port) {
    const auto* name = gate_->names().name_of(address);
    const bool quic = port == 443;
    gate_->refuse({name == nullptr ? address.to_string() : *name, port, "udp", {}, {}}, quic ? "quic" : "udp",
                  quic ? "HTTP/3 is not carried" : "UDP is not carried", quic ? "clients go on over TCP" : "TCP");
}

bool RunNet::read_udp(int socket) {
    for (int i = 0; i < kAtOnce; ++i) {
        char byte = 0;
        alignas(cmsghdr) char control[256];
        iovec part{&byte, 1};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        if (::recvmsg(socket, &message, MSG_DONTWAIT | MSG_TRUNC) < 0) return true;
        if (const auto target = original_of(message)) note_udp(target->address(), target->port());
    }
    return true;
}

awaitable<Result<api::Publish>> RunNet::publish(api::Publish port) {
    const auto self = shared_from_this();
    if (closed_) co_return fail(Code::not_found, "the run has ended");
    auto copy = std::move(port);
    co_return co_await ports_->publish(std::move(copy));
}

api::NetReport RunNet::report() const {
    auto whole = gate_->report().whole();
    whole.weaker = weaker_;
    whole.ports = ports_->published();
    return whole;
}

void RunNet::close() {
    if (std::exchange(closed_, true)) return;
    for (const auto& watching : watched_) watching->close();
    watched_.clear();
    ports_->stop();
    for (const auto& side : sides_) side->stop();
    gate_->open()->close_all();
    if (given_.parts.asking != nullptr) given_.parts.asking->forget(given_.run->id);
}

} // namespace owhale::egress
