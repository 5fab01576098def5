#include "transport/session.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sodium.h>

#include "base/log.hpp"
#include "metrics/counts.hpp"
#include "transport/answer.hpp"
#include "transport/body.hpp"
#include "transport/outlet.hpp"
#include "transport/pages.hpp"
#include "transport/websocket.hpp"

namespace owhale::transport {
namespace {

constexpr std::size_t kOneWrite = 64u << 10;         // up to here, head and body leave in one system call
constexpr std::size_t kLingerBytes = 4u << 20;       // of a refused body, taken and thrown away
constexpr std::chrono::milliseconds kTurnAway{1000}; // for the body, and once more for the answer
constexpr std::size_t kReadAnyway = 64u << 10;
constexpr unsigned kSwitching = 101;
constexpr std::string_view kFollowed = "audit.list"; // what who follows may ask for while owhaled ends

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

Session::Session(std::shared_ptr<Peer> peer, House& house, std::shared_ptr<Connection> connection,
                 std::function<void()> ended)
    : peer_(std::move(peer)), house_(house), connection_(std::move(connection)), ended_(std::move(ended)) {}

void Session::start() {
    asio::co_spawn(peer_->socket().get_executor(), serve(), [self = shared_from_this()](std::exception_ptr thrown) {
        if (thrown) error_of(thrown);
        self->peer_went();
        self->peer_->close();
        self->ended_();
    });
}

void Session::drain() {
    ending_ = true;
    if (!connection_->follows) drain_last();
}

void Session::drain_last() {
    draining_ = true;
    if (idle_) peer_->cancel();
    if (streaming_) peer_went();
}

void Session::cut() {
    given_up_ = true;
    peer_went();
    peer_->sever();
}

void Session::peer_went() {
    connection_->open = false;
    for (const auto& callback : std::exchange(connection_->on_close, {})) callback();
}

asio::awaitable<void> Session::serve() {
    bool good = true;
    if (house_.tls != nullptr && connection_->peer.kind == identity::Peer::Kind::tcp) good = co_await shake_hands();
    for (bool more = good; more && !draining_ && !given_up_;)
        more = co_await exchange(); // GCC 12: no co_await in a condition
}

// Who speaks plain HTTP to the TLS port has the scheme wrong, and reads the answer as a human does; who speaks
// something else is not answered.
asio::awaitable<bool> Session::shake_hands() {
    constexpr int kHandshakeRecord = 22; // RFC 8446 section 5.1
    const auto began = std::chrono::steady_clock::now();
    const int first = co_await peer_->first_byte(house_.limits.handshake_timeout);
    if (first >= 'A' && first <= 'Z') {
        const auto response =
            problem({Code::bad_request,
                     "this port speaks TLS, and the request came in the clear",
                     "Use https:// and compare the certificate's fingerprint with the one that owhaled printed.",
                     0,
                     {}});
        co_await refuse(response);
    }
    if (first != kHandshakeRecord) co_return false;
    if (house_.handshakes >= house_.limits.max_handshakes) co_return false;
    if (const auto excess = house_.limit.handshake(connection_->peer)) {
        house_.gate.note_limit(connection_->peer, *excess);
        co_return false;
    }
    auto tls = house_.tls->session(peer_->socket().native_handle());
    std::string shown = house_.tls->fingerprint(); // a reload changes nothing for this connection
    if (!tls) log::error(to_line(tls.error()));
    if (!tls) co_return false;
    ++house_.handshakes;
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    const bool done = co_await peer_->secure(*std::move(tls), house_.limits.handshake_timeout - spent);
    --house_.handshakes;
    connection_->peer.tls = done;
    connection_->tls_fingerprint = std::move(shown);
    co_return done;
}

asio::awaitable<bool> Session::exchange() {
    auto text = co_await read_head();
    if (!text) {
        if (const auto& response = text.error()) co_await refuse(*response);
        co_return false;
    }
    began_ = std::chrono::steady_clock::now();
    auto head = parse_head(*text);
    auto good = head ? check_origin(*head, connection_->peer.tls) : Status(std::unexpected(head.error()));
    if (good) good = check_body(*head, house_.limits);
    if (!good) {
        count_refusal(good.error());
        const auto response = problem(good.error());
        co_await refuse(response);
        co_return false;
    }
    const bool more = co_await enter(*head, *text);
    sodium_memzero(text->data(), text->size()); // it may have held a token or a password
    co_return more;
}

asio::awaitable<std::expected<std::string, std::optional<Response>>> Session::read_head() {
    auto& input = peer_->input();
    waiting_ = true;
    if (input.empty()) {
        std::string().swap(input);
        idle_ = true;
        peer_->arm(house_.limits.idle_timeout);
        const bool some = co_await peer_->fill();
        idle_ = false;
        if (!some) co_return std::unexpected(std::nullopt);
    }
    peer_->arm(house_.limits.head_timeout);
    for (std::size_t searched = 0;;) {
        if (given_up_) co_return std::unexpected(std::nullopt);
        if (const auto end = input.find("\r\n\r\n", searched); end != std::string::npos && end + 4 <= kMaxHead) {
            peer_->disarm();
            waiting_ = false;
            auto text = input.substr(0, end + 4);
            sodium_memzero(input.data(), end + 4);
            input.erase(0, end + 4);
            co_return text;
        }
        if (!clean_so_far(input, searched))
            co_return std::unexpected(
                problem({Code::bad_request, "this is not HTTP/1.1 with CRLF line ends", {}, 0, {}}));
        if (input.size() >= kMaxHead) metrics::counts().limited.add("head");
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

asio::awaitable<Result<std::string>> Session::read_body(const Head& head, std::string_view head_text, BodyShare& share,
                                                        std::chrono::milliseconds patience) {
    constexpr const char* kNoRoom = "too many request bodies are under way";
    waiting_ = true;
    auto reader = BodyReader::begin(head_text, house_.limits.max_body);
    if (!reader) co_return std::unexpected(reader.error());
    auto& input = peer_->input();
    if (!(*reader)->done() && input.empty() && head.field("expect") == "100-continue")
        co_await peer_->write("HTTP/1.1 100 Continue\r\n\r\n", house_.limits.write_timeout);
    peer_->arm(patience);
    std::size_t taken = 0;
    while (!(*reader)->done()) {
        const auto used = (*reader)->feed(input);
        if (!used) co_return std::unexpected(used.error());
        input.erase(0, *used);
        if (!share.grow(taken += *used)) co_return fail(Code::busy, kNoRoom, "Try again in a moment.");
        if ((*reader)->done()) break;
        if (input.size() > kMaxHead) co_return fail(Code::bad_request, "the request body is malformed");
        bool some = !given_up_;
        if (some) some = co_await peer_->fill();
        if (some) continue;
        co_return fail(Code::bad_request,
                       peer_->late() ? "the request body took too long" : "the request body is cut off");
    }
    peer_->disarm();
    waiting_ = false;
    co_return (*reader)->release();
}

Status Session::check_hosts(const Head& head, const Target& target) const {
    const auto& own = connection_->own_address;
    const auto host = head.fields.find("host");
    if (host == head.fields.end() && !head.http10)
        return fail(Code::bad_request, "the Host header is missing", "Send Host: localhost.");
    const bool ours = (host == head.fields.end() || house_.hosts.answers_for(host->second, own)) &&
                      (target.authority.empty() || house_.hosts.answers_for(target.authority, own));
    if (ours) return {};
    return fail(Code::host_not_allowed, "owhaled does not answer for the host it was asked for",
                own ? "Send Host: localhost, or have whoever runs owhaled add the name to `hosts`."
                    : "Send Host: localhost.");
}

// The page is everybody's, and nothing in it is secret: who asks is not looked at.
std::optional<Response> Session::page_at(const Head& head, const Target& target) const {
    auto page =
        connection_->peer.tls ? page_for(head, target, connection_->tls_fingerprint) : page_in_the_clear(head, target);
    if (!page) return page;
    const auto excess = house_.limit.page(connection_->peer);
    if (excess) house_.gate.note_limit(connection_->peer, *excess);
    return excess ? too_many(*excess) : page;
}

// Before the body: what a stranger may not ask is not even read. After it: the proof, which counts for this body.
asio::awaitable<bool> Session::enter(Head& head, const std::string& head_text) {
    auto target = parse_target(head.target);
    auto good = target ? check_hosts(head, *target) : Status(std::unexpected(target.error()));
    if (!good) {
        const auto response = problem(good.error());
        co_await refuse(response);
        co_return false;
    }
    if (const auto page = page_at(head, *target)) co_return co_await answer(head, *page);
    auto pass = house_.gate.enter(*connection_, head, *target);
    if (!pass) co_return co_await turn_away(head, head_text, pass.error());
    known_ = known_ || pass->who.kind != identity::Kind::anonymous;
    if (ending_ && pass->match.verb->name != kFollowed) {
        const auto response = problem(stopping());
        co_await refuse(response);
        co_return false;
    }
    BodyShare share(house_.bodies, most_bodies());
    auto body = co_await read_body(head, head_text, share, house_.limits.body_timeout);
    if (!body) {
        count_refusal(body.error());
        const auto response = problem(body.error());
        co_await refuse(response);
        co_return false;
    }
    co_return co_await dispatch(head, head_text, *std::move(target), *std::move(pass), *std::move(body));
}

asio::awaitable<bool> Session::dispatch(const Head& head, const std::string& head_text, Target target, Pass pass,
                                        std::string body) {
    if (pass.match.verb->request.empty() && !body.empty()) {
        const Error error{Code::bad_request, std::string(pass.match.verb->name) + " takes no body", {}, 0, {}};
        co_return co_await fail_with(head, error);
    }
    auto proof = co_await house_.gate.prove(*connection_, pass, head.method + " " + target.path, body);
    if (!proof) metrics::counts().answered(pass.match.verb, proof.error().status);
    if (!proof) co_return co_await answer(head, proof.error());
    auto request = std::make_shared<Request>(Request{head.method, std::move(target.path), std::move(pass.match.params),
                                                     std::move(target.query), head.fields, std::move(body), connection_,
                                                     std::move(pass.who), *std::move(proof)});
    if (head.upgrade()) co_return co_await open_channel(head, head_text, pass.match, request);
    co_return co_await handle(head, pass.match, request);
}

asio::awaitable<bool> Session::handle(const Head& head, const Match& match, std::shared_ptr<Request> request) {
    if (match.route->stream) co_return co_await stream(head, match, request);
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
    house_.gate.note_refusal(connection_->peer, request->principal, *match.verb, response);
    metrics::counts().answered(match.verb, response.status);
    metrics::counts().took(*match.verb, std::chrono::steady_clock::now() - began_);
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
    metrics::counts().answered(match.verb, *stream ? kSwitching : describe(stream->error().code).status);
    if (!*stream) co_return co_await fail_with(head, stream->error());
    std::function<void()> gone = [self = shared_from_this()] { self->peer_went(); };
    co_await serve_channel(peer_, head_text, std::move(**stream), std::move(gone));
    co_return false;
}

asio::awaitable<bool> Session::stream(const Head& head, const Match& match, std::shared_ptr<Request> request) {
    auto handler = match.route->stream(*request);
    auto streamed = co_await run<Streamed>(std::move(handler), request);
    if (!streamed) co_return false;
    metrics::counts().answered(match.verb,
                               *streamed ? (*streamed)->head.status : describe(streamed->error().code).status);
    if (!*streamed) co_return co_await fail_with(head, streamed->error());
    if (!(*streamed)->body) co_return co_await answer(head, (*streamed)->head);
    std::function<void()> gone = [self = shared_from_this()] { self->peer_went(); };
    streaming_ = true;
    if (draining_) peer_went(); // while its handler prepared it
    co_await serve_stream(peer_, head, std::move(**streamed), house_.limits.write_timeout, std::move(gone));
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
    waiting_ = true;
    auto bytes = head_of(response, keep);
    const bool together = with_body && response.body.size() <= kOneWrite;
    if (together) bytes += response.body;
    bool sent = co_await peer_->write(bytes, house_.limits.write_timeout);
    if (sent && with_body && !together) sent = co_await peer_->write(response.body, house_.limits.write_timeout);
    co_return sent&& keep;
}

// Small bodies of those who are turned away are read and forgotten: the connection stays good for another try.
asio::awaitable<bool> Session::turn_away(const Head& head, std::string_view head_text, const Response& response) {
    metrics::counts().answered(nullptr, response.status);
    const bool small = !head.chunked && head.content_length.value_or(0) <= kReadAnyway;
    if (small && head.field("expect").empty()) {
        BodyShare share(house_.bodies, most_bodies());
        const auto body = co_await read_body(head, head_text, share, std::min(kTurnAway, house_.limits.body_timeout));
        if (body) co_return co_await answer(head, response);
        co_await refuse(response, kTurnAway);
        co_return false;
    }
    co_await refuse(response);
    co_return false;
}

// Before its verb is known, or without its body.
void Session::count_refusal(const Error& error) const {
    metrics::counts().answered(nullptr, describe(error.code).status);
    if (error.code == Code::body_too_large) metrics::counts().limited.add("body");
    if (error.code == Code::busy) metrics::counts().limited.add("bodies");
}

// Strangers leave half of the room to those who have a name, and these an eighth to whoever runs owhaled.
std::size_t Session::most_bodies() const {
    const auto most = house_.limits.max_bodies;
    const auto& peer = connection_->peer;
    if (peer.kind == identity::Peer::Kind::local && peer.run == 0 && peer.uid == house_.limits.owner) return most;
    return known_ ? most - most / 8 : most / 2;
}

// The rest of what the client sends is taken for a moment: closing with unread bytes would destroy the answer.
asio::awaitable<void> Session::refuse(const Response& response, std::chrono::milliseconds linger) {
    if (given_up_) co_return;
    waiting_ = true;
    const auto bytes = head_of(response, false) + response.body;
    const bool sent = co_await peer_->write(bytes, house_.limits.write_timeout);
    if (!sent || given_up_) co_return;
    peer_->finish();
    peer_->arm(linger);
    for (std::size_t taken = 0; taken < kLingerBytes; taken += peer_->input().size()) {
        peer_->input().clear();
        const bool some = co_await peer_->fill();
        if (!some || given_up_) break;
    }
}

} // namespace owhale::transport
