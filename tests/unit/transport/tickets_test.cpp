// Tickets: once, soon, for one path, with the rights of then; alone, and through the gate.
#include <boost/asio/use_awaitable.hpp>

#include "client.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::transport;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
const std::string kPath = "/v1/runs/0190/attach";

identity::Principal person(const std::string& name) {
    identity::Principal who;
    who.kind = identity::Kind::user;
    who.user = name;
    who.name = "user:" + name;
    who.session = "jti of " + name;
    identity::grant(who, identity::kAdmin);
    return who;
}

// A WebSocket that says who it is of, and ends.
Route telling(std::string& who, std::string& fields) {
    return {"runs.attach", {}, [&](Request& request) -> asio::awaitable<Result<Stream>> {
                who = request.who().name;
                fields = request.headers.contains("sec-websocket-protocol")
                             ? request.headers.at("sec-websocket-protocol")
                             : "none";
                co_return Stream([](Channel& channel) -> asio::awaitable<void> { co_await channel.close(); });
            }};
}

std::string opening(std::string_view protocols, std::string_view more = "", std::string_view path = kPath) {
    return get(path, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " +
                         std::string(protocols) + "\r\n" + std::string(more));
}

std::string with(const std::string& ticket) {
    return "v5.channel.k8s.io, owhale.ticket." + ticket;
}

} // namespace

TEST_CASE("a ticket is good once, for its path, for half a minute") {
    std::int64_t now = kSecond;
    Tickets tickets([&] { return now; });
    auto ticket = *tickets.make(person("alice"), kPath);
    CHECK_EQ(ticket.size(), 32);
    CHECK_FALSE(tickets.spend("", kPath));
    CHECK_FALSE(tickets.spend(ticket.substr(1), kPath));
    const auto who = tickets.spend(ticket, kPath);
    REQUIRE(who);
    CHECK_EQ(who->name, "user:alice");
    CHECK_FALSE(tickets.spend(ticket, kPath));
    ticket = *tickets.make(person("alice"), kPath);
    CHECK_FALSE(tickets.spend(ticket, "/v1/runs/0191/attach"));
    CHECK_FALSE(tickets.spend(ticket, kPath)); // it was shown, if in the wrong place
    ticket = *tickets.make(person("alice"), kPath);
    now += Tickets::kLife * kSecond - 1;
    CHECK(tickets.spend(ticket, kPath));
    ticket = *tickets.make(person("alice"), kPath);
    now += Tickets::kLife * kSecond;
    CHECK_FALSE(tickets.spend(ticket, kPath));
}

TEST_CASE("what a device signed is not in its ticket") {
    Tickets tickets([] { return kSecond; });
    auto device = person("alice");
    device.kind = identity::Kind::device;
    device.signature = std::make_shared<identity::Signed>();
    CHECK_FALSE(tickets.spend(*tickets.make(device, kPath), kPath)->signature);
}

TEST_CASE("of many tickets of one the oldest gives way, and of all there are so many") {
    std::int64_t now = kSecond;
    Tickets tickets([&] { return now; });
    std::vector<std::string> made;
    for (std::size_t i = 0; i <= Tickets::kMostOfOne; ++i) made.push_back(*tickets.make(person("alice"), kPath));
    CHECK_FALSE(tickets.spend(made.front(), kPath));
    CHECK(tickets.spend(made[1], kPath));
    CHECK(tickets.spend(made.back(), kPath));
    Tickets full([&] { return now; });
    for (std::size_t i = 0; i < Tickets::kMost; ++i)
        REQUIRE(full.make(person("p" + std::to_string(i / Tickets::kMostOfOne)), kPath));
    CHECK_EQ(full.make(person("another"), kPath).error().code, Code::busy);
    now += Tickets::kLife * kSecond;
    CHECK(full.make(person("another"), kPath));
}

TEST_CASE("a ticket opens a WebSocket as its owner, once, and no handler sees it") {
    std::string who, fields;
    Stage stage({}, {telling(who, fields)});
    const auto ticket = *stage.tickets.make(person("alice"), kPath);
    CHECK(status_is(stage.connect_tcp().ask(opening(with(ticket))), 101));
    CHECK_EQ(who, "user:alice");
    CHECK_EQ(fields, "v5.channel.k8s.io");
    const auto again = stage.connect_tcp().ask(opening(with(ticket)));
    CHECK(status_is(again, 401));
    CHECK(holds(again, "\"code\":\"unauthenticated\""));
    CHECK_EQ(stage.identity.troubles.size(), 1);
}

TEST_CASE("a ticket's owner has the rights of the moment at which it is shown") {
    std::string who, fields;
    Stage stage({}, {telling(who, fields)});
    const auto revoked = *stage.tickets.make(person("alice"), kPath),
               demoted = *stage.tickets.make(person("bob"), kPath);
    stage.identity.ended.insert("alice");
    stage.identity.demoted.insert("bob");
    CHECK(status_is(stage.connect_tcp().ask(opening(with(revoked))), 401));
    CHECK(status_is(stage.connect_tcp().ask(opening(with(demoted))), 403));
    CHECK_EQ(who, "");
}

TEST_CASE("a ticket is for its path, for a WebSocket, and stands alone") {
    std::string who, fields;
    Stage stage({}, {telling(who, fields)});
    const auto ticket = [&] { return *stage.tickets.make(person("alice"), kPath); };
    CHECK(status_is(stage.connect_tcp().ask(opening(with(ticket()), "", "/v1/runs/0191/attach")), 401));
    CHECK(status_is(stage.connect_tcp().ask(opening(with(ticket()), "Authorization: Bearer bob\r\n")), 400));
    CHECK(status_is(stage.connect_tcp().ask(opening(with(ticket()), "Signature: good\r\n")), 400));
    CHECK(status_is(stage.connect_tcp().ask(opening(with(ticket()) + ", owhale.ticket." + ticket())), 401));
    CHECK(status_is(stage.connect_tcp().ask(opening("owhale.ticket., v5.channel.k8s.io")), 401));
    CHECK(status_is(stage.connect_tcp().ask(opening("owhale.ticket." + ticket())), 400)); // no protocol beside it
    const auto plain = "Sec-WebSocket-Protocol: " + with(ticket()) + "\r\n";
    CHECK(status_is(stage.connect_tcp().ask(get("/v1/runs", plain)), 401));   // no upgrade: a stranger
    CHECK(status_is(stage.connect_run(5).ask(opening(with(ticket()))), 403)); // a run stays what it is
    CHECK_EQ(who, "");
}

TEST_CASE("guessed tickets are tried at the rate of bad tokens") {
    std::string who, fields;
    Stage stage({}, {telling(who, fields)});
    auto client = stage.connect_tcp();
    for (int i = 0; i < 60; ++i) CHECK(status_is(client.ask(opening(with(std::string(32, 'A')))), 401));
    const auto ticket = *stage.tickets.make(person("alice"), kPath);
    CHECK(status_is(client.ask(opening(with(ticket))), 429));
    stage.now_ns += kSecond;
    CHECK(status_is(client.ask(opening(with(ticket))), 101)); // it was not spent by that
}
