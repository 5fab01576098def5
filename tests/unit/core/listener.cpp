// Where owhaled listens on TCP, and what is said when it cannot.
#include "listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "checks.hpp"

using namespace owhale;

namespace {

sockaddr_storage name_of(const Fd& socket) {
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    CHECK_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
    return name;
}

std::uint16_t port_of(const Fd& socket) {
    const auto name = name_of(socket);
    return ntohs(reinterpret_cast<const sockaddr_in&>(name).sin_port); // at the same place for both families
}

bool can_connect(int family, const char* to, std::uint16_t port) {
    const Fd client(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage name{};
    name.ss_family = static_cast<sa_family_t>(family);
    auto& four = reinterpret_cast<sockaddr_in&>(name);
    auto& six = reinterpret_cast<sockaddr_in6&>(name);
    ::inet_pton(family, to, family == AF_INET ? static_cast<void*>(&four.sin_addr) : &six.sin6_addr);
    four.sin_port = htons(port);
    return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

} // namespace

TEST_CASE("an address is listened on, and no other") {
    const auto four = listen_on_tcp("127.0.0.1:0");
    REQUIRE(four);
    CHECK(can_connect(AF_INET, "127.0.0.1", port_of(*four)));
    CHECK_FALSE(can_connect(AF_INET, "127.0.0.2", port_of(*four)));
    const auto six = listen_on_tcp("[::1]:0");
    REQUIRE(six);
    CHECK_EQ(name_of(*six).ss_family, AF_INET6);
    CHECK(can_connect(AF_INET6, "::1", port_of(*six)));
    const auto any = listen_on_tcp("[::]:0");
    REQUIRE(any);
    CHECK_FALSE(can_connect(AF_INET6, "::ffff:127.0.0.1", port_of(*any))); // IPv6 alone
    CHECK(listen_on_tcp("localhost:0"));
}

TEST_CASE("a port that is taken is a conflict, and says how to find by whom") {
    const auto first = listen_on_tcp("127.0.0.1:0");
    REQUIRE(first);
    const auto second = listen_on_tcp("127.0.0.1:" + std::to_string(port_of(*first)));
    REQUIRE_FALSE(second);
    CHECK_EQ(second.error().code, Code::conflict);
    CHECK(second.error().next.find("ss -ltnp") != std::string::npos);
}

TEST_CASE("a port is free again as soon as its listener is gone") {
    auto first = listen_on_tcp("127.0.0.1:0");
    REQUIRE(first);
    const auto port = port_of(*first);
    CHECK(can_connect(AF_INET, "127.0.0.1", port)); // leaves a connection behind
    first->reset();
    CHECK(listen_on_tcp("127.0.0.1:" + std::to_string(port)));
}

TEST_CASE("what cannot be listened on is refused with a next step") {
    for (const auto* where : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "example.org:7717",
                              "::1:7717", "[127.0.0.1]:7717", "192.0.2.1:7717", "127.0.0.1:7717 "}) {
        CAPTURE(where);
        const auto refused = listen_on_tcp(where);
        REQUIRE_FALSE(refused);
        CHECK_FALSE(refused.error().next.empty());
    }
}
