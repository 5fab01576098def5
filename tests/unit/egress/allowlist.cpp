// Host rules: what they let through, and which spellings are none.
#include "egress/allowlist.hpp"

#include "checks.hpp"
#include "sandbox/host_rule.hpp"
#include "shared/host_text.hpp"

using namespace owhale;
using namespace owhale::egress;

namespace {

Result<api::HostRule> read_rule(std::string_view text) {
    return sandbox::checked(TRY(parse_host(text)));
}

api::HostRule rule(const std::string& text) {
    auto read = read_rule(text);
    REQUIRE_MESSAGE(read, text << ": " << (read ? "" : read.error().message));
    read->from = "request";
    return *read;
}

bool lets(const std::string& text, const std::string& host, std::uint16_t port = 443) {
    return Allowlist({rule(text)}).find({host, port, {}, {}, false}).allowed;
}

std::string kind(const char* address) {
    const auto* found = special(boost::asio::ip::make_address(address));
    return found == nullptr ? "" : std::string(found->name);
}

} // namespace

TEST_CASE("names are exact, wildcards stand for labels before them") {
    CHECK(lets("api.example.com", "api.example.com"));
    CHECK(lets("API.Example.COM.", "api.example.com"));
    CHECK(lets("api.example.com", "api.example.com", 80));
    CHECK_FALSE(lets("api.example.com", "api.example.com", 8443));
    CHECK_FALSE(lets("api.example.com", "xapi.example.com"));
    CHECK_FALSE(lets("api.example.com", "api.example.com.evil.org"));
    CHECK(lets("*.example.com", "a.example.com"));
    CHECK(lets("*.example.com", "a.b.example.com"));
    CHECK_FALSE(lets("*.example.com", "example.com"));
    CHECK_FALSE(lets("*.example.com", "evilexample.com"));
    CHECK(lets("api.example.com:22", "api.example.com", 22));
    CHECK_FALSE(lets("api.example.com:22", "api.example.com", 443));
}

TEST_CASE("what is no rule") {
    for (const auto* text : {"",
                             ".",
                             "*",
                             "*.com",
                             "*.*.com",
                             "a..b",
                             "-a.com",
                             "a-.com",
                             "a b.com",
                             "a/b",
                             "http://a.com",
                             "a.com:0",
                             "a.com:",
                             "a.com:65536",
                             "a.com:+1",
                             "a.com:1:2",
                             "127.1",
                             "0x7f.1",
                             "2130706433",
                             "0177.0.0.1",
                             "127.0.0.1",
                             "10.0.0.0/33:1",
                             "10.0.0.0/-1:1",
                             "[::1",
                             "::1]:80",
                             "[::1]",
                             "fe80::1%lo:80",
                             "bücher.example",

                             "@",
                             "@a/b",
                             "*.1.2.3",
                             "*.127.0.0.1:80",
                             "user@host"})
        CHECK_MESSAGE(!read_rule(text), text);
    CHECK_FALSE(read_rule(std::string(254, 'a')));
    CHECK_FALSE(read_rule(std::string(64, 'a') + ".com"));
    CHECK(read_rule("@npm"));
    CHECK(read_rule("_dmarc.example.com"));
    CHECK(read_rule("xn--bcher-kva.example"));
    CHECK_EQ(sandbox::text_of(rule("[2001:db8::1]:80")), "[2001:db8::1]:80");
    CHECK_EQ(sandbox::text_of(rule("10.0.0.0/8:80")), "10.0.0.0/8:80");
}

TEST_CASE("addresses and ranges, with their ports") {
    CHECK(lets("127.0.0.1:8080", "127.0.0.1", 8080));
    CHECK_FALSE(lets("127.0.0.1:8080", "127.0.0.1", 8081));
    CHECK_FALSE(lets("127.0.0.1:8080", "127.0.0.2", 8080));
    CHECK(lets("10.0.0.0/8:443", "10.255.1.2"));
    CHECK_FALSE(lets("10.0.0.0/8:443", "11.0.0.1"));
    CHECK(lets("[2001:db8::]/32:443", "2001:db8:1::2"));
    CHECK_FALSE(lets("[2001:db8::]/32:443", "2001:db9::2"));
    CHECK(lets("[::1]:443", "::1"));
    CHECK(lets("0.0.0.0/0:443", "9.9.9.9"));
}

TEST_CASE("a wide range does not name what is special in it") {
    for (const auto* inner : {"127.0.0.1", "169.254.169.254", "10.0.0.1", "0.0.0.0", "224.0.0.1", "192.168.1.1"})
        CHECK_MESSAGE(!lets("0.0.0.0/0:443", inner), inner);
    CHECK_FALSE(lets("[::]/0:443", "::1"));
    CHECK_FALSE(lets("[::]/0:443", "64:ff9b::7f00:1"));
    CHECK_FALSE(lets("[::]/0:443", "fd00:ec2::254"));
    CHECK_FALSE(lets("169.254.0.0/16:443", "169.254.169.254"));
    CHECK(lets("169.254.169.254:443", "169.254.169.254"));
    CHECK(lets("192.168.0.0/16:443", "192.168.7.7"));
}

TEST_CASE("methods and paths, by whole segments") {
    auto narrow = rule("api.example.com");
    narrow.methods = {"GET"};
    narrow.paths = {"/v1"};
    const Allowlist list({narrow});
    CHECK(list.find({"api.example.com", 443, "GET", "/v1/models", false}).allowed);
    CHECK(list.find({"api.example.com", 443, "GET", "/v1", false}).allowed);
    CHECK_FALSE(list.find({"api.example.com", 443, "GET", "/v10", false}).allowed);
    CHECK_FALSE(list.find({"api.example.com", 443, "POST", "/v1/models", false}).allowed);
    const auto opaque = list.find({"api.example.com", 443, {}, {}, false});
    CHECK_FALSE(opaque.allowed);
    CHECK(opaque.hidden);
    CHECK(list.find({"api.example.com", 443, {}, {}, true}).allowed);
}

TEST_CASE("a path has one spelling") {
    CHECK_EQ(normal_path("/a%7Eb%2d?x=/../").value_or("-"), "/a~b-");
    CHECK_EQ(normal_path("/a%c3%a4").value_or("-"), "/a%C3%A4");
    CHECK_EQ(normal_path("").value_or("-"), "/");
    for (const auto* text :
         {"/a/../b", "/a/%2e%2E/b", "/./a", "/a/..;x/b", "/a/..%2fb", "/a%2F..%2fb", "/a%5cb", "/a\\b", "/a%00",
          "/a%0a", "/a b", "/a%", "/a%4", "/a%zz", "a/b", "/\x7f", "/\xc3\xa4", "//a/.."})
        CHECK_MESSAGE(!normal_path(text), text);
    CHECK(path_within("/v1/x", "/v1/"));
    CHECK(path_within("/x", "/"));
}

TEST_CASE("addresses that are no ordinary host") {
    CHECK_EQ(kind("127.0.0.1"), "loopback");
    CHECK_EQ(kind("127.255.255.254"), "loopback");
    CHECK_EQ(kind("0.0.0.0"), "unspecified");
    CHECK_EQ(kind("169.254.169.254"), "metadata");
    CHECK_EQ(kind("169.254.1.1"), "link-local");
    CHECK_EQ(kind("10.0.0.1"), "private");
    CHECK_EQ(kind("172.31.0.1"), "private");
    CHECK_EQ(kind("172.32.0.1"), "");
    CHECK_EQ(kind("192.168.0.1"), "private");
    CHECK_EQ(kind("100.64.0.1"), "shared");
    CHECK_EQ(kind("255.255.255.255"), "broadcast");
    CHECK_EQ(kind("239.1.1.1"), "multicast");
    CHECK_EQ(kind("198.19.0.1"), "benchmarking");
    CHECK_EQ(kind("9.9.9.9"), "");
    CHECK_EQ(kind("::1"), "loopback");
    CHECK_EQ(kind("::"), "unspecified");
    CHECK_EQ(kind("fe80::1"), "link-local");
    CHECK_EQ(kind("fd00:ec2::254"), "metadata");
    CHECK_EQ(kind("fd12::1"), "private");
    CHECK_EQ(kind("ff02::1"), "multicast");
    CHECK_EQ(kind("::ffff:127.0.0.1"), "loopback");
    CHECK_EQ(kind("::127.0.0.1"), "reserved");
    CHECK_EQ(kind("64:ff9b::a9fe:a9fe"), "metadata");
    CHECK_EQ(kind("2002:7f00:1::"), "loopback");
    CHECK_EQ(kind("2001:0:1:1:0:0:80ff:fffe"), "loopback");
    CHECK_EQ(kind("2606:4700::1111"), "");
    CHECK_EQ(kind("2606:4700::5efe:7f00:1"), "loopback");
}
