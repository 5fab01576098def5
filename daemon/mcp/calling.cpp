// tools/call: a call begun, watched while its client is there, and answered as JSON or as a stream of events.
#include <boost/asio/co_spawn.hpp>

#include <boost/asio/this_coro.hpp>

#include <boost/json/serialize.hpp>

#include "base/log.hpp"
#include "mcp/answers.hpp"
#include "mcp/exchange.hpp"
#include "mcp/percent.hpp"
#include "mcp/tool.hpp"

namespace owhale::mcp {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using transport::Streamed;

constexpr std::string_view kLogLevel = "io.modelcontextprotocol/logLevel";
constexpr std::array<std::string_view, 3> kHints = {"owhale-cwd", "owhale-path", "owhale-home"};

Answer invalid(const Message& message, std::string what) {
    return {error_message(message.id, {kInvalidParams, std::move(what)})};
}

// Whether a notice may be sent as a log message: the client asked for these, or never said that it wants fewer.
bool takes_logs(const Exchange& exchange, const Message& message) {
    if (!exchange.revision->stateless)
        return !exchange.house.calls->is_quiet(exchange.request->who().name, exchange.session());
    const auto* level = message.meta().if_contains(kLogLevel);
    return level != nullptr && level->is_string() &&
           (level->get_string() == "debug" || level->get_string() == "info" || level->get_string() == "notice");
}

std::expected<Call::Birth, Answer> birth_of(const Exchange& exchange, const Message& message) {
    const auto& request = *exchange.request;
    Call::Birth birth;
    birth.ask = exchange.house.ask;
    birth.connection = transport::stand_in_for(*request.connection);
    birth.who = request.who();
    birth.id = message.id;
    if (const auto* token = message.meta().if_contains("progressToken")) {
        if (!is_token(*token))
            return std::unexpected(
                invalid(message, "progressToken must be a string of at most 256 bytes or a whole number"));
        birth.progress = *token;
    }
    birth.logs = takes_logs(exchange, message);
    for (const auto name : kHints) {
        const auto found = request.headers.find(name);
        if (found == request.headers.end()) continue;
        auto text = from_percent(found->second);
        if (!text) return std::unexpected(invalid(message, std::string(name) + " is not percent-encoded UTF-8"));
        birth.hints.emplace(name, *std::move(text));
    }
    return birth;
}

ToolResult too_many() {
    return refused(Error{Code::busy, "too many calls are under way", "wait for one of them", 0, {}});
}

ToolResult thrown_away() {
    log::error("a tool threw");
    return refused(Error{Code::internal, "owhaled met an error of its own; its log says more", {}, 0, {}});
}

std::string as_event(const json::object& message) {
    return "event: message\ndata: " + json::serialize(message) + "\n\n";
}

// What the call says, until its answer; then nothing more.
awaitable<void> stream_call(Exchange exchange, std::shared_ptr<Call> call,
                            [[maybe_unused]] std::shared_ptr<Watch> watch, transport::Outlet& outlet) {
    bool good = true;
    while (good) {
        std::string text;
        while (const auto notification = call->next_notification()) text += as_event(*notification);
        const bool done = call->result() || call->cancelled();
        if (call->result() && !call->cancelled()) text += as_event(answer_of(exchange, *call));
        if (!text.empty()) good = co_await outlet.write(text);
        if (done) co_return;
        if (good && text.empty()) co_await call->wait();
    }
    call->cancel();
}

Streamed stream_of(Exchange exchange, std::shared_ptr<Call> call, std::shared_ptr<Watch> watch) {
    Streamed out;
    out.head.content_type = "text/event-stream";
    out.head.headers.emplace_back("X-Accel-Buffering", "no"); // a proxy that buffers would hold events back
    out.body = [exchange = std::move(exchange), call = std::move(call), watch = std::move(watch)](
                   transport::Outlet& outlet) { return stream_call(exchange, call, watch, outlet); };
    return out;
}

} // namespace

std::expected<std::shared_ptr<Call>, Answer> begin_call(const Exchange& exchange, const Message& message) {
    const auto* name = message.params.if_contains("name");
    const auto* arguments = message.params.if_contains("arguments");
    if (name == nullptr || !name->is_string()) return std::unexpected(invalid(message, "name is missing"));
    if (arguments != nullptr && !arguments->is_object())
        return std::unexpected(invalid(message, "arguments must be an object"));
    const auto* tool = find_tool(name->get_string());
    if (tool == nullptr)
        return std::unexpected(invalid(message, "Unknown tool: " + std::string(name->get_string()).substr(0, 64)));
    auto birth = birth_of(exchange, message);
    if (!birth) return std::unexpected(std::move(birth).error());
    birth->executor = exchange.executor;
    auto call = std::make_shared<Call>(*std::move(birth));
    auto place = exchange.house.calls->take(call, exchange.session());
    if (!place) {
        call->finish(too_many());
        return call;
    }
    auto work = tool->run(call, arguments != nullptr ? arguments->get_object() : json::object{});
    asio::co_spawn(exchange.executor, std::move(work),
                   [call, place](const std::exception_ptr& thrown, ToolResult result) {
                       call->finish(thrown ? thrown_away() : std::move(result));
                   });
    return call;
}

json::object answer_of(const Exchange& exchange, const Call& call) {
    const auto& result = *call.result();
    return result_message(call.id(), exchange.complete({{"content", {{{"type", "text"}, {"text", result.text}}}},
                                                        {"structuredContent", result.structured},
                                                        {"isError", result.is_error}}));
}

awaitable<Result<Streamed>> answer_call(Exchange exchange, Message message) {
    exchange.executor = co_await asio::this_coro::executor;
    auto begun = begin_call(exchange, message);
    if (!begun) co_return plain(begun.error().body, begun.error().status);
    const auto call = *begun;
    std::vector<std::shared_ptr<Call>> calls{call};
    auto watch = std::make_shared<Watch>(exchange.request->connection, std::move(calls));
    const bool streams = exchange.accepts_stream();
    while (!call->result() && !call->cancelled() && !(streams && call->has_notifications())) co_await call->wait();
    if (call->result() && !call->cancelled()) co_return plain(answer_of(exchange, *call));
    if (!streams) co_return accepted(); // given up: there is nothing to say
    co_return stream_of(std::move(exchange), call, std::move(watch));
}

Watch::Watch(std::shared_ptr<transport::Connection> connection, std::vector<std::shared_ptr<Call>> calls)
    : connection_(std::move(connection)), before_(std::exchange(connection_->on_close, {})) {
    connection_->on_close.emplace_back([before = before_, calls = std::move(calls)] {
        for (const auto& callback : before) callback();
        for (const auto& call : calls) call->cancel();
    });
    if (!connection_->open)
        for (const auto& callback : std::exchange(connection_->on_close, {})) callback();
}

Watch::~Watch() {
    if (connection_->open) connection_->on_close = std::move(before_);
}

Streamed plain(const json::value& body, unsigned status, std::vector<std::pair<std::string, std::string>> headers) {
    Streamed out;
    out.head.status = status;
    out.head.body = json::serialize(body);
    out.head.headers = std::move(headers);
    return out;
}

Streamed accepted() {
    constexpr unsigned kAccepted = 202;
    Streamed out;
    out.head.status = kAccepted;
    return out;
}

} // namespace owhale::mcp
