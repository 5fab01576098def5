// What HTTP through owhaled's egress costs: bytes a second of a large answer, latency of small ones, memory of a quiet
// connection; against the same host without it. With a secret in the run every answer is searched.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "egress/http/http.hpp"
#include "egress/socket_stream.hpp"

namespace asio = boost::asio;
using namespace owhale;
using namespace owhale::egress;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kLarge = 256u << 20;
constexpr int kSmall = 5000, kQuiet = 1000;

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) abort();
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

std::uint16_t listen_on(int& socket) {
    socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::listen(socket, 4096) != 0) abort();
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
    return ntohs(at.sin_port);
}

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string read_head(int socket) {
    std::string head;
    char buffer[4096];
    while (head.find("\r\n\r\n") == std::string::npos) {
        const auto got = ::recv(socket, buffer, sizeof buffer, 0);
        if (got <= 0) return {};
        head.append(buffer, static_cast<std::size_t>(got));
    }
    return head;
}

void play_host(int socket) {
    const std::string block(256u << 10, 'x');
    for (auto head = read_head(socket); !head.empty(); head = read_head(socket)) {
        const bool large = head.find("/large ") != std::string::npos;
        const std::string fields = "HTTP/1.1 200 OK\r\nContent-Length: ";
        send_all(socket, fields + (large ? std::to_string(kLarge) + "\r\n\r\n" : "2\r\n\r\nok"));
        for (std::size_t sent = 0; large && sent < kLarge; sent += block.size()) send_all(socket, block);
    }
    ::close(socket);
}

class DirectGate : public Gate {
public:
    DirectGate(asio::io_context& io, std::uint16_t port) : io_(io), port_(port) {}
    const sandbox::NetRun& run() const override { return run_; }
    asio::awaitable<Result<Permit>> admit(Target target) override { co_return Permit{std::move(target), "bench", 0}; }
    asio::awaitable<Result<std::unique_ptr<Stream>>> dial(const Permit&) override {
        co_return stream_over(io_.get_executor(), Fd(connect_to(port_)), nullptr);
    }
    asio::awaitable<Result<std::unique_ptr<Stream>>> dial_tls(const Permit& permit) override { return dial(permit); }
    bool count(const Permit&, std::uint64_t, std::uint64_t) override { return true; }
    void note_secret(const Permit&, const std::string&) override {}
    void refuse(const Target&, std::string, std::string, std::string) override {}
    sandbox::NetRun run_;

private:
    asio::io_context& io_;
    std::uint16_t port_;
};

double throughput(std::uint16_t port) {
    const int socket = connect_to(port);
    const auto start = Clock::now();
    send_all(socket, "GET http://h.example/large HTTP/1.1\r\nHost: h.example\r\n\r\n");
    std::string buffer(256u << 10, '\0');
    for (std::size_t all = 0; all < kLarge;) {
        const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (got <= 0) abort();
        all += static_cast<std::size_t>(got);
    }
    ::close(socket);
    return static_cast<double>(kLarge) / std::chrono::duration<double>(Clock::now() - start).count() / 1e6;
}

std::pair<double, double> latency(std::uint16_t port) {
    const int socket = connect_to(port);
    std::vector<double> each;
    for (int i = 0; i < kSmall; ++i) {
        const auto start = Clock::now();
        send_all(socket, "GET http://h.example/ HTTP/1.1\r\nHost: h.example\r\n\r\n");
        std::string answer;
        while (!answer.ends_with("ok")) {
            char buffer[1024];
            const auto got = ::recv(socket, buffer, sizeof buffer, 0);
            if (got <= 0) abort();
            answer.append(buffer, static_cast<std::size_t>(got));
        }
        each.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    ::close(socket);
    std::ranges::sort(each);
    return {each[each.size() / 2], each[each.size() * 99 / 100]};
}

std::size_t resident() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0, pages = 0;
    statm >> total >> pages;
    return pages * 4096;
}

void print(const char* name, std::uint16_t port) {
    const auto bytes = throughput(port);
    const auto [p50, p99] = latency(port);
    std::printf("%-9s %8.0f MB/s   small: p50 %6.1f us, p99 %6.1f us\n", name, bytes, p50, p99);
}

struct Proxy {
    Proxy(std::uint16_t host, bool secret) : gate(std::make_shared<DirectGate>(io, host)) {
        if (secret) {
            vault::RunSecret one;
            one.name = "key";
            one.placeholder = "owhale-0123456789abcdef01234567";
            one.header = "authorization";
            one.open = []() -> Result<SecretBytes> {
                return SecretBytes(std::string_view("sk-live-0123456789abcdefghij"));
            };
            gate->run_.secrets.push_back(std::move(one));
        }
        port = listen_on(listener);
        std::thread([this] {
            const auto work = asio::make_work_guard(io);
            io.run();
        }).detach();
        std::thread([this] {
            for (;;) {
                const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
                asio::post(io, [this, client] { serve(client); });
            }
        }).detach();
    }
    void serve(int client) {
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto stream = stream_over(io.get_executor(), Fd(client), nullptr);
        asio::co_spawn(io, serve_http(std::move(*stream), gate, {Front::Kind::proxy, "", 0}), asio::detached);
    }
    asio::io_context io;
    std::shared_ptr<DirectGate> gate;
    int listener = -1;
    std::uint16_t port = 0;
};

} // namespace

int main() {
    ::setvbuf(stdout, nullptr, _IONBF, 0);
    if (::sodium_init() < 0) return 1;
    int listener = -1;
    const auto host = listen_on(listener);
    std::thread([listener] {
        for (;;) std::thread(play_host, ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)).detach();
    }).detach();
    auto* const plain = new Proxy(host, false); // their threads end with the process
    auto* const searched = new Proxy(host, true);
    print("direct", host);
    print("through", plain->port);
    print("searched", searched->port);
    const auto before = resident();
    for (int i = 0; i < kQuiet; ++i) {
        const int socket = connect_to(plain->port); // open to the end
        if (i < 0) ::close(socket);
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
    std::printf("a quiet connection: %.1f KiB\n", static_cast<double>(resident() - before) / kQuiet / 1024);
    std::_Exit(0);
}
