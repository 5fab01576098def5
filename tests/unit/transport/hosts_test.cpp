#include "transport/hosts.hpp"

#include "transport/forwarded.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::transport;

namespace {

config::Address address(std::string_view text) {
    return config::parse_address(text).value();
}

} // namespace

TEST_CASE("a Unix client calls this machine by its own names") {
    const Hosts hosts({"box.example"});
    for (const auto* host : {"localhost", "LOCALHOST:7717", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:80", "owhaled"})
        CHECK_MESSAGE(hosts.answers_for(host, std::nullopt), host);
    for (const auto* host :
         {"", "evil.example", "box.example", "localhost.evil.example", "localhost:80:80", "localhost:x", "127.0.0.2",
          "[::1]evil", "[::2]", "user@localhost", "localhost:123456", "::1", "[localhost]"})
        CHECK_MESSAGE(!hosts.answers_for(host, std::nullopt), host);
}

TEST_CASE("a TCP client also by the address it connected to, and by the names that were given") {
    const Hosts hosts({"box.example", "2001:db8::7", "10.0.0.9"});
    const auto own = address("192.0.2.7");
    for (const auto* host :
         {"localhost:7717", "127.0.0.1", "192.0.2.7:7717", "BOX.example:7717", "[2001:DB8:0::7]:1", "10.0.0.9"})
        CHECK_MESSAGE(hosts.answers_for(host, own), host);
    for (const auto* host : {"owhaled", "192.0.2.8", "evil.example", "x.box.example", "0.0.0.0",
                             "192.0.2.7.evil.example", "[2001:db8::8]", "2001:db8::7", "0xc0000207", "192.0.519"})
        CHECK_MESSAGE(!hosts.answers_for(host, own), host);
    CHECK(Hosts().answers_for("[2001:db8::1]", address("2001:db8::1")));
    const Hosts wild({"*.example.org"}); // of a certificate
    CHECK(wild.answers_for("box.example.org:1", own));
    for (const auto* host :
         {"example.org", ".example.org", "a.b.example.org", "evilexample.org", "box.example.org.evil"})
        CHECK_MESSAGE(!wild.answers_for(host, own), host);
}

TEST_CASE("X-Forwarded-For is read from the right, through trusted proxies alone") {
    const std::vector<config::Address> proxies = {address("10.0.0.1"), address("10.0.0.2")};
    const auto client = [&](std::string_view socket, std::string_view field) {
        return config::to_text(client_behind(proxies, address(socket), field));
    };
    CHECK_EQ(client("192.0.2.1", "198.51.100.1"), "192.0.2.1"); // not a proxy: its claim is nothing
    CHECK_EQ(client("10.0.0.1", ""), "10.0.0.1");
    CHECK_EQ(client("10.0.0.1", "198.51.100.1"), "198.51.100.1");
    CHECK_EQ(client("10.0.0.1", "1.2.3.4, 198.51.100.1 , 10.0.0.2"), "198.51.100.1");
    CHECK_EQ(client("10.0.0.1", "127.0.0.1, 198.51.100.1"), "198.51.100.1");
    CHECK_EQ(client("10.0.0.1", "198.51.100.1, unknown"), "10.0.0.1");
    CHECK_EQ(client("10.0.0.1", "nonsense, 10.0.0.2"), "10.0.0.2");
    CHECK_EQ(client("10.0.0.1", "10.0.0.2,10.0.0.1"), "10.0.0.2");
    CHECK_EQ(client("10.0.0.1", "::ffff:198.51.100.1"), "198.51.100.1");
}
