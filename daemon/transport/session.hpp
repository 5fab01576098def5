// One connection: reads requests, runs their handlers, writes the answers, until either side ends it.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "transport/exchange.hpp"
#include "transport/head.hpp"
#include "transport/limits.hpp"
#include "transport/peer.hpp"
#include "transport/router.hpp"

namespace owhale::transport {

class Session : public std::enable_shared_from_this<Session> {
public:
    // `limits`, `router` and `identity` outlive what `ended` holds. `ended` is called once, after the socket is closed.
    Session(std::shared_ptr<Peer> peer, const Limits& limits, const Router& router, identity::Identity& identity,
            std::shared_ptr<Connection> connection, std::function<void()> ended);

    void start();
    // Ends now when it waits for a request, else with the answer it owes.
    void drain();

private:
    asio::awaitable<void> serve();
    asio::awaitable<bool> exchange(); // one request and its answer; false: the connection is over
    asio::awaitable<std::expected<std::string, std::optional<Response>>> read_head();
    asio::awaitable<Result<std::string>> read_body(const Head& head, std::string_view head_text);
    asio::awaitable<bool> dispatch(const Head& head, const std::string& head_text, std::string body);
    asio::awaitable<bool> handle(const Head& head, const Match& match, std::shared_ptr<Request> request);
    asio::awaitable<bool> open_channel(const Head& head, const std::string& head_text, const Match& match,
                                       std::shared_ptr<Request> request);
    // The handler's result; empty when the peer vanished first (the handler then goes on by itself).
    template <typename T>
    asio::awaitable<std::optional<Result<T>>> run(asio::awaitable<Result<T>> handler, std::shared_ptr<Request> request);
    asio::awaitable<bool> fail_with(const Head& head, const Error& error);
    asio::awaitable<bool> answer(const Head& head, const Response& response);
    asio::awaitable<void> refuse(const Response& response);
    Result<identity::Principal> authenticate(const Head& head) const;
    void peer_went();

    std::shared_ptr<Peer> peer_;
    const Limits& limits_;
    const Router& router_;
    identity::Identity& identity_;
    std::shared_ptr<Connection> connection_;
    std::function<void()> ended_;
    bool idle_ = false; // waits for the first byte of a request
    bool draining_ = false;
};

} // namespace owhale::transport
