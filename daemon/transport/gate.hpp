// Who asks, how often, with what proof: all that stands between a request's head and its handler.
//
// The order is the design's: who it is (once a request, by its peer and its token, signature or ticket), how often that may
// come, whether the verb is permitted; and when the body is there, whether it is what was signed, and the proof of the password
// for verbs that ask for one: a device's signature is one. gate.cpp is before the body, gate_prove.cpp after it. Caps on
// connections come before, in the server. An Authorization header never travels beyond this machine in the clear:
// owhaled does not start with plain TCP on an address that is not loopback.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "config/endpoint.hpp"
#include "transport/exchange.hpp"
#include "transport/head.hpp"
#include "transport/rate_limit.hpp"
#include "transport/router.hpp"
#include "transport/tickets.hpp"

namespace owhale::transport {

// What came through the gate.
struct Pass {
    Match match;
    identity::Principal who;
    std::string password; // of the Owhale-Password header, still in base64; "" none. Wiped by the gate.
};

class Gate {
public:
    // All of it outlives the gate.
    // `tickets`: null where none are made.
    Gate(const Router& router, identity::Identity& identity, RateLimit& limit, std::vector<config::Address> proxies,
         Tickets* tickets = nullptr)
        : router_(router), identity_(identity), limit_(limit), proxies_(std::move(proxies)), tickets_(tickets) {}

    // After the head. Takes Authorization, Owhale-Password, signature and ticket out of it: nothing later sees them.
    std::expected<Pass, Response> enter(Connection& connection, Head& head, const Target& target);
    // The same of a request that a handler makes in the name of `who`, known already by the connection or a token.
    std::expected<Pass, Response> enter_again(const Connection& connection, const identity::Principal& who,
                                              const std::string& method, const Target& target);
    // After the body: whether the asker still may, and where the verb asks for step-up how it was proved; or the
    // refusal. `pass.who` is as of then.
    asio::awaitable<std::expected<Proof, Response>> prove(const Connection& connection, Pass& pass, std::string act,
                                                          std::string_view body);
    // Has the refusal of a verb that decides who may do what written down; of other answers and verbs nothing. The gate
    // does so for its own refusals; who answers for a handler does it for the handler's.
    void note_refusal(const identity::Peer& peer, const identity::Principal& who, const Verb& verb,
                      const Response& response);
    // Has it written down that a peer asked too often; summed under a flood.
    void note_limit(const identity::Peer& peer, const Excess& excess);

private:
    std::expected<identity::Principal, Response> authenticate(const identity::Peer& peer, std::string_view credentials);
    std::expected<identity::Principal, Response> of_signature(const identity::Peer& peer,
                                                              const identity::SignedHead& head);
    std::expected<identity::Principal, Response> of_ticket(const identity::Peer& peer, const std::string& ticket,
                                                           const std::string& path);
    Verdict count(const identity::Peer& peer, const identity::Principal& who, const Match* match);
    std::expected<Match, Response> admit(const identity::Peer& peer, const identity::Principal& who,
                                         const std::string& method, const Target& target);
    std::expected<void, Response> check_body(const Connection& connection, Pass& pass, std::string_view body);
    std::expected<void, Response> ask_again(const Connection& connection, Pass& pass);
    asio::awaitable<std::expected<void, Response>> prove_password(const Connection& connection, Pass& pass);
    Response limited(const identity::Peer& peer, const Excess& excess);
    void see_through_proxy(Connection& connection, const Head& head) const;

    const Router& router_;
    identity::Identity& identity_;
    RateLimit& limit_;
    std::vector<config::Address> proxies_;
    Tickets* tickets_;
};

} // namespace owhale::transport
