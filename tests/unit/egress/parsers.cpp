// What strangers write and the core of egress reads: ClientHellos, DNS queries, CONNECT heads.
#include "checks.hpp"
#include "egress/client_hello.hpp"
#include "egress/connect_head.hpp"
#include "egress/dns_message.hpp"
#include "egress/names_given.hpp"
#include "egress/resolver.hpp"
#include "egress/spoken.hpp"
#include "hello.hpp"

using namespace owhale;
using namespace owhale::egress;
using namespace owhale::test;

namespace {

std::string query(const std::string& name, unsigned type, const std::string& more = "", unsigned additional = 0) {
    return number(7, 2) + number(0x0100, 2) + number(1, 2) + number(0, 2) + number(0, 2) + number(additional, 2) +
           name + number(type, 2) + number(1, 2) + more;
}
const std::string kName("\x03"
                        "ApI\x07"
                        "example\x03"
                        "com\0",
                        17);

} // namespace

TEST_CASE("a ClientHello, in one record or many, told byte by byte") {
    const auto message = hello_message({{0x0a0a, ""}, server_name("API.example.com."), {16, "x"}});
    for (const auto& bytes :
         {record(message), record(message.substr(0, 1)) + record(message.substr(1, 50)) + record(message.substr(51))}) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const auto part = read_client_hello(bytes.substr(0, i));
            REQUIRE(part);
            CHECK_FALSE(*part);
        }
        const auto whole = read_client_hello(bytes + "what follows");
        REQUIRE(whole);
        REQUIRE(*whole);
        CHECK_EQ((*whole)->name, "api.example.com");
        CHECK_FALSE((*whole)->encrypted_name);
    }
}

TEST_CASE("names that are hidden or absent are told") {
    CHECK((*read_client_hello(hello({server_name("a.com"), {0xfe0d, "x"}})))->encrypted_name);
    CHECK((*read_client_hello(hello({server_name("a.com"), {0xffce, "x"}})))->encrypted_name);
    CHECK_EQ((*read_client_hello(hello({{16, "x"}})))->name, "");
}

TEST_CASE("what is no ClientHello") {
    const std::string two =
        counted(std::string(1, '\0') + counted("a.com", 2) + std::string(1, '\0') + counted("b.com", 2), 2);
    for (const auto& bytes :
         {hello({server_name("a.com"), server_name("b.com")}), hello({{0, two}}), hello({server_name("127.0.0.1")}),
          hello({server_name("a b.com")}), hello({server_name("")}), hello({{0, ""}}), hello({{0, "\x01"}}),
          hello({server_name(std::string("a.com\0.b.com", 12))}), record("\x02" + number(0, 3)), record(""),
          std::string("\x15\x03\x03\x00\x02\x02\x28", 7), "\x16\x03\x03" + number(20000, 2),
          record("\x01" + number(0xffffff, 3)), std::string("\x16\x02\x01\x00\x01", 5)})
        CHECK_FALSE(read_client_hello(bytes));
    auto wrong = hello_message({server_name("a.com")});
    wrong[wrong.size() - 10] = '\x7f'; // a length inside that does not meet the others
    CHECK_FALSE(read_client_hello(record(wrong)));
    CHECK_FALSE(read_client_hello(hello({{21, std::string(17000, 'p')}}).substr(0, 0) +
                                  record(std::string("\x01\x00\x40\x01", 4) + std::string(16380, 'x'))));
}

TEST_CASE("a DNS query is one question; the answer has it in the client's own case") {
    const auto read = read_dns_query(query(kName, kDnsA));
    REQUIRE(read.query);
    CHECK_EQ(read.query->name, "api.example.com");
    const auto answer = write_dns_answer(*read.query, {DnsCode::ok, boost::asio::ip::make_address("198.18.0.1"), {}});
    CHECK_EQ(answer.substr(0, 12), number(7, 2) + number(0x8580, 2) + number(1, 2) + number(1, 2) + number(0, 4));
    CHECK_EQ(answer.substr(12, 17), kName);
    CHECK_EQ(answer.substr(answer.size() - 4), "\xc6\x12" + std::string("\0\1", 2));
    const std::string opt = std::string(1, '\0') + number(41, 2) + number(1232, 2) + number(0, 4) + number(0, 2);
    CHECK(read_dns_query(query(kName, kDnsA, opt, 1)).query->extended);
}

TEST_CASE("DNS messages that are no query") {
    const auto good = query(kName, kDnsA);
    CHECK(read_dns_query("").refusal.empty());
    CHECK(read_dns_query(good.substr(0, 11)).refusal.empty());
    auto response = good;
    response[2] = '\x81';
    CHECK(read_dns_query(response).refusal.empty()); // or two servers answer each other for ever
    auto two = good;
    two[5] = 2;
    const auto pointer = query("\xc0\x0c", kDnsA),
               long_label = query("\x40" + std::string(64, 'a') + std::string(1, '\0'), kDnsA);
    const auto dotted = query("\x03"
                              "a.b" +
                                  std::string(1, '\0'),
                              kDnsA);
    std::string over;
    for (int i = 0; i < 5; ++i) over += "\x3f" + std::string(63, 'a');
    for (const auto& bytes : {two, pointer, long_label, dotted, query(over + std::string(1, '\0'), kDnsA), good + "x",
                              good.substr(0, 20), good + std::string(600, '\0')}) {
        const auto read = read_dns_query(bytes);
        CHECK_FALSE(read.query);
        REQUIRE_EQ(read.refusal.size(), 12);
        CHECK_EQ(read.refusal[3] & 15, 1);
    }
}

TEST_CASE("names that a run looks up take 4 MiB of owhaled's memory at most") {
    NamesGiven names;
    const std::string label(60, 'x');
    std::size_t given = 0;
    const auto name = [&](std::size_t i) {
        return std::to_string(i) + "." + label + "." + label + "." + label + ".test";
    };
    while (given < NamesGiven::kMost && names.addresses_of(name(given))) ++given;
    CHECK_GT(given, 20'000);
    CHECK_LE(given * name(0).size(), NamesGiven::kMostBytes);
    CHECK(names.addresses_of(name(1))); // those that were given stay
}

TEST_CASE("addresses that stand for names: stable, apart, and back") {
    NamesGiven names;
    const auto a = names.addresses_of("a.com"), b = names.addresses_of("b.com");
    CHECK_EQ(a->v4.to_string(), "198.18.0.1");
    CHECK_EQ(a->v6.to_string(), "fd6f:7768:616c::1");
    CHECK_EQ(names.addresses_of("a.com")->v4, a->v4);
    CHECK_NE(a->v4, b->v4);
    CHECK_EQ(*names.name_of(b->v6), "b.com");
    CHECK_EQ(names.name_of(boost::asio::ip::make_address("198.18.0.3")), nullptr);
    CHECK_EQ(names.name_of(boost::asio::ip::make_address("198.18.0.0")), nullptr);
    CHECK(NamesGiven::is_given(boost::asio::ip::make_address("198.19.255.255")));
    for (std::size_t i = 2; i < NamesGiven::kMost; ++i) REQUIRE(names.addresses_of(std::to_string(i) + ".x"));
    CHECK_FALSE(names.addresses_of("one.more"));
    CHECK(names.addresses_of("a.com"));
    CHECK_EQ(reverse_of("1.0.18.198.in-addr.arpa")->to_string(), "198.18.0.1");
}

TEST_CASE("CONNECT heads") {
    CHECK_EQ(read_connect("CONNECT API.example.com:443 HTTP/1.1\r\nHost: api.example.com\r\n\r\n")->host,
             "api.example.com");
    CHECK_EQ(read_connect("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n")->host, "2001:db8::1");
    for (const std::string head :
         {"CONNECT a.com:443 HTTP/1.1\r\nHost: b.com\r\n\r\n", "CONNECT a.com HTTP/1.1\r\n\r\n",
          "CONNECT a.com:0 HTTP/1.1\r\n\r\n", "CONNECT a.com:443 HTTP/2.0\r\n\r\n",
          "CONNECT  a.com:443 HTTP/1.1\r\n\r\n", "CONNECT http://a.com:443 HTTP/1.1\r\n\r\n",
          "CONNECT a.com:443 HTTP/1.1\r\nHost : a.com\r\n\r\n", "CONNECT a.com:443 HTTP/1.1\r\n Host: a.com\r\n\r\n",
          "CONNECT a.com:443 HTTP/1.1\nHost: a.com\r\n\r\n", "CONNECT a.com:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
          "CONNECT a.com:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "CONNECT 127.1:80 HTTP/1.1\r\n\r\n",
          "CONNECT 0x7f.0.0.1:80 HTTP/1.1\r\n\r\n", "CONNECT 2130706433:80 HTTP/1.1\r\n\r\n",
          "CONNECT a.com:443 HTTP/1.1\r\nHost: a.com\r\nHost: a.com\r\n\r\n",
          "CONNECT user@a.com:443 HTTP/1.1\r\n\r\n"})
        CHECK_MESSAGE(!read_connect(head), head);
}

TEST_CASE("what is spoken, by its first bytes") {
    CHECK_EQ(looks_like_http("GET /"), std::optional(true));
    CHECK_EQ(looks_like_http("GE"), std::nullopt);
    CHECK_EQ(looks_like_http("SSH-2.0"), std::optional(false));
    CHECK(looks_like_tls("\x16\x03"));
    CHECK_FALSE(looks_like_tls("\x16\x02"));
}

TEST_CASE("DNS servers as settings and resolv.conf name them") {
    CHECK_EQ(read_servers("192.0.2.53 [2001:db8::53]:5353 2001:db8::1").value_or("-"),
             "192.0.2.53:53,[2001:db8::53]:5353,[2001:db8::1]:53");
    CHECK_FALSE(read_servers("dns.example.com"));
    CHECK_EQ(servers_of("# x\nnameserver 192.0.2.1\nsearch a\nnameserver fe80::1%eth0\nnameserver ::1\n"),
             "192.0.2.1:53,[::1]:53");
}
