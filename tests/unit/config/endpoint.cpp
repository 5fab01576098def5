#include "config/endpoint.hpp"

#include "config/lists.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::config;

TEST_CASE("an endpoint is an address with a port, in one spelling") {
    const auto spelt = [](const char* text) { return to_text(**parse_endpoint(text)); };
    CHECK_EQ(spelt("127.0.0.1:7717"), "127.0.0.1:7717");
    CHECK_EQ(spelt("localhost:80"), "127.0.0.1:80");
    CHECK_EQ(spelt("[::1]:7717"), "[::1]:7717");
    CHECK_EQ(spelt("[::ffff:10.0.0.1]:1"), "10.0.0.1:1");
    CHECK_EQ(spelt("[2001:DB8:0::1]:65535"), "[2001:db8::1]:65535");
    CHECK_EQ(spelt("0.0.0.0:7717"), "0.0.0.0:7717");
    CHECK_EQ(spelt("127.0.0.1:0"), "127.0.0.1:0");
    CHECK_FALSE(parse_endpoint("off")->has_value());
}

TEST_CASE("what is no endpoint is refused") {
    for (const char* text : {"",
                             "on",
                             ":",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1: 1",
                             "::1:7717",
                             "[::1]",
                             "[127.0.0.1]:1",
                             "example.org:7717",
                             "LOCALHOST:1",
                             "[localhost]:1",
                             "127.1:1",
                             "*:7717",
                             "[fe80::1%lo]:1",
                             "127.0.0.1:1x",
                             "0x7f000001:1",
                             "256.0.0.1:1"})
        CHECK_MESSAGE(parse_endpoint(text).error().code == Code::invalid_value, text);
    CHECK_FALSE(parse_address(std::string_view("127.0.0.1\0.evil", 15)).has_value());
}

TEST_CASE("loopback is 127.0.0.0/8 and ::1, mapped or not") {
    for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.2"})
        CHECK_MESSAGE(is_loopback(*parse_address(text)), text);
    for (const char* text : {"0.0.0.0", "::", "128.0.0.1", "::2", "1::1", "10.0.0.1"})
        CHECK_MESSAGE(!is_loopback(*parse_address(text)), text);
}

TEST_CASE("lists are parted by spaces and commas, and name the word that is wrong") {
    CHECK_EQ(*parse_hosts(" Box.example, 10.0.0.1,2001:db8::1  x "),
             std::vector<std::string>{"box.example", "10.0.0.1", "2001:db8::1", "x"});
    for (const char* text : {"*", "a b:1", "a_b", "[::1]", ".a", "a.", "-a", "http://a", "b\x01"})
        CHECK_MESSAGE(parse_hosts(text).error().code == Code::invalid_value, text);
    CHECK_EQ(parse_proxies("10.0.0.1 ::1")->size(), 2);
    CHECK_FALSE(parse_proxies("10.0.0.0/8").has_value());
    CHECK_FALSE(parse_proxies("proxy.example").has_value());
    std::string many;
    for (int i = 0; i < 65; ++i) many += "10.0.0.1 ";
    CHECK_FALSE(parse_proxies(many).has_value());
    CHECK(check_unix_roles("alice=agent,auditor @sudo=admin *=agent 1000=agent").has_value());
    for (const char* text : {"alice", "=agent", "alice=", "a=b=c", "alice=agent bob"})
        CHECK_MESSAGE(check_unix_roles(text).error().code == Code::invalid_value, text);
}
