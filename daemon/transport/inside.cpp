#include "transport/inside.hpp"

#include "metrics/counts.hpp"
#include "transport/gate.hpp"

namespace owhale::transport {
namespace {

// `verb`: null before it is known.
Response refused(const Verb* verb, Response response) {
    metrics::counts().answered(verb, response.status);
    return response;
}

Response unsupported(const Verb& verb) {
    return problem({Code::unsupported, std::string(verb.name) + " has no answer that ends", {}, 0, {}});
}

asio::awaitable<Response> handle(Gate& gate, const Match& match, std::shared_ptr<Request> request) {
    const auto began = std::chrono::steady_clock::now();
    Response response;
    if (match.route->handler) {
        auto handler = match.route->handler(*request);
        auto result = co_await std::move(handler);
        response = result ? std::move(*result) : problem(result.error());
    } else {
        response = unsupported(*match.verb);
    }
    gate.note_refusal(request->connection->peer, request->principal, *match.verb, response);
    metrics::counts().answered(match.verb, response.status);
    metrics::counts().took(*match.verb, std::chrono::steady_clock::now() - began);
    co_return response;
}

} // namespace

std::shared_ptr<Connection> stand_in_for(const Connection& connection) {
    auto out = std::make_shared<Connection>();
    out->number = connection.number;
    out->peer = connection.peer;
    out->socket_address = connection.socket_address;
    out->own_address = connection.own_address;
    out->proxied = connection.proxied;
    out->open = connection.open;
    // What handlers would hang on it is about the connection itself, which others may still use.
    out->on_close.emplace_back([] {});
    return out;
}

asio::awaitable<Response> ask_inside(Gate& gate, Inner inner, std::shared_ptr<Connection> connection,
                                     identity::Principal who) {
    auto target = parse_target(inner.target);
    if (!target) co_return refused(nullptr, problem(target.error()));
    auto pass = gate.enter_again(*connection, who, inner.method, *target);
    if (!pass) co_return refused(nullptr, std::move(pass).error());
    if (pass->match.verb->request.empty() && !inner.body.empty())
        co_return refused(
            pass->match.verb,
            problem({Code::bad_request, std::string(pass->match.verb->name) + " takes no body", {}, 0, {}}));
    std::string act = inner.method + " " + target->path;
    auto proof = co_await gate.prove(*connection, *pass, std::move(act), inner.body);
    if (!proof) co_return refused(pass->match.verb, std::move(proof).error());
    auto request = std::make_shared<Request>(Request{
        std::move(inner.method), std::move(target->path), std::move(pass->match.params), std::move(target->query),
        std::move(inner.headers), std::move(inner.body), connection, std::move(pass->who), *std::move(proof)});
    co_return co_await handle(gate, pass->match, std::move(request));
}

} // namespace owhale::transport
