#include "egress/tunnel.hpp"

#include <algorithm>

#include "egress/http/http.hpp"
#include "egress/relay.hpp"
#include "egress/spoken.hpp"

namespace owhale::egress {
namespace {

using boost::asio::awaitable;
namespace asio = boost::asio;
using Kind = Spoken::Kind;

// A server spoke first, so nobody listened to the client: TLS from the first byte on would have had a name to check.
class NoTls final : public Stream {
public:
    explicit NoTls(std::unique_ptr<Stream> inner) : inner_(std::move(inner)) {}
    awaitable<Result<std::size_t>> read(asio::mutable_buffer into) override {
        const auto got = co_await inner_->read(into);
        if (!got || *got == 0 || seen_) co_return got;
        seen_ = true;
        if (*static_cast<const unsigned char*>(into.data()) == 22)
            co_return fail(Code::host_denied, "TLS after a silence that its name was not read in");
        co_return got;
    }
    awaitable<Status> wait_readable() override { return inner_->wait_readable(); }
    awaitable<Status> write(asio::const_buffer from) override { return inner_->write(from); }
    awaitable<void> end_writing() override { return inner_->end_writing(); }
    void close() override { inner_->close(); }

private:
    std::unique_ptr<Stream> inner_;
    bool seen_ = false;
};

struct Tunnel {
    TunnelParts parts;
    Target target;
    std::optional<Permit> permit;   // once admitted
    std::unique_ptr<Stream> server; // once connected
    RunGate& gate() const { return *parts.gate; }
};

bool check_name(Tunnel& tunnel, const ClientHello& hello) {
    auto& gate = tunnel.gate();
    const auto& target = tunnel.target;
    if (hello.encrypted_name) {
        gate.refuse(target, "encrypted-name", "its TLS hides the name of the server (ECH)",
                    "turn Encrypted Client Hello off in the client");
        return false;
    }
    if (as_address(target.host)) return true; // judged as an address
    if (hello.name == target.host) return true;
    gate.refuse(target, "server-name",
                hello.name.empty() ? "its TLS names no server (SNI)"
                                   : "its TLS asks for " + hello.name + ", the connection is for " + target.host,
                "a client that sends the name of the host that it connects to");
    return false;
}

// An address that no rule names, with a name in its TLS that a rule does: the name counts when it leads to that very address.
awaitable<void> take_name(Tunnel& tunnel, const ClientHello& hello) {
    const auto address = as_address(tunnel.target.host);
    if (!address || hello.name.empty() || tunnel.permit) co_return;
    const auto port = tunnel.target.port;
    if (tunnel.gate().judges_address(*address, port) || !tunnel.gate().knows_name(hello.name, port)) co_return;
    auto name = hello.name;
    const auto found = co_await tunnel.gate().addresses(std::move(name));
    if (found && std::ranges::find(*found, *address) != found->end()) tunnel.target.host = hello.name;
}

awaitable<bool> admitted(Tunnel& tunnel) {
    if (tunnel.permit) co_return true;
    auto target = tunnel.target;
    auto permit = co_await tunnel.gate().admit(std::move(target));
    if (!permit) co_return false;
    tunnel.permit = *std::move(permit);
    co_return true;
}

awaitable<bool> connected(Tunnel& tunnel) {
    if (tunnel.server) co_return true;
    auto server = co_await tunnel.gate().dial(*tunnel.permit);
    if (!server) co_return false;
    tunnel.server = *std::move(server);
    co_return true;
}

// A client that waits for a handshake reads why there is none (RFC 8446 section 6.2).
awaitable<void> turn_away(Stream& client, bool tls) {
    constexpr std::string_view alert("\x15\x03\x03\x00\x02\x02\x31", 7); // fatal, access_denied
    if (tls) (void)co_await client.write(asio::buffer(alert));
    client.close();
}

awaitable<void> pass(Tunnel& tunnel, std::unique_ptr<Stream> client, bool tls) {
    const bool may = co_await admitted(tunnel);
    if (!may || !tunnel.gate().opaque(*tunnel.permit, tls)) co_return co_await turn_away(*client, tls);
    const bool is = co_await connected(tunnel);
    if (!is) co_return client->close();
    std::shared_ptr<Stream> run_side = std::move(client), far_side = std::move(tunnel.server);
    std::shared_ptr<Gate> gate = tunnel.parts.gate;
    auto permit = *tunnel.permit;
    co_await relay(std::move(run_side), std::move(far_side), std::move(gate), std::move(permit));
}

awaitable<void> read_requests(Tunnel& tunnel, std::unique_ptr<Stream> client, Front::Kind kind) {
    Front front{kind, tunnel.target.host, tunnel.target.port};
    std::shared_ptr<Gate> gate = tunnel.parts.gate;
    tunnel.server.reset();
    co_await serve_http(std::move(client), std::move(gate), std::move(front));
}

awaitable<void> inspect(Tunnel& tunnel, std::unique_ptr<Stream> client) {
    auto host = tunnel.target.host;
    auto inside = co_await tunnel.parts.ca->accept(std::move(client), std::move(host));
    if (!inside)
        co_return tunnel.gate().refuse(tunnel.target, "tls", inside.error().message,
                                       "a client that trusts the run's own CA (SSL_CERT_FILE)");
    auto stream = *std::move(inside);
    co_await read_requests(tunnel, std::move(stream), Front::Kind::inspected);
}

awaitable<void> go_on_tls(Tunnel& tunnel, Input& input, const ClientHello& hello) {
    co_await take_name(tunnel, hello);
    if (!check_name(tunnel, hello)) co_return co_await turn_away(input.stream(), true);
    auto client = input.take();
    const bool readable = tunnel.parts.ca && !as_address(tunnel.target.host);
    if (!readable) co_return co_await pass(tunnel, std::move(client), true);
    const bool may = co_await admitted(tunnel);
    if (!may) co_return co_await turn_away(*client, true);
    co_await inspect(tunnel, std::move(client));
}

awaitable<void> go_on_other(Tunnel& tunnel, Input& input, Kind kind) {
    if (tunnel.target.port == 443) {
        tunnel.gate().refuse(tunnel.target, "protocol", "it is not TLS that is spoken on port 443", "another port");
        co_return;
    }
    auto client = input.take();
    if (kind == Kind::silent) client = std::make_unique<NoTls>(std::move(client));
    co_await pass(tunnel, std::move(client), false);
}

// `how` of a redirected connection is known only now.
std::string_view how_of(Kind kind) {
    return kind == Kind::tls ? "tls" : kind == Kind::http ? "http" : "tcp";
}

awaitable<void> go_on(Tunnel& tunnel, std::unique_ptr<Stream> client) {
    Input input(tunnel.parts.executor, std::move(client), kFirstTime);
    const bool web = tunnel.target.port == 443 || tunnel.target.port == 80;
    const auto spoken = co_await listen_to(input, web ? std::chrono::milliseconds(0) : kSilence);
    if (!spoken) {
        if (spoken.error().code == Code::invalid_value)
            tunnel.gate().refuse(tunnel.target, "tls", spoken.error().message, "");
        co_return;
    }
    if (web && spoken->kind == Kind::silent) co_return;
    if (tunnel.target.how.empty()) tunnel.target.how = how_of(spoken->kind);
    if (spoken->kind == Kind::tls) co_return co_await go_on_tls(tunnel, input, spoken->hello);
    if (spoken->kind == Kind::http || tunnel.target.port == 80) {
        auto stream = input.take();
        co_return co_await read_requests(tunnel, std::move(stream), Front::Kind::origin);
    }
    co_await go_on_other(tunnel, input, spoken->kind);
}

// Before a client is told that it is connected: what need not be read first.
awaitable<Status> begin(Tunnel& tunnel) {
    auto target = tunnel.target;
    auto permit = co_await tunnel.gate().admit(std::move(target));
    if (!permit) co_return std::unexpected(permit.error());
    tunnel.permit = *std::move(permit);
    tunnel.target = tunnel.permit->target;
    if (tunnel.target.port == 80 || tunnel.parts.ca || tunnel.target.host.ends_with(kEndpointSuffix))
        co_return Status{};
    auto server = co_await tunnel.gate().dial(*tunnel.permit);
    if (!server) co_return std::unexpected(server.error());
    tunnel.server = *std::move(server);
    co_return Status{};
}

} // namespace

awaitable<void> serve_tunnel(TunnelParts parts, std::unique_ptr<Stream> client, Target target, Answer answer) {
    Tunnel tunnel{std::move(parts), std::move(target), {}, {}};
    const auto begun = co_await begin(tunnel);
    const bool there = co_await answer(client, begun ? nullptr : &begun.error());
    if (begun && there) co_await go_on(tunnel, std::move(client));
}

awaitable<void> serve_redirected(TunnelParts parts, std::unique_ptr<Stream> client, std::string host,
                                 std::uint16_t port) {
    Tunnel tunnel{std::move(parts), Target{std::move(host), port, "", {}, {}}, {}, {}};
    co_await go_on(tunnel, std::move(client));
}

} // namespace owhale::egress
