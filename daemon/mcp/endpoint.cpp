#include "mcp/endpoint.hpp"

#include <boost/asio/this_coro.hpp>

#include "mcp/batch.hpp"
#include "mcp/exchange.hpp"
#include "shared/codec.hpp"

namespace owhale::mcp {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using transport::Request;
using transport::Streamed;

constexpr unsigned kBadRequest = 400;

RpcError not_json(const Error& error) {
    const bool malformed = error.code == Code::malformed_json;
    return {malformed ? kParseError : kInvalidRequest, error.message, nullptr, kBadRequest};
}

awaitable<Result<Streamed>> one(House house, std::shared_ptr<Request> request, json::value value) {
    auto message = read_message(std::move(value));
    if (!message) co_return plain(error_message(message.error().id, message.error().error), kBadRequest);
    const auto revision = revision_of(request->headers, *message);
    if (!revision) co_return plain(error_message(message->id, revision.error()), revision.error().status);
    Exchange exchange{std::move(house), std::move(request), *revision};
    if (message->kind != Message::Kind::request) {
        exchange.take(*message);
        co_return accepted();
    }
    if (message->method == "tools/call") co_return co_await answer_call(std::move(exchange), *std::move(message));
    auto answer = exchange.answer(*message);
    co_return plain(std::move(answer.body), answer.status, std::move(answer.headers));
}

awaitable<Result<Streamed>> post(House house, Request& given) {
    auto request = std::make_shared<Request>(std::move(given)); // what streams outlives the handler
    given.principal = request->principal;                       // its session still looks at these
    given.connection = request->connection;
    auto value = codec::parse(request->body, "body");
    request->body.clear();
    if (!value) co_return plain(error_message(nullptr, not_json(value.error())), kBadRequest);
    if (value->is_array()) co_return co_await answer_batch(std::move(house), std::move(request), std::move(*value));
    co_return co_await one(std::move(house), std::move(request), std::move(*value));
}

} // namespace

transport::Route route(Parts parts) {
    const House house{std::move(parts.ask), std::move(parts.version), std::make_shared<Calls>()};
    return {"mcp", {}, {}, [house](Request& request) {
                auto copy = house;
                return post(std::move(copy), request);
            }};
}

} // namespace owhale::mcp
