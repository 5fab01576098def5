// A server on one end of a socket pair, and the test on the other: what it sends is exactly what arrives.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fake_identity.hpp"
#include "transport/server.hpp"

namespace owhale::transport {

class Client;

class Stage {
public:
    struct Setup {
        Limits limits;
        Rates rates;
        Tls* tls = nullptr;
        std::vector<config::Address> proxies;
        std::vector<std::string> hosts;
    };
    explicit Stage(Limits limits = {}, std::vector<Route> more = {});
    Stage(std::vector<Route> more, const Setup& setup);

    Client connect(std::uint32_t uid = 1000);
    Client connect_run(std::uint64_t run, std::uint32_t uid = 1000);
    // As one that came over TCP from this address.
    Client connect_tcp(std::string_view address = "192.0.2.1", std::uint32_t uid = ~0u);
    // Turns the io loop until `done` says so; false after five seconds.
    bool until(const std::function<bool()>& done);
    // Turns it for as long as something is ready, 40 ms at most.
    void settle();

    asio::io_context io;
    std::vector<std::uint64_t> closed;
    int waits_cut = 0; // handlers of runs.wait that learned that their client went
    int waits_begun = 0;
    bool release_waits = false;
    std::int64_t now_ns = 1'000'000'000'000; // what the rate limit takes for the time
    FakeIdentity identity;
    RateLimit limit;
    Tickets tickets{[this] { return now_ns; }};
    std::unique_ptr<Server> server;

private:
    std::vector<Route> routes(std::vector<Route> more);
    Client accept(wire::Accepted accepted);
    std::uint64_t last_ = 0;
};

class Client {
public:
    Client(Stage& stage, Fd fd) : stage_(stage), fd_(std::move(fd)) {}

    void send(std::string_view bytes);
    // Everything that came until `enough` or the end of the connection.
    std::string receive(const std::function<bool(const std::string&)>& enough);
    // One response with a Content-Length.
    std::string response();
    std::string ask(std::string_view bytes) {
        send(bytes);
        return response();
    }
    bool at_end();
    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }
    Stage& stage() { return stage_; }

private:
    bool pull();

    Stage& stage_;
    Fd fd_;
    std::string received_;
    bool ended_ = false;
};

inline std::string get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body, std::string_view fields = "") {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}
inline bool status_is(const std::string& response, int status) {
    return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}
inline bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace owhale::transport
