#include "client.hpp"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <fcntl.h>
#include <stdexcept>
#include <sys/socket.h>

namespace owhale::transport {
namespace {

using namespace std::chrono_literals;

} // namespace

Stage::Stage(Limits limits, std::vector<Route> more) : Stage(std::move(more), Setup{limits, {}, nullptr, {}, {}}) {}

Stage::Stage(std::vector<Route> more, const Setup& setup)
    : limit(setup.rates, [this] { return now_ns; }),
      server(std::make_unique<Server>(
          io.get_executor(), setup.limits, routes(std::move(more)),
          Server::Parts{identity, limit, setup.tls, setup.proxies, Hosts(setup.hosts),
                        [this](std::uint64_t number) { closed.push_back(number); },
                        [](std::uint64_t number) { return "run-" + std::to_string(number); }, &tickets})) {}

// health answers, runs.create echoes its body, status throws, runs.wait answers when released or when its client went.
std::vector<Route> Stage::routes(std::vector<Route> more) {
    const Handler health = [](Request&) -> asio::awaitable<Result<Response>> {
        co_return Response{200, "application/json", R"({"status":"ok"})", {}};
    };
    const Handler echo = [](Request& request) -> asio::awaitable<Result<Response>> {
        co_return Response{
            200, "text/plain", request.body, {{"Seen", request.who().name}, {"Proof", request.proof.text()}}};
    };
    const Handler thrower = [](Request&) -> asio::awaitable<Result<Response>> {
        throw std::runtime_error("secret detail");
        co_return Response{};
    };
    const Handler wait = [this](Request& request) -> asio::awaitable<Result<Response>> {
        auto gone = std::make_shared<bool>(false);
        request.connection->on_close.push_back([gone] { *gone = true; });
        ++waits_begun;
        asio::steady_timer tick(io);
        while (!release_waits && !*gone) {
            tick.expires_after(1ms);
            co_await tick.async_wait(asio::use_awaitable);
        }
        waits_cut += *gone ? 1 : 0;
        co_return Response{200, "text/plain", "waited", {}};
    };
    std::vector<Route> all = {
        {"health", health, {}}, {"runs.create", echo, {}}, {"status", thrower, {}}, {"runs.wait", wait, {}}};
    for (auto& route : more) all.push_back(std::move(route));
    return all;
}

Client Stage::accept(wire::Accepted accepted) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) throw std::runtime_error("socketpair");
    accepted.connection = ++last_;
    server->serve(accepted, Fd(pair[0]));
    return Client(*this, Fd(pair[1]));
}

Client Stage::connect(std::uint32_t uid) {
    wire::Accepted accepted{};
    accepted.kind = wire::PeerKind::local;
    accepted.uid = accepted.gid = uid;
    return accept(accepted);
}

Client Stage::connect_run(std::uint64_t run, std::uint32_t uid) {
    wire::Accepted accepted{};
    accepted.kind = wire::PeerKind::local;
    accepted.uid = accepted.gid = uid;
    accepted.run = run;
    return accept(accepted);
}

Client Stage::connect_tcp(std::string_view address, std::uint32_t uid) {
    wire::Accepted accepted{};
    accepted.kind = wire::PeerKind::tcp;
    accepted.uid = uid;
    accepted.gid = ~0u;
    const auto bytes = config::parse_address(address).value();
    std::copy(bytes.begin(), bytes.end(), accepted.address);
    accepted.on_this_machine = config::is_loopback(bytes) ? 1 : 0;
    return accept(accepted);
}

bool Stage::until(const std::function<bool()>& done) {
    for (int i = 0; i < 5000 && !done(); ++i) {
        io.restart();
        io.run_for(1ms);
    }
    return done();
}

void Stage::settle() {
    for (std::size_t ran = 1, turns = 0; ran > 0 && turns < 20; ++turns) {
        io.restart();
        ran = io.run_for(2ms);
    }
}

void Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno != EAGAIN)
            return; // the server closed: the test sees what it said
        else
            stage_.settle();
    }
}

bool Client::pull() {
    std::array<char, 65536> chunk{};
    const auto got = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got > 0) received_.append(chunk.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN)) ended_ = true;
    return got > 0;
}

std::string Client::receive(const std::function<bool(const std::string&)>& enough) {
    stage_.until([&] {
        pull();
        return ended_ || enough(received_);
    });
    return received_;
}

std::string Client::response() {
    std::size_t size = 0;
    receive([&](const std::string& text) {
        const auto end = text.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        const auto at = text.find("Content-Length: ");
        size = end + 4 + (at < end ? std::stoul(text.substr(at + 16)) : 0);
        return text.size() >= size;
    });
    size = std::min(size == 0 ? received_.size() : size, received_.size());
    const auto one = received_.substr(0, size);
    received_.erase(0, size);
    return one;
}

bool Client::at_end() {
    return stage_.until([&] {
        pull();
        return ended_ && received_.empty();
    });
}

} // namespace owhale::transport
