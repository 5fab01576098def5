#include "spawner/socket_table.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

// A connection over loopback, both ends ours.
struct Pair {
    Pair(int listen_family, const char* listen_on, int client_family, const char* connect_to) {
        const Fd listener(::socket(listen_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int off = 0;
        if (listen_family == AF_INET6) ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        auto at = address(listen_family, listen_on, 0);
        REQUIRE_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        REQUIRE_EQ(::listen(listener.get(), 1), 0);
        socklen_t length = sizeof at;
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &length);
        auto to = address(client_family, connect_to, reinterpret_cast<sockaddr_in&>(at).sin_port);
        client.reset(::socket(client_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        server.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        REQUIRE(server);
    }
    static sockaddr_storage address(int family, const char* text, in_port_t port) {
        sockaddr_storage storage{};
        storage.ss_family = static_cast<sa_family_t>(family);
        auto& four = reinterpret_cast<sockaddr_in&>(storage);
        auto& six = reinterpret_cast<sockaddr_in6&>(storage);
        REQUIRE_EQ(::inet_pton(family, text, family == AF_INET ? static_cast<void*>(&four.sin_addr) : &six.sin6_addr),
                   1);
        four.sin_port = port; // at the same place for both
        return storage;
    }
    Fd client, server;
};

} // namespace

TEST_CASE("a connection from this machine has an owner, over each kind of address") {
    const auto table = SocketTable::open();
    REQUIRE(table);
    struct Row {
        int listen_family;
        const char* listen_on;
        int client_family;
        const char* connect_to;
    };
    for (const auto& [lf, lo, cf, ct] : {
             Row{AF_INET, "127.0.0.1", AF_INET, "127.0.0.1"},
             Row{AF_INET, "127.0.0.9", AF_INET, "127.0.0.9"},
             Row{AF_INET6, "::1", AF_INET6, "::1"},
             Row{AF_INET6, "::", AF_INET, "127.0.0.1"},
             Row{AF_INET, "127.0.0.1", AF_INET6, "::ffff:127.0.0.1"},
             Row{AF_INET6, "::", AF_INET6, "::ffff:127.0.0.1"},
         }) {
        CAPTURE(lo);
        CAPTURE(ct);
        const Pair pair(lf, lo, cf, ct);
        const auto peer = table->find_peer(pair.server.get());
        REQUIRE(peer);
        CHECK(peer->where == TcpPeer::Where::here);
        CHECK_EQ(peer->uid, ::getuid());
        CHECK_NE(peer->port, 0);
    }
}

TEST_CASE("a half-closed connection still has one; a closed one has none") {
    const auto table = SocketTable::open();
    REQUIRE(table);
    Pair pair(AF_INET, "127.0.0.1", AF_INET, "127.0.0.1");
    REQUIRE_EQ(::write(pair.client.get(), "x", 1), 1);
    ::shutdown(pair.client.get(), SHUT_WR);
    auto peer = table->find_peer(pair.server.get());
    REQUIRE(peer);
    CHECK(peer->where == TcpPeer::Where::here);
    pair.client.reset();
    peer = table->find_peer(pair.server.get());
    if (peer) CHECK(peer->where == TcpPeer::Where::unaccounted);
}

TEST_CASE("a listener at the peer's address is not taken for the peer") {
    const auto table = SocketTable::open();
    REQUIRE(table);
    Pair pair(AF_INET, "127.0.0.1", AF_INET, "127.0.0.1");
    sockaddr_storage at{};
    socklen_t length = sizeof at;
    ::getsockname(pair.client.get(), reinterpret_cast<sockaddr*>(&at), &length);
    const int on = 1;
    const linger at_once{1, 0};
    ::setsockopt(pair.client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::shutdown(pair.client.get(), SHUT_WR);
    pair.client.reset();
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), length) != 0) return; // the kernel keeps the address
    REQUIRE_EQ(::listen(listener.get(), 1), 0);
    const auto peer = table->find_peer(pair.server.get());
    if (peer) CHECK(peer->where == TcpPeer::Where::unaccounted);
}
