#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "client.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::transport;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kUpgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view kProtocol = "Sec-WebSocket-Protocol: v4.channel.k8s.io, v5.channel.k8s.io\r\n";

struct Seen {
    std::optional<std::string> ended; // why the stream's read failed
    bool closed = false;              // on_close was called
    bool read = true;                 // whether the stream reads at all
};

// runs.attach: refuses the id "no"; else sends back what comes, one channel higher, until the client goes or says "end".
Route attach(Seen& seen) {
    return {"runs.attach", {}, [&seen](Request& request) -> asio::awaitable<Result<Stream>> {
                if (request.params.at("id") == "no") co_return fail(Code::not_found, "no such run");
                request.connection->on_close.push_back([&seen] { seen.closed = true; });
                co_return Stream([&seen](Channel& channel) -> asio::awaitable<void> {
                    asio::steady_timer tick(co_await asio::this_coro::executor);
                    while (!seen.read && !seen.closed) {
                        tick.expires_after(1ms);
                        co_await tick.async_wait(asio::use_awaitable);
                    }
                    for (;;) {
                        const auto message = co_await channel.read();
                        if (!message) seen.ended = message.error().message;
                        if (!message || message->data == "end") co_return;
                        const auto sent = co_await channel.write(static_cast<std::uint8_t>(message->channel + 1),
                                                                 std::span(message->data));
                        if (!sent) co_return;
                    }
                });
            }};
}

// A masked client frame (RFC 6455 section 5.2), the mask all zero.
std::string frame(int opcode, std::string_view data) {
    std::string out{static_cast<char>(0x80 | opcode)};
    const int bytes = data.size() < 126 ? 0 : data.size() < 65536 ? 2 : 8;
    out += static_cast<char>(0x80 | (bytes == 0 ? static_cast<int>(data.size()) : bytes == 2 ? 126 : 127));
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(data.size() >> shift);
    return out.append(4, '\0') += data;
}

constexpr int kText = 1;
constexpr int kBinary = 2;
constexpr int kClose = 8;

Client opened(Stage& stage) {
    auto client = stage.connect();
    const auto answer = client.ask(get("/v1/runs/x/attach", std::string(kUpgrade) + std::string(kProtocol)));
    REQUIRE(status_is(answer, 101));
    CHECK(holds(answer, "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n"));
    CHECK(holds(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    return client;
}

std::string received(Client& client, std::size_t size) {
    return client.receive([&](const std::string& text) { return text.size() >= size; });
}

} // namespace

TEST_CASE("messages travel both ways with their channel, and the server closes politely") {
    Seen seen;
    std::vector<Route> routes;
    routes.push_back(attach(seen));
    Stage stage({}, routes);
    auto client = opened(stage);
    client.send(frame(kBinary, std::string("\0hello", 6)));
    CHECK_EQ(received(client, 8), std::string("\x82\x06\x01hello", 8));
    client.send(frame(kBinary, std::string("\0end", 4)));
    const auto closing = received(client, 12).substr(8);
    CHECK_EQ(closing, std::string("\x88\x02\x03\xe8", 4));
    client.send(frame(kClose, "\x03\xe8"));
    CHECK(stage.until([&] { return stage.closed.size() == 1; }));
}

TEST_CASE("a refusal before the upgrade is a problem like any other") {
    Seen seen;
    Stage stage({}, {attach(seen)});
    auto client = stage.connect();
    const auto all = std::string(kUpgrade) + std::string(kProtocol);
    CHECK(status_is(client.ask(get("/v1/runs/no/attach", all)), 404));
    CHECK(status_is(client.ask(get("/v1/runs/x/attach", kUpgrade)), 400));
    CHECK(status_is(client.ask(get("/v1/runs/x/attach")), 426));
    CHECK(status_is(client.ask(get("/v1/health", all)), 400));
    CHECK(status_is(client.ask(get("/v1/runs/x/attach", all + "Origin: http://localhost\r\n")), 403));
}

TEST_CASE("the stream learns that its client went, reading or not") {
    for (const bool reads : {true, false}) {
        Seen seen;
        seen.read = reads;
        Stage stage({}, {attach(seen)});
        auto client = opened(stage);
        if (!reads)
            for (int i = 0; i < 10; ++i) client.send(frame(kBinary, "\001" + std::string(5'000, 'x')));
        stage.settle();
        CHECK_FALSE(seen.closed);
        client.close();
        CHECK(stage.until([&] { return seen.closed && stage.closed.size() == 1; }));
    }
}

TEST_CASE("text, empty and oversized messages end the channel") {
    for (const auto& bad : {frame(kText, "hello"), frame(kBinary, ""), frame(kBinary, std::string((1u << 20) + 2, 'x')),
                            std::string("\x82\x01x", 3)}) {
        INFO("frame of " << bad.size() << " bytes");
        Seen seen;
        Stage stage({}, {attach(seen)});
        auto client = opened(stage);
        client.send(bad);
        CHECK(received(client, 1).starts_with('\x88')); // a close frame
        client.close();
        CHECK(stage.until([&] { return stage.closed.size() == 1; }));
        CHECK(seen.ended.has_value());
    }
}

TEST_CASE("a slow reader holds the writer back") {
    Seen seen;
    Stage stage({}, {attach(seen)});
    auto client = opened(stage);
    const auto message = frame(kBinary, std::string(100'001, 'x'));
    for (int i = 0; i < 3; ++i) client.send(message); // the answers fill the socket: more would wait here for good
    CHECK_EQ(received(client, 3 * 100'011).size(), 3 * 100'011);
    CHECK_FALSE(seen.ended);
}
