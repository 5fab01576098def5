// A whole network of a run: what gets through, and what an attacker inside tries.
#include <algorithm>
#include <chrono>
#include <fstream>

#include "checks.hpp"
#include "egress/dns_message.hpp"
#include "hello.hpp"
#include "place.hpp"
#include "sanitized.hpp"

using namespace owhale;
using namespace owhale::test;

namespace {

std::string at(const std::string& host, std::uint16_t port) {
    return host + ":" + std::to_string(port);
}

// The status line of what the proxy answers.
std::string connect(Client& client, const std::string& target) {
    client.send("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n");
    return client.read_until("\r\n\r\n").substr(0, 12);
}
const std::string kYes = "HTTP/1.1 200", kNo = "HTTP/1.1 403";

std::string refused(Place& place, const std::string& target) {
    Client client(place.proxy);
    return connect(client, target);
}

bool echoes(Client& client, const std::string& bytes) {
    return client.send(bytes) && client.read(bytes.size()) == bytes;
}

std::string dns_query(const std::string& name, unsigned type) {
    std::string labels;
    for (std::size_t from = 0; from <= name.size();) {
        const auto dot = std::min(name.find('.', from), name.size());
        labels += counted(name.substr(from, dot - from), 1);
        from = dot + 1;
    }
    return number(1, 2) + number(0x0100, 2) + number(1, 2) + number(0, 6) + labels + std::string(1, '\0') +
           number(type, 2) + number(1, 2);
}
int dns_code(const std::string& answer) {
    return answer.size() < 12 ? -1 : answer[3] & 15;
}
int dns_count(const std::string& answer) {
    return answer.size() < 12 ? -1 : answer[7];
}

std::size_t resident() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0, pages = 0;
    statm >> all >> pages;
    return pages * 4096;
}

} // namespace

TEST_CASE("a named host, by CONNECT and by SOCKS5: bytes both ways, counted, half-close") {
    Server server;
    Place place({at("ok.test", server.port()), at("127.0.0.1", server.port())});
    place.names.set("ok.test", "127.0.0.1");
    Client client(place.proxy);
    CHECK_EQ(connect(client, at("ok.test", server.port())), kYes);
    CHECK(echoes(client, "ping"));
    CHECK(echoes(client, std::string(300000, 'x')));
    client.end_writing();
    CHECK(client.ended());
    Client socks(place.proxy);
    socks.send(std::string("\x05\x01\x00\x05\x01\x00\x03\x07", 8) + "ok.test" + number(server.port(), 2));
    CHECK_EQ(socks.read(12), std::string("\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0", 12));
    CHECK(echoes(socks, "ping"));
    const auto report = place.report();
    REQUIRE_EQ(report.hosts.size(), 2);
    CHECK_EQ(report.hosts[0].how, "connect");
    CHECK_EQ(report.hosts[0].rule, "request ok.test");
    CHECK_EQ(report.hosts[0].address, std::optional<std::string>("127.0.0.1"));
    CHECK_EQ(report.hosts[0].up, 300004);
    CHECK_EQ(report.hosts[0].down, 300004);
    CHECK_EQ(report.connections, 2);
}

TEST_CASE("hosts that no rule names are refused, with one line a host that says what would allow it") {
    Place place({"ok.test"});
    CHECK_EQ(refused(place, "no.test:443"), kNo);
    CHECK_EQ(refused(place, "no.test:443"), kNo);
    CHECK_EQ(refused(place, "ok.test:22"), kNo);
    REQUIRE_EQ(place.lines().size(), 2);
    CHECK_EQ(place.lines()[0], "owhaled: no.test:443 was refused: no rule allows it (owhalectl hosts allow "
                               "no.test:443, or run with --allow-host no.test:443)");
    CHECK_EQ(place.row("no.test"), "deny unknown-host");
    CHECK(place.names.asked().empty()); // nothing was looked up
}

TEST_CASE("an unknown host is asked about, once, and the answer holds") {
    Server server;
    Place place({at("127.0.0.1", server.port())}, [](auto& run) { run.scope.asks = true; });
    place.names.set("yes.test", "127.0.0.1");
    for (int i = 0; i < 2; ++i) {
        Client client(place.proxy);
        CHECK_EQ(connect(client, at("yes.test", server.port())), kYes);
        CHECK(echoes(client, "ping"));
        CHECK_EQ(refused(place, "other.test:443"), kNo);
    }
    CHECK_EQ(place.asking.asked, std::vector<std::string>{"yes.test", "other.test"});
    CHECK_EQ(place.row("yes.test"), "asked approval a1");
    CHECK_EQ(refused(place, "127.0.0.1:1"), kNo); // loopback is not asked about
    CHECK_EQ(refused(place, "169.254.169.254:80"), kNo);
    CHECK_EQ(place.asking.asked.size(), 2);
}

TEST_CASE("what was agreed to with the command is answered, and nothing near it is") {
    Server server;
    Place place({at("127.0.0.1", server.port())}, [&](auto& run) {
        run.scope.asks = true;
        for (const auto* host : {"other.test", "169.254.169.254", "127.0.0.2", "inner.test"})
            run.scope.hosts.push_back({host, {{server.port()}}, {}, {}, "command"});
    });
    place.names.set("other.test", "127.0.0.1");
    place.names.set("inner.test", "127.0.0.3");
    Client client(place.proxy);
    CHECK_EQ(connect(client, at("other.test", server.port())), kYes);
    CHECK(echoes(client, "ping"));
    CHECK(place.asking.asked.empty());
    CHECK_EQ(place.row("other.test"), "allow command other.test");
    CHECK_EQ(refused(place, "other.test:443"), kNo); // another port
    CHECK_EQ(refused(place, at("x.other.test", server.port())), kNo);
    CHECK_EQ(place.asking.asked, std::vector<std::string>{"other.test", "x.other.test"});
    // What no answer opens is not opened by the command either: addresses that nobody is asked about, names that lead there.
    for (const auto* host : {"169.254.169.254", "127.0.0.2", "inner.test"})
        CHECK_MESSAGE(refused(place, at(host, server.port())) != kYes, host);
    CHECK_EQ(server.connections(), 1);
}

TEST_CASE("where unknown hosts are no question, a command's hosts are none either") {
    Server server;
    Place place({at("127.0.0.1", server.port())},
                [&](auto& run) { run.scope.hosts.push_back({"other.test", {{server.port()}}, {}, {}, "command"}); });
    place.names.set("other.test", "127.0.0.1");
    CHECK_EQ(refused(place, at("other.test", server.port())), kNo);
    CHECK_EQ(server.connections(), 0);
}

TEST_CASE("attack: loopback, metadata and odd spellings of them") {
    Server server;
    Place place({"ok.test", "0.0.0.0/0:" + std::to_string(server.port())});
    for (const auto* host : {"127.0.0.1", "127.0.0.2", "0.0.0.0", "169.254.169.254", "[::1]", "[::]",
                             "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fd00:ec2::254]", "10.0.0.1", "localhost"})
        CHECK_MESSAGE(refused(place, at(host, server.port())) == kNo, host);
    for (const auto* host : {"127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "[::1%lo]"}) {
        const auto answer = refused(place, at(host, server.port()));
        CHECK_MESSAGE((answer == "HTTP/1.1 400" || answer == kNo), host);
    }
    CHECK_EQ(server.connections(), 0);
}

TEST_CASE("attack: rebinding, a name that leads to an address that no rule names") {
    Server server;
    Place place({at("ok.test", server.port()), at("six.test", server.port())});
    place.names.set("ok.test", "127.0.0.1");
    place.names.set("six.test", "::ffff:127.0.0.1");
    CHECK_EQ(refused(place, at("ok.test", server.port())), kNo);
    CHECK_EQ(refused(place, at("six.test", server.port())), kNo);
    CHECK_EQ(server.connections(), 0);
    CHECK_NE(place.row("ok.test").find("allow"), std::string::npos);
    bool told = false;
    for (const auto& line : place.lines()) told = told || line.find("127.0.0.1 is loopback") != std::string::npos;
    CHECK(told);
}

TEST_CASE("attack: owhaled's own port, whatever a rule says") {
    Server server;
    Place place({at("127.0.0.1", server.port()), at("ok.test", server.port())}, {}, {server.port()});
    place.names.set("ok.test", "127.0.0.1");
    CHECK_EQ(refused(place, at("127.0.0.1", server.port())), kNo);
    CHECK_EQ(refused(place, at("ok.test", server.port())), kNo);
    CHECK_EQ(server.connections(), 0);
}

TEST_CASE("TLS passes through when its name is the target's, and else not") {
    Server server;
    Place place({at("ok.test", server.port()), at("other.test", server.port()), at("127.0.0.1", server.port())});
    place.names.set("ok.test", "127.0.0.1");
    const auto tries = [&](const std::string& hello_bytes, const std::string& target = "ok.test") {
        Client client(place.proxy);
        CHECK_EQ(connect(client, at(target, server.port())), kYes);
        client.send(hello_bytes);
        return client.read(hello_bytes.size());
    };
    const auto good = hello({server_name("OK.test")});
    CHECK_EQ(tries(good), good);
    const std::string alert("\x15\x03\x03\x00\x02\x02\x31", 7);
    CHECK_EQ(tries(hello({server_name("other.test")})), alert); // allowed, but not what was asked for
    CHECK_EQ(tries(hello({{16, "x"}})), alert);
    CHECK_EQ(tries(hello({server_name("ok.test"), {0xfe0d, "x"}})), alert);
    CHECK_EQ(tries(hello({server_name("ok.test"), server_name("evil.test")})), "");
    const auto nameless = hello({{16, "x"}});
    CHECK_EQ(tries(nameless, "127.0.0.1"), nameless); // a rule names the address
}

TEST_CASE("a server that speaks first is heard, and TLS after a silence is not") {
    Server server("SSH-2.0-test\r\n");
    Place place({at("127.0.0.1", server.port())});
    Client client(place.proxy);
    CHECK_EQ(connect(client, at("127.0.0.1", server.port())), kYes);
    CHECK_EQ(client.read_until("\r\n"), "SSH-2.0-test\r\n");
    client.send(hello({server_name("evil.test")}));
    CHECK(client.ended());
}

TEST_CASE("rules of methods need what can be read") {
    Server server;
    Place place({at("127.0.0.1", server.port())}, [&](auto& run) {
        run.scope.hosts.push_back(
            {"ok.test", std::vector<std::uint16_t>{server.port()}, std::vector<std::string>{"GET"}, {}, "profile p"});
    });
    place.names.set("ok.test", "127.0.0.1");
    Client client(place.proxy);
    connect(client, at("ok.test", server.port()));
    const auto bytes = hello({server_name("ok.test")});
    client.send(bytes);
    CHECK_EQ(client.read(7), std::string("\x15\x03\x03\x00\x02\x02\x31", 7));
}

TEST_CASE("SOCKS: no UDP, no BIND, no version 4, no method that is not offered") {
    Place place({"ok.test"});
    for (const char command : {'\x02', '\x03'}) {
        Client client(place.proxy);
        client.send(std::string("\x05\x01\x00\x05", 4) + command + std::string("\x00\x01\x7f\x00\x00\x01\x00\x50", 8));
        CHECK_EQ(client.read(4), std::string("\x05\x00\x05\x07", 4));
    }
    Client four(place.proxy);
    four.send(std::string("\x04\x01\x00\x50\x00\x00\x00\x01\x00", 9));
    CHECK(four.ended());
    Client password(place.proxy);
    password.send("\x05\x01\x02");
    CHECK_EQ(password.read(2), "\x05\xff");
}

TEST_CASE("DNS: names stand for themselves, and no query leaves: no tunnel") {
    Place place({"ok.test", "*.wild.test"});
    const auto known = place.ask_dns(dns_query("ok.test", 1));
    CHECK_EQ(dns_code(known), 0);
    CHECK_EQ(known.substr(known.size() - 4), "\xc6\x12" + std::string("\0\1", 2));
    CHECK_EQ(place.ask_dns(dns_query("ok.test", 1)), known);
    CHECK_EQ(dns_count(place.ask_dns(dns_query("secret-data.wild.test", 16))), 0); // TXT
    CHECK_EQ(dns_code(place.ask_dns(dns_query("secret-data.wild.test", 1))), 0);
    CHECK_EQ(dns_count(place.ask_dns(dns_query("ok.test", 28))), 0); // no transparent IPv6 here
    CHECK_EQ(dns_code(place.ask_dns(dns_query("secret-data.evil.test", 1))), 3);
    CHECK_EQ(dns_code(place.ask_dns(dns_query("secret-data.evil.test", 16))), 3);
    CHECK_EQ(place.row("secret-data.evil.test"), "deny unknown-host");
    const auto local = place.ask_dns(dns_query("localhost", 1));
    CHECK_EQ(local.substr(local.size() - 4), std::string("\x7f\0\0\1", 4));
    CHECK(place.names.asked().empty());
}

TEST_CASE("DNS: a flood is not answered") {
    Place place({"ok.test"});
    std::size_t answers = 0;
    while (answers < 3000 && !place.ask_dns(dns_query("ok.test", 1)).empty()) ++answers;
    CHECK_GE(answers, 1000);
    CHECK_LE(answers, 2000); // a second may end on the way
}

TEST_CASE("budgets: bytes and connections end, and the end is told") {
    Server server;
    const auto rule = at("127.0.0.1", server.port());
    Place place({rule}, [](auto& run) {
        run.most_bytes = 10000;
        run.most_connections = 3;
    });
    Client client(place.proxy);
    CHECK_EQ(connect(client, rule), kYes);
    CHECK(echoes(client, std::string(4000, 'x')));
    client.send(std::string(4000, 'x'));
    client.read(4000);
    CHECK(client.ended());
    CHECK_EQ(refused(place, rule), "HTTP/1.1 429");
    Place few({rule}, [](auto& run) { run.most_connections = 1; });
    CHECK_EQ(refused(few, rule), kYes);
    CHECK_EQ(refused(few, rule), "HTTP/1.1 429");
}

TEST_CASE("attack: many connections at once are bounded, and the run's end cuts all of them") {
    Server server;
    const auto rule = at("127.0.0.1", server.port());
    Place place({rule}, [](auto& run) { run.most_at_once = 100; });
    std::vector<std::unique_ptr<Client>> clients;
    int good = 0;
    for (int i = 0; i < 150; ++i) {
        clients.push_back(std::make_unique<Client>(place.proxy));
        if (connect(*clients.back(), rule) == kYes) ++good;
    }
    CHECK_EQ(good, 100);
    place.close();
    CHECK(clients.front()->ended());
    CHECK(place.asking.forgotten);
}

TEST_CASE("1,000 connections at once, each small while it is quiet") {
    const Quiet server;
    const auto rule = at("127.0.0.1", server.port);
    Place place({rule});
    const auto before = resident();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(std::make_unique<Client>(place.proxy));
        REQUIRE_EQ(connect(*clients.back(), rule), kYes);
        clients.back()->send("x"); // nobody answers
    }
    const auto each = (resident() - before) / clients.size();
    MESSAGE("resident memory of one, both ends of the test's included: " << each << " bytes");
    if (!kAddressSanitized) CHECK_LT(each, 16384);
    CHECK_EQ(place.report().connections, 1000);
}

TEST_CASE("attack: clients that never say what they want are cut off, and keep nobody out" * doctest::timeout(60)) {
    Server server;
    const auto rule = at("127.0.0.1", server.port());
    Place place({rule});
    Client silent(place.proxy), slow(place.proxy), half(place.proxy);
    slow.send("CONNECT ok.te");
    half.send(std::string("\x05\x01", 2));
    Client good(place.proxy);
    CHECK_EQ(connect(good, rule), kYes);
    std::this_thread::sleep_for(std::chrono::milliseconds(10500));
    CHECK(silent.ended());
    CHECK(slow.ended());
    CHECK(half.ended());
    CHECK(echoes(good, "still there"));
}

namespace {

// An echo both ways, in pieces as a program sends them: megabytes a second, and the time of the smallest exchange.
struct Speed {
    double mbs = 0, us = 0;
};
Speed speed(Client& client) {
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point begin) {
        return std::chrono::duration<double>(Clock::now() - begin).count();
    };
    const std::string piece(64 << 10, 'x');
    auto begin = Clock::now();
    for (int i = 0; i < 1000; ++i) REQUIRE(echoes(client, piece));
    Speed found{2 * 1000 * 65536 / since(begin) / 1e6, 1e9};
    for (int i = 0; i < 2000; ++i) {
        begin = Clock::now();
        REQUIRE(echoes(client, "x"));
        found.us = std::min(found.us, since(begin) * 1e6);
    }
    return found;
}

} // namespace

TEST_CASE("a relayed connection is not much slower than a direct one") {
    Server server;
    const auto rule = at("127.0.0.1", server.port());
    Place place({rule});
    Client direct(server.port()), relayed(place.proxy);
    REQUIRE_EQ(connect(relayed, rule), kYes);
    const auto bare = speed(direct), through = speed(relayed);
    MESSAGE("direct " << bare.mbs << " MB/s, " << bare.us << " us; relayed " << through.mbs << " MB/s, " << through.us
                      << " us");
    CHECK_GT(through.mbs * 10, bare.mbs);
}

TEST_CASE("what the cage is given") {
    Place place({"ok.test"});
    CHECK_EQ(place.cage.environment["HTTPS_PROXY"], "http://127.0.0.1:3128");
    CHECK_EQ(place.cage.environment["all_proxy"], "socks5h://127.0.0.1:3128");
    REQUIRE_EQ(place.cage.files.size(), 2); // resolv.conf and hosts
    Place read({"ok.test"}, [](auto& run) { run.scope.inspected = true; });
    REQUIRE_EQ(read.cage.files.size(), 3);
    const auto& bundle = read.cage.files.back();
    CHECK_NE(bundle.second.find("BEGIN CERTIFICATE"), std::string::npos);
    CHECK_EQ(read.cage.environment["SSL_CERT_FILE"], bundle.first);
}
