// TLS of a run's own CA against TLS as owhaled connects to hosts: both real, over real sockets.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

#include "egress/http/leaf.hpp"
#include "egress/http/run_ca.hpp"
#include "egress/socket_stream.hpp"

#include "checks.hpp"
#include "folder.hpp"

namespace asio = boost::asio;
using namespace owhale;
using namespace owhale::egress;
using StreamOr = Result<std::unique_ptr<Stream>>;

namespace {

struct Ends {
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>(); // streams end before it
    StreamOr server, client;
    std::string heard;
};

asio::awaitable<void> serve(std::shared_ptr<RunCa> ca, std::unique_ptr<Stream> raw, std::string host, Ends& ends) {
    ends.server = co_await ca->accept(std::move(raw), host);
    if (!ends.server) co_return;
    std::string into(1 << 16, '\0');
    for (;;) {
        const auto got = co_await (*ends.server)->read(asio::buffer(into));
        if (!got || *got == 0) break;
        const auto sent = co_await (*ends.server)->write(asio::buffer(into.data(), *got));
        if (!sent) break;
    }
    co_await (*ends.server)->end_writing();
}

asio::awaitable<void> speak(Stream& stream, const std::string& all) {
    const auto sent = co_await stream.write(asio::buffer(all));
    if (sent) co_await stream.end_writing();
}

asio::awaitable<void> call(asio::io_context& io, std::unique_ptr<Stream> raw, std::string host, std::string say,
                           Ends& ends) {
    ends.client = co_await connect_tls(std::move(raw), host);
    if (!ends.client) co_return;
    auto& stream = **ends.client;
    asio::co_spawn(io, speak(stream, say), [](const std::exception_ptr&) {});
    std::string into(1 << 16, '\0');
    for (;;) {
        const auto got = co_await stream.read(asio::buffer(into));
        if (!got || *got == 0) break;
        ends.heard.append(into, 0, *got);
    }
}

// `trusted` is what owhaled trusts; the server speaks as `as`, the client means `meant`.
Ends meet(const std::shared_ptr<RunCa>& ca, const std::string& trusted, const std::string& as, const std::string& meant,
          const std::string& say = "hello") {
    const test::Folder folder;
    std::ofstream(folder.path() + "/cas.pem") << trusted;
    ::setenv("SSL_CERT_FILE", (folder.path() + "/cas.pem").c_str(), 1);
    const auto loaded = load_system_cas();
    Ends ends;
    auto& io = *ends.io;
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    auto one = stream_over(io.get_executor(), Fd(pair[0]), nullptr),
         two = stream_over(io.get_executor(), Fd(pair[1]), nullptr);
    asio::co_spawn(io, serve(ca, std::move(*one), as, ends), [](const std::exception_ptr&) {});
    asio::co_spawn(io, call(io, std::move(*two), meant, say, ends), [](const std::exception_ptr&) {});
    io.run_for(std::chrono::seconds(10));
    return ends;
}

} // namespace

TEST_CASE("a run's CA speaks for a host, and whoever trusts it hears") {
    const auto ca = RunCa::make("run-1", 1);
    REQUIRE(ca.has_value());
    const auto ends = meet(*ca, (*ca)->pem(), "api.example.com", "api.example.com");
    CHECK(ends.server.has_value());
    CHECK(ends.client.has_value());
    CHECK(ends.heard == "hello");
    CHECK(meet(*ca, (*ca)->pem(), "192.0.2.7", "192.0.2.7").heard == "hello");
    CHECK(meet(*ca, (*ca)->pem(), "2001:db8::1", "2001:db8::1").heard == "hello");
    std::string large(5u << 20, 'x');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2654435761u >> 11);
    CHECK(meet(*ca, (*ca)->pem(), "a.example", "a.example", large).heard == large);
}

TEST_CASE("another name, another CA, no CA: no connection") {
    const auto ca = RunCa::make("run-1", 1), other = RunCa::make("run-2", 1);
    for (const auto& meant : {"evil.example", "xapi.example.com", "example.com", "192.0.2.7"}) {
        const auto ends = meet(*ca, (*ca)->pem(), "api.example.com", meant);
        REQUIRE_FALSE(ends.client.has_value());
        CHECK(ends.client.error().code == Code::unreachable);
        CHECK(ends.heard.empty());
    }
    CHECK_FALSE(meet(*ca, (*other)->pem(), "api.example.com", "api.example.com").client.has_value());
    CHECK_FALSE(meet(*ca, "", "api.example.com", "api.example.com").client.has_value());
    CHECK_FALSE(load_system_cas().has_value());
}

TEST_CASE("no certificate for what is no host") {
    const auto key = http::make_key();
    REQUIRE(key.has_value());
    const auto ca = http::make_authority("test", key->get(), std::chrono::hours(1));
    REQUIRE(ca.has_value());
    for (const std::string host : {"", "a,DNS:evil.example", "a b", "*.example.com", "A.example", "a\n"})
        CHECK_FALSE(http::make_leaf(host, key->get(), ca->get(), key->get(), std::chrono::hours(1)).has_value());
    CHECK(http::make_leaf("a.example", key->get(), ca->get(), key->get(), std::chrono::hours(1)).has_value());
}
