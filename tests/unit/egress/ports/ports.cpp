// Published ports and ports of the host over real sockets of loopback; the spawner's part is played.
#include "egress/ports/ports.hpp"

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <cstring>
#include <future>
#include <sys/socket.h>
#include <thread>

#include "../fake_gate.hpp"
#include "checks.hpp"

using namespace owhale;
using namespace owhale::egress;

namespace {

namespace asio = boost::asio;
using asio::awaitable;

struct Place { // an address of loopback
    sockaddr_storage bytes{};
    socklen_t size = 0;
    std::uint16_t port() const { return ntohs(reinterpret_cast<const sockaddr_in&>(bytes).sin_port); }
};

Place loopback(bool v6, std::uint16_t port) {
    Place out;
    if (v6) {
        auto& to = reinterpret_cast<sockaddr_in6&>(out.bytes);
        to.sin6_family = AF_INET6;
        to.sin6_addr = in6addr_loopback;
        to.sin6_port = htons(port);
        out.size = sizeof to;
    } else {
        auto& to = reinterpret_cast<sockaddr_in&>(out.bytes);
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        out.size = sizeof to;
    }
    return out;
}

Fd tcp(int family, int flags = 0) {
    return Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

Fd listen_at(std::uint16_t port, bool v6 = false) {
    const auto at = loopback(v6, port);
    auto out = tcp(v6 ? AF_INET6 : AF_INET);
    if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&at.bytes), at.size) != 0) return Fd();
    ::listen(out.get(), 1024);
    return out;
}

std::uint16_t port_of(const Fd& socket) {
    Place at;
    at.size = sizeof at.bytes;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at.bytes), &at.size);
    return at.port();
}

Fd connect_to(std::uint16_t port) {
    const auto at = loopback(false, port);
    auto out = tcp(AF_INET);
    const timeval patience{10, 0};
    ::setsockopt(out.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&at.bytes), at.size) != 0) return Fd();
    return out;
}

std::string read_all(const Fd& from) {
    std::string out;
    char part[4096];
    for (ssize_t n = 0; (n = ::recv(from.get(), part, sizeof part, 0)) > 0;)
        out.append(part, static_cast<std::size_t>(n));
    return out;
}

// Says back what it heard, once it heard the end.
class Echo {
public:
    explicit Echo(bool v6 = false)
        : listener_(listen_at(0, v6)), port_(port_of(listener_)), thread_([this] { serve(); }) {}
    ~Echo() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    std::uint16_t port() const { return port_; }

private:
    void serve() {
        for (;;) {
            const Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!client) return;
            const auto said = read_all(client);
            (void)!::send(client.get(), said.data(), said.size(), MSG_NOSIGNAL);
        }
    }
    Fd listener_;
    std::uint16_t port_;
    std::thread thread_;
};

struct Stage {
    Stage() {
        gate->run_.number = 7;
        Spawned spawned;
        spawned.inner_sockets = [this](std::uint64_t run, std::uint32_t count, int family) {
            return inner(run, count, family);
        };
        spawned.open_port = [](std::uint64_t, config::Endpoint at) { return open(at); };
        ports = Ports::make(
            {io.get_executor(), gate, std::make_shared<OpenStreams>(), spawned, {config::Endpoint{{}, 4242}}});
        thread = std::thread([this] { io.run(); });
    }
    ~Stage() {
        stop();
        asio::post(io, [this] {
            ports.reset();
            work.reset();
        });
        thread.join();
    }
    void stop() {
        std::promise<void> done;
        asio::post(io, [&] {
            ports->stop();
            done.set_value();
        });
        done.get_future().get();
    }
    awaitable<Result<std::vector<Fd>>> inner(std::uint64_t run, std::uint32_t count, int family) {
        ++batches;
        if (run != 7) co_return fail(Code::not_found, "no such run");
        std::vector<Fd> out;
        for (std::uint32_t i = 0; i < count; ++i) out.push_back(tcp(family, SOCK_NONBLOCK));
        co_return out;
    }
    static awaitable<Result<Spawned::Port>> open(config::Endpoint at) {
        auto listener = listen_at(at.port);
        if (!listener) co_return fail(Code::port_in_use, "it is in use");
        const auto port = port_of(listener);
        co_return Spawned::Port{std::move(listener), port};
    }
    Result<api::Publish> publish(api::Publish port) {
        return asio::co_spawn(io, ports->publish(std::move(port)), asio::use_future).get();
    }
    std::uint16_t reach(std::uint16_t port) {
        auto listener = listen_at(0);
        const auto at = port_of(listener);
        std::promise<void> done;
        asio::post(io, [&] {
            wire::RunHostPort message{};
            message.port = port;
            std::vector<Fd> listeners;
            listeners.push_back(std::move(listener));
            ports->reach(message, std::move(listeners));
            done.set_value();
        });
        done.get_future().get();
        return at;
    }

    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::shared_ptr<test::FakeGate> gate = std::make_shared<test::FakeGate>();
    std::atomic<int> batches{0};
    std::shared_ptr<Ports> ports;
    std::thread thread;
};

std::string echoed(std::uint16_t port, const std::string& said) {
    const auto client = connect_to(port);
    if (!client) return "refused";
    (void)!::send(client.get(), said.data(), said.size(), MSG_NOSIGNAL);
    ::shutdown(client.get(), SHUT_WR);
    return read_all(client);
}

} // namespace

TEST_CASE("a published port carries bytes both ways, and each side's end") {
    Stage stage;
    const Echo echo;
    const auto port = stage.publish({{}, 0, echo.port()});
    REQUIRE(port.has_value());
    CHECK_NE(port->host, 0);
    CHECK_EQ(port->address.value_or(""), "127.0.0.1");
    for (int i = 0; i < 20; ++i) CHECK_EQ(echoed(port->host, "hello"), "hello");
    const std::string large(3u << 20, 'x');
    CHECK_EQ(echoed(port->host, large).size(), large.size());
    CHECK_EQ(stage.batches.load(), 3); // by eights
    CHECK_EQ(stage.gate->noted().size(), 21);
    CHECK(stage.gate->noted().front().starts_with("publish 127.0.0.1:"));
    CHECK(stage.gate->up() >= large.size());
    CHECK_EQ(stage.ports->published().size(), 1);
}

TEST_CASE("what listens on ::1 alone in the run is found, and where nothing listens the connection ends") {
    Stage stage;
    const Echo echo(true);
    const auto port = stage.publish({{}, 0, echo.port()});
    REQUIRE(port.has_value());
    CHECK_EQ(echoed(port->host, "six"), "six");
    const auto gone = port_of(listen_at(0));
    const auto nothing = stage.publish({{}, 0, gone});
    REQUIRE(nothing.has_value());
    CHECK_EQ(echoed(nothing->host, "x"), "");
}

TEST_CASE("what cannot be published is refused by name") {
    Stage stage;
    CHECK_EQ(stage.publish({{}, 0, 0}).error().code, Code::invalid_value);
    CHECK_EQ(stage.publish({"localhost.example", 0, 80}).error().code, Code::invalid_value);
    const auto taken = listen_at(0);
    CHECK_EQ(stage.publish({{}, port_of(taken), 80}).error().code, Code::port_in_use);
    for (std::size_t i = 0; i < kMaxPublished; ++i) CHECK(stage.publish({{}, 0, 80}).has_value());
    CHECK_EQ(stage.publish({{}, 0, 80}).error().code, Code::busy);
}

TEST_CASE("a run's end closes its ports and cuts their connections") {
    Stage stage;
    const auto server = listen_at(0);
    const auto port = stage.publish({{}, 0, port_of(server)});
    REQUIRE(port.has_value());
    const auto client = connect_to(port->host);
    const Fd inside(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
    (void)!::send(inside.get(), "x", 1, MSG_NOSIGNAL);
    char byte = 0;
    CHECK_EQ(::recv(client.get(), &byte, 1, 0), 1);
    stage.stop();
    CHECK(::recv(client.get(), &byte, 1, 0) <= 0);
    CHECK(::recv(inside.get(), &byte, 1, 0) <= 0);
    CHECK(!connect_to(port->host));
    CHECK_EQ(stage.publish({{}, 0, 80}).error().code, Code::not_found);
}

TEST_CASE("a run reaches a port of the host by its own loopback, but never owhaled's") {
    Stage stage;
    const Echo echo;
    CHECK_EQ(echoed(stage.reach(echo.port()), "host"), "host");
    CHECK_EQ(stage.gate->noted(), std::vector<std::string>{"host-port " + std::to_string(echo.port()) + " 127.0.0.1"});
    for (const std::uint16_t own : {std::uint16_t{4242}, kUsualPort}) {
        CHECK_EQ(echoed(stage.reach(own), "x"), "refused");
        CHECK_EQ(check_host_port(own, {config::Endpoint{{}, 4242}}).error().code, Code::host_denied);
    }
    CHECK(stage.gate->refused().find("own-port") != std::string::npos);
    CHECK(check_host_port(5432, {}).has_value());
    CHECK(!check_host_port(0, {}).has_value());
}

TEST_CASE("a used-up budget cuts a published connection") {
    Stage stage;
    const Echo echo;
    const auto port = stage.publish({{}, 0, echo.port()});
    REQUIRE(port.has_value());
    stage.gate->most = 1000;
    CHECK_LT(echoed(port->host, std::string(1u << 20, 'x')).size(), 1u << 20);
}

TEST_CASE("more than 256 connections to a port wait, and come in when others end") {
    Stage stage;
    const Echo echo;
    const auto port = stage.publish({{}, 0, echo.port()});
    REQUIRE(port.has_value());
    std::vector<Fd> idle;
    for (int i = 0; i < 300; ++i) idle.push_back(connect_to(port->host));
    idle.clear();
    CHECK_EQ(echoed(port->host, "late"), "late");
}
