#include "mcp/batch.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <vector>

namespace owhale::mcp {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using transport::Streamed;

constexpr std::size_t kMost = 32;
constexpr unsigned kBadRequest = 400;

Streamed refuse(const RpcError& error) {
    return plain(error_message(nullptr, error), kBadRequest);
}

struct Begun { // of the messages of a batch
    json::array answers;
    std::vector<std::shared_ptr<Call>> calls;
};

void begin(const Exchange& exchange, json::value&& value, Begun& begun) {
    const auto message = read_message(std::move(value));
    if (!message) return begun.answers.push_back(error_message(message.error().id, message.error().error));
    if (message->kind != Message::Kind::request) return exchange.take(*message);
    if (message->method == "initialize")
        return begun.answers.push_back(error_message(message->id, {kInvalidRequest, "initialize comes alone"}));
    if (message->method != "tools/call") return begun.answers.push_back(exchange.answer(*message).body);
    auto call = begin_call(exchange, *message);
    if (!call) return begun.answers.push_back(std::move(call.error().body));
    begun.calls.push_back(*std::move(call));
}

} // namespace

awaitable<Result<Streamed>> answer_batch(House house, std::shared_ptr<transport::Request> request,
                                         json::value messages) {
    const auto revision = revision_of_batch(request->headers);
    if (!revision) co_return refuse(revision.error());
    auto& all = messages.get_array();
    if (all.empty()) co_return refuse({kInvalidRequest, "a batch without messages"});
    if (all.size() > kMost) co_return refuse({kInvalidRequest, "a batch has at most 32 messages"});
    const auto executor = co_await asio::this_coro::executor;
    const Exchange exchange{std::move(house), request, *revision, executor};
    Begun begun;
    for (auto& one : all) begin(exchange, std::move(one), begun);
    const Watch watch(request->connection, begun.calls);
    for (const auto& call : begun.calls)
        while (!call->result() && !call->cancelled()) co_await call->wait();
    for (const auto& call : begun.calls)
        if (call->result() && !call->cancelled()) begun.answers.push_back(answer_of(exchange, *call));
    if (begun.answers.empty()) co_return accepted();
    co_return plain(std::move(begun.answers));
}

} // namespace owhale::mcp
