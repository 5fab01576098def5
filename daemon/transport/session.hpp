// One connection: reads requests, runs their handlers, writes the answers, until either side ends it.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "transport/body_budget.hpp"
#include "transport/exchange.hpp"
#include "transport/gate.hpp"
#include "transport/head.hpp"
#include "transport/hosts.hpp"
#include "transport/limits.hpp"
#include "transport/peer.hpp"
#include "transport/tls.hpp"

namespace owhale::transport {

// What all sessions of a server share; it outlives what their `ended` holds.
struct House {
    Limits limits;
    Gate& gate;
    RateLimit& limit;
    Hosts hosts;
    Tls* tls = nullptr;                                                     // null: TCP is plain
    std::size_t handshakes = 0;                                             // under way
    std::shared_ptr<std::size_t> bodies = std::make_shared<std::size_t>(0); // bytes of those under way
};

class Session : public std::enable_shared_from_this<Session> {
public:
    // `ended` is called once, after the socket is closed.
    Session(std::shared_ptr<Peer> peer, House& house, std::shared_ptr<Connection> connection,
            std::function<void()> ended);

    void start();
    // Ends now when it waits for a request, else with the answer it owes; who follows the audit log asks for more of it
    // until drain_last().
    void drain();
    void drain_last();
    bool follows() const { return connection_->follows; }
    // Whether it may be ended to make room: a TCP connection that nobody has shown a token on, which waits for its
    // client: for a handshake, a head, a body, or the taking of an answer.
    bool is_expendable() const {
        return waiting_ && !given_up_ && !known_ && connection_->peer.kind == identity::Peer::Kind::tcp;
    }
    void end() {
        waiting_ = false; // not a second time
        given_up_ = true;
        peer_->cancel();
    }

    // Ends now, whatever is under way: who speaks on it is believed no more.
    void cut();
    const Connection& connection() const { return *connection_; }

private:
    static constexpr std::chrono::milliseconds kLinger{2000};
    asio::awaitable<void> serve();
    asio::awaitable<bool> shake_hands();
    asio::awaitable<bool> exchange(); // one request and its answer; false: the connection is over
    asio::awaitable<std::expected<std::string, std::optional<Response>>> read_head();
    asio::awaitable<Result<std::string>> read_body(const Head& head, std::string_view head_text, BodyShare& share,
                                                   std::chrono::milliseconds patience);
    asio::awaitable<bool> enter(Head& head, const std::string& head_text);
    asio::awaitable<bool> dispatch(const Head& head, const std::string& head_text, Target target, Pass pass,
                                   std::string body);
    asio::awaitable<bool> handle(const Head& head, const Match& match, std::shared_ptr<Request> request);
    asio::awaitable<bool> open_channel(const Head& head, const std::string& head_text, const Match& match,
                                       std::shared_ptr<Request> request);
    asio::awaitable<bool> stream(const Head& head, const Match& match, std::shared_ptr<Request> request);
    // The handler's result; empty when the peer vanished first (the handler then goes on by itself).
    template <typename T>
    asio::awaitable<std::optional<Result<T>>> run(asio::awaitable<Result<T>> handler, std::shared_ptr<Request> request);
    asio::awaitable<bool> fail_with(const Head& head, const Error& error);
    asio::awaitable<bool> answer(const Head& head, const Response& response);
    asio::awaitable<bool> turn_away(const Head& head, std::string_view head_text, const Response& response);
    asio::awaitable<void> refuse(const Response& response, std::chrono::milliseconds linger = kLinger);
    std::size_t most_bodies() const;
    void count_refusal(const Error& error) const;
    Status check_hosts(const Head& head, const Target& target) const;
    std::optional<Response> page_at(const Head& head, const Target& target) const;
    void peer_went();

    std::shared_ptr<Peer> peer_;
    House& house_;
    std::shared_ptr<Connection> connection_;
    std::function<void()> ended_;
    std::chrono::steady_clock::time_point began_; // when the head of the request at hand was there
    bool idle_ = false;                           // waits for the first byte of a request
    bool waiting_ = true;                         // for the client, not for a handler
    bool given_up_ = false;                       // another has its place: nothing is read or answered any more
    bool known_ = false;                          // a request of somebody with a name came
    bool draining_ = false;
    bool ending_ = false;    // it stays as a follower alone
    bool streaming_ = false; // an answer without an end is under way
};

} // namespace owhale::transport
