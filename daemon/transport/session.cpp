#include "transport/session.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "transport/answer.hpp"
#include "transport/body.hpp"
#include "transport/websocket.hpp"

namespace owhale::transport {
namespace {

constexpr std::size_t kOneWrite = 64u << 10;   // up to here, head and body leave in one system call
constexpr std::size_t kLingerBytes = 4u << 20; // of a refused body, taken and thrown away
constexpr std::chrono::seconds kLinger{2};

Response with_status(unsigned status, const Error& error) {
    auto changed = problem(error);
    const auto was = std::to_string(changed.status);
    if (const auto at = changed.body.find("\"status\":" + was); at != std::string::npos)
        changed.body.replace(at + 9, was.size(), std::to_string(status));
    changed.status = status;
    return changed;
}

Error error_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        log::error("a handler threw", {{"what", error.what()}});
    } catch (...) {
        log::error("a handler threw something unknown");
    }
    return {Code::internal, "owhaled met an error of its own; its log says more", {}, 0, {}};
}

// What may be asked of a body before it is read.
Status check_body(const Head& head, const Limits& limits) {
    if (head.content_length.value_or(0) > limits.max_body)
        return fail(Code::body_too_large, "the body is over " + std::to_string(limits.max_body) + " bytes");
    if (head.field("content-type").starts_with("multipart/"))
        return fail(Code::bad_request, "a multipart body is not JSON", "Send Content-Type: application/json.");
    if (const auto coding = head.field("content-encoding"); !coding.empty() && coding != "identity")
        return fail(Code::bad_request, "a compressed body is not taken", "Send no Content-Encoding.");
    if (head.has_body() && head.upgrade()) return fail(Code::bad_request, "an upgrade with a body");
    const auto expect = head.field("expect");
    if (!expect.empty() && expect != "100-continue")
        return fail(Code::bad_request, "the only Expect known is 100-continue");
    return {};
}

} // namespace

Session::Session(std::shared_ptr<Peer> peer, const Limits& limits, const Router& router, identity::Identity& identity,
                 std::shared_ptr<Connection> connection, std::function<void()> ended)
    : peer_(std::move(peer)), limits_(limits), router_(router), identity_(identity), connection_(std::move(connection)),
      ended_(std::move(ended)) {}

void Session::start() {
    asio::co_spawn(peer_->socket().get_executor(), serve(), [self = shared_from_this()](std::exception_ptr thrown) {
        if (thrown) error_of(thrown);
        self->peer_went();
        self->peer_->close();
        self->ended_();
    });
}

void Session::drain() {
    draining_ = true;
    if (idle_) peer_->cancel();
}

void Session::peer_went() {
    connection_->open = false;
    for (const auto& callback : std::exchange(connection_->on_close, {})) callback();
}

asio::awaitable<void> Session::serve() {
    for (bool more = true; more && !draining_;) more = co_await exchange(); // GCC 12: no co_await in a condition
}

asio::awaitable<bool> Session::exchange() {
    const auto text = co_await read_head();
    if (!text) {
        if (const auto& response = text.error()) co_await refuse(*response);
        co_return false;
    }
    const auto head = parse_head(*text);
    auto good = head ? check_origin(*head) : Status(std::unexpected(head.error()));
    if (good) good = check_body(*head, limits_);
    if (!good) {
        const auto response = problem(good.error());
        co_await refuse(response);
        co_return false;
    }
    auto body = co_await read_body(*head, *text);
    if (!body) {
        const auto response = problem(body.error());
        co_await refuse(response);
        co_return false;
    }
    co_return co_await dispatch(*head, *text, *std::move(body));
}

asio::awaitable<std::expected<std::string, std::optional<Response>>> Session::read_head() {
    auto& input = peer_->input();
    if (input.empty()) {
        std::string().swap(input);
        idle_ = true;
        peer_->arm(limits_.idle_timeout);
        const bool some = co_await peer_->fill();
        idle_ = false;
        if (!some) co_return std::unexpected(std::nullopt);
    }
    peer_->arm(limits_.head_timeout);
    for (std::size_t searched = 0;;) {
        if (const auto end = input.find("\r\n\r\n", searched); end != std::string::npos && end + 4 <= kMaxHead) {
            peer_->disarm();
            auto text = input.substr(0, end + 4);
            input.erase(0, end + 4);
            co_return text;
        }
        if (!clean_so_far(input, searched))
            co_return std::unexpected(
                problem({Code::bad_request, "this is not HTTP/1.1 with CRLF line ends", {}, 0, {}}));
        if (input.size() >= kMaxHead)
            co_return std::unexpected(
                with_status(431, {Code::bad_request, "the request head is over 16 KiB", {}, 0, {}}));
        searched = input.size() > 3 ? input.size() - 3 : 0;
        const bool some = co_await peer_->fill();
        if (some) continue;
        if (!peer_->late()) co_return std::unexpected(std::nullopt);
        co_return std::unexpected(with_status(408, {Code::bad_request, "the request head took too long", {}, 0, {}}));
    }
}

asio::awaitable<Result<std::string>> Session::read_body(const Head& head, std::string_view head_text) {
    auto reader = BodyReader::begin(head_text, limits_.max_body);
    if (!reader) co_return std::unexpected(reader.error());
    auto& input = peer_->input();
    if (!(*reader)->done() && input.empty() && head.field("expect") == "100-continue")
        co_await peer_->write("HTTP/1.1 100 Continue\r\n\r\n", limits_.write_timeout);
    peer_->arm(limits_.body_timeout);
    while (!(*reader)->done()) {
        const auto used = (*reader)->feed(input);
        if (!used) co_return std::unexpected(used.error());
        input.erase(0, *used);
        if ((*reader)->done()) break;
        if (input.size() > kMaxHead) co_return fail(Code::bad_request, "the request body is malformed");
        const bool some = co_await peer_->fill();
        if (some) continue;
        co_return fail(Code::bad_request,
                       peer_->late() ? "the request body took too long" : "the request body is cut off");
    }
    peer_->disarm();
    co_return (*reader)->release();
}

// Anew for each request: a token that was revoked a moment ago is no token.
Result<identity::Principal> Session::authenticate(const Head& head) const {
    const auto credentials = head.field("authorization");
    if (credentials.empty()) return identity_.of_peer(connection_->peer);
    constexpr std::string_view scheme = "Bearer ";
    if (!credentials.starts_with(scheme))
        return fail(Code::unauthenticated, "the Authorization header is not a Bearer token",
                    "POST /v1/login gives one; or send no Authorization header");
    return identity_.of_token(connection_->peer, credentials.substr(scheme.size()));
}

asio::awaitable<bool> Session::dispatch(const Head& head, const std::string& head_text, std::string body) {
    auto target = parse_target(head.target);
    if (!target) co_return co_await fail_with(head, target.error());
    auto who = authenticate(head);
    if (!who) co_return co_await fail_with(head, who.error());
    auto match = router_.find(head.method, *target, *who);
    if (!match) co_return co_await answer(head, match.error());
    if (match->verb->request.empty() && !body.empty()) {
        const Error error{Code::bad_request, std::string(match->verb->name) + " takes no body", {}, 0, {}};
        co_return co_await fail_with(head, error);
    }
    auto request = std::make_shared<Request>(Request{head.method, std::move(target->path), std::move(match->params),
                                                     std::move(target->query), head.fields, std::move(body),
                                                     connection_, std::move(*who)});
    if (head.upgrade()) co_return co_await open_channel(head, head_text, *match, request);
    co_return co_await handle(head, *match, request);
}

asio::awaitable<bool> Session::handle(const Head& head, const Match& match, std::shared_ptr<Request> request) {
    if (!match.route->handler) {
        auto response =
            with_status(426, {Code::bad_request, "this needs a WebSocket", "Ask with Upgrade: websocket.", 0, {}});
        response.headers.emplace_back("Upgrade", "websocket");
        co_return co_await answer(head, response);
    }
    auto handler = match.route->handler(*request);
    auto result = co_await run<Response>(std::move(handler), request);
    if (!result) co_return false;
    const auto response = *result ? std::move(**result) : problem(result->error());
    log::debug("request", {{"verb", std::string(match.verb->name)},
                           {"principal", request->principal.name},
                           {"status", std::to_string(response.status)}});
    co_return co_await answer(head, response);
}

asio::awaitable<bool> Session::open_channel(const Head& head, const std::string& head_text, const Match& match,
                                            std::shared_ptr<Request> request) {
    auto good = check_upgrade(head);
    if (!match.route->upgrade) good = fail(Code::bad_request, std::string(match.verb->name) + " has no WebSocket");
    if (!good) co_return co_await fail_with(head, good.error());
    auto handler = match.route->upgrade(*request);
    auto stream = co_await run<Stream>(std::move(handler), request);
    if (!stream) co_return false;
    if (!*stream) co_return co_await fail_with(head, stream->error());
    std::function<void()> gone = [self = shared_from_this()] { self->peer_went(); };
    co_await serve_channel(peer_, head_text, std::move(**stream), std::move(gone));
    co_return false;
}

template <typename T> asio::awaitable<std::optional<Result<T>>> Session::run(asio::awaitable<Result<T>> handler,
                                                                             std::shared_ptr<Request> request) {
    struct Work {
        asio::steady_timer wake;
        std::optional<Result<T>> result;
        bool vanished = false;
    };
    const auto executor = peer_->socket().get_executor();
    auto work = std::make_shared<Work>(Work{asio::steady_timer(executor, asio::steady_timer::time_point::max()), {}});
    auto self = shared_from_this();
    asio::co_spawn(executor, std::move(handler), [self, request, work](std::exception_ptr thrown, Result<T> result) {
        work->result = thrown ? Result<T>(std::unexpected(error_of(thrown))) : std::move(result);
        work->wake.cancel();
    });
    auto watch = std::make_shared<Peer::Watch>();
    watch->most = kMaxHead;
    watch->on_half_closed = [self] { self->peer_went(); };
    watch->on_vanished = [self, work] {
        self->peer_went();
        work->vanished = true;
        work->wake.cancel();
    };
    peer_->watch(watch);
    while (!work->result && !work->vanished) co_await work->wake.async_wait(asio::as_tuple(asio::use_awaitable));
    peer_->unwatch(watch);
    co_return std::move(work->result);
}

asio::awaitable<bool> Session::fail_with(const Head& head, const Error& error) {
    const auto response = problem(error);
    co_return co_await answer(head, response);
}

asio::awaitable<bool> Session::answer(const Head& head, const Response& response) {
    const bool keep = head.keep_alive() && !draining_ && connection_->open;
    const bool with_body = head.method != "HEAD" && may_have_body(response.status);
    auto bytes = head_of(response, keep);
    const bool together = with_body && response.body.size() <= kOneWrite;
    if (together) bytes += response.body;
    bool sent = co_await peer_->write(bytes, limits_.write_timeout);
    if (sent && with_body && !together) sent = co_await peer_->write(response.body, limits_.write_timeout);
    co_return sent&& keep;
}

// The rest of what the client sends is taken for a moment: closing with unread bytes would destroy the answer.
asio::awaitable<void> Session::refuse(const Response& response) {
    const auto bytes = head_of(response, false) + response.body;
    const bool sent = co_await peer_->write(bytes, limits_.write_timeout);
    if (!sent) co_return;
    boost::system::error_code ignored;
    peer_->socket().shutdown(Peer::Socket::shutdown_send, ignored);
    peer_->arm(kLinger);
    for (std::size_t taken = 0; taken < kLingerBytes; taken += peer_->input().size()) {
        peer_->input().clear();
        const bool some = co_await peer_->fill();
        if (!some) break;
    }
}

} // namespace owhale::transport
