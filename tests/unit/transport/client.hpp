// A server on one end of a socket pair, and the test on the other: what it sends is exactly what arrives.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "identity/kernel.hpp"
#include "transport/server.hpp"

namespace owhale::transport {

class Client;

class Stage {
public:
    explicit Stage(Limits limits = {}, std::vector<Route> more = {});

    Client connect(std::uint32_t uid = 1000);
    // Turns the io loop until `done` says so; false after five seconds.
    bool until(const std::function<bool()>& done);
    // Turns it for as long as something is ready, 40 ms at most.
    void settle();

    asio::io_context io;
    std::vector<std::uint64_t> closed;
    int waits_cut = 0; // handlers of runs.wait that learned that their client went
    int waits_begun = 0;
    bool release_waits = false;
    identity::KernelIdentity identity;
    std::unique_ptr<Server> server;

private:
    std::vector<Route> routes(std::vector<Route> more);
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
