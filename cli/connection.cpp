#include "cli/connection.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <ctime>
#include <optional>
#include <sys/socket.h>

#include "cli/output.hpp"
#include "cli/socket.hpp"
#include "cli/terminal.hpp"

namespace owhale::cli {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using Stream = beast::basic_stream<asio::generic::stream_protocol>; // Unix or TCP
using WebSocket = websocket::stream<Stream, false>;

constexpr std::uint64_t kMostBody = std::uint64_t{64} << 20;
constexpr std::size_t kMostMessage = std::size_t{4} << 20;
constexpr auto kProtocol = "v5.channel.k8s.io";
constexpr std::uint64_t kMostPatience = 5;  // s, for a 429
constexpr std::uint64_t kStartPatience = 6; // s, in which an owhaled that has just started takes no signature

Error lost(const error_code& error, std::string_view doing) {
    const bool late = error == beast::error::timeout;
    return Error{Code::unreachable,
                 std::string(doing) + ": " + (late ? std::string("owhaled does not answer") : error.message()),
                 "see whether it runs: owhalectl status, or its log",
                 0,
                 {}};
}

// What every request to this daemon carries.
struct Manners {
    std::string host = "localhost";
    std::string authorization;        // "" none
    std::optional<KeptDevice> device; // who signs; none with a token
    std::int64_t ahead = 0;           // seconds that owhaled's clock is, as its answer said

    // Anew each time: a signature counts once.
    template <typename Request> void sign(Request& request, std::string_view body) const {
        if (device) sign_as(*device, request, body);
    }

    template <typename Request> void sign_as(const KeptDevice& signer, Request& request, std::string_view body) const {
        const std::string target(request.target()), method(request.method_string());
        const auto fields = sign_for(signer, ahead, method, target, body);
        request.set("Content-Digest", fields.content_digest);
        request.set("Signature-Input", fields.signature_input);
        request.set("Signature", fields.signature);
    }

    template <typename Request> void apply(Request& request) const {
        request.set(http::field::host, host);
        request.set(http::field::user_agent, "owhalectl");
        if (!authorization.empty()) request.set(http::field::authorization, authorization);
    }
};

http::request<http::string_body> request_of(Call& call, const Manners& manners) {
    const auto target = target_of(call);
    http::request<http::string_body> request(http::string_to_verb(target.method), target.path, 11);
    manners.apply(request);
    if (call.anonymous) request.erase(http::field::authorization);
    for (const auto& [name, value] : call.headers) request.set(name, value);
    if (!call.body.empty() || target.method == "POST" || target.method == "PUT") {
        request.set(http::field::content_type, "application/json");
        request.body() = std::move(call.body);
        request.prepare_payload();
    }
    return request;
}

using Asked = http::request<http::string_body>;

template <typename Fields> Reply reply_of(http::response<http::string_body, Fields>& response) {
    Reply reply{response.result_int(), std::move(response.body()), {}};
    for (const auto& field : response.base()) {
        std::string name(field.name_string());
        for (char& c : name)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        reply.headers.insert_or_assign(std::move(name), std::string(field.value()));
    }
    return reply;
}

// What was tried of one call.
struct Tries {
    bool signs = false, corrected = false;
    std::uint64_t waited = 0; // seconds
};

// What is handed on as it comes: of all else one whole answer is made.
bool is_stream(std::string_view content_type) {
    constexpr std::array<std::string_view, 3> kStreams = {"text/event-stream", "application/x-ndjson", "text/plain"};
    return std::ranges::any_of(kStreams, [&](auto one) { return content_type.starts_with(one); });
}

class WebSocketChannel : public Channel {
public:
    explicit WebSocketChannel(Stream&& stream) : socket_(std::move(stream)) {}

    asio::awaitable<Status> open(std::string path, Manners manners, Reply& refusal) {
        // The server pings; no timeout of ours, for a run may be silent, and its output may wait on our reader.
        auto patience = websocket::stream_base::timeout::suggested(beast::role_type::client);
        patience.idle_timeout = websocket::stream_base::none();
        socket_.set_option(patience);
        socket_.set_option(websocket::stream_base::decorator([manners](websocket::request_type& request) {
            manners.apply(request);
            manners.sign(request, {});
            request.set(http::field::sec_websocket_protocol, kProtocol);
        }));
        socket_.read_message_max(kMostMessage);
        socket_.binary(true);
        socket_.auto_fragment(false);
        socket_.write_buffer_bytes(std::size_t{64} << 10);
        beast::get_lowest_layer(socket_).expires_never();
        websocket::response_type response;
        error_code error;
        co_await socket_.async_handshake(response, manners.host, path,
                                         asio::redirect_error(asio::use_awaitable, error));
        if (!error) co_return Status{};
        if (error == websocket::error::upgrade_declined) refusal = reply_of(response);
        co_return std::unexpected(lost(error, "opening the run's streams"));
    }

    asio::awaitable<Result<Message>> read() override {
        Message message;
        error_code error;
        auto buffer = asio::dynamic_buffer(message.data, kMostMessage);
        co_await socket_.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(end(error));
        if (message.data.empty()) co_return message;
        message.channel = static_cast<std::uint8_t>(message.data.front());
        message.data.erase(0, 1);
        co_return message;
    }

    asio::awaitable<Status> write(std::uint8_t channel, std::string_view data) override {
        frame_.assign(1, static_cast<char>(channel));
        frame_.append(data);
        error_code error;
        co_await socket_.async_write(asio::buffer(frame_), asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(lost(error, "sending to the run"));
        co_return Status{};
    }

    asio::awaitable<void> close() override {
        error_code error;
        co_await socket_.async_close(websocket::close_code::normal, asio::redirect_error(asio::use_awaitable, error));
    }

private:
    Error end(const error_code& error) const {
        auto failure = lost(error, "the run's streams");
        if (error != websocket::error::closed) return failure;
        const auto& reason = socket_.reason();
        failure.message = "owhaled closed the run's streams (" + std::to_string(reason.code) + ")";
        if (!reason.reason.empty()) failure.message += ": " + std::string(reason.reason.c_str(), reason.reason.size());
        return failure;
    }

    WebSocket socket_;
    std::string frame_;
};

} // namespace

struct Connection::State {
    asio::any_io_executor executor;
    Where where;
    std::optional<Stream> stream;
    beast::flat_buffer buffer;
    Peer peer;
    std::optional<KeptToken> token;
    Manners manners;
    bool hung_up = false;

    // Whether the other side closed the connection while nobody looked, as when a person took long to type a password: a
    // request on it would be lost.
    bool stale() {
        char any = 0;
        const auto count = ::recv(stream->socket().native_handle(), &any, 1, MSG_PEEK | MSG_DONTWAIT);
        return count >= 0 || (errno != EAGAIN && errno != EINTR);
    }

    Status connect() {
        if (stream && !stale()) return {};
        stream.reset();
        auto found = connect_to(where);
        if (!found) return std::unexpected(std::move(found).error());
        peer = *std::move(found);
        CHECK(introduce());
        stream.emplace(executor);
        error_code error;
        const int family = peer.host && !peer.host->tls ? family_of(peer.fd.get()) : AF_UNIX; // TLS is a socket pair
        stream->socket().assign(asio::generic::stream_protocol(family, 0), peer.fd.release(), error);
        if (error) return std::unexpected(lost(error, "connecting"));
        buffer.clear();
        return {};
    }

    Status introduce() {
        token = TRY(token_for(peer.name));
        if (peer.host) manners.host = peer.host->authority();
        manners.authorization = token ? "Bearer " + token->token.text() : "";
        manners.device.reset();
        if (!token && peer.host && !peer.host->unproven) manners.device = TRY(device_for(*peer.host));
        return {};
    }

    // A reply tells whether a device's key was what was judged.
    void mark(Result<Reply>& reply, bool anonymous) const {
        if (reply && manners.device && !anonymous) reply->device_of = peer.host->url();
    }

    static int family_of(int fd) {
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        return ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0 ? address.ss_family : AF_INET;
    }

    void sign(Asked& request, bool anonymous, const KeptDevice* as = nullptr) const {
        if (as != nullptr) manners.sign_as(*as, request, request.body());
        if (!anonymous) manners.sign(request, request.body());
    }

    asio::awaitable<Result<Reply>> exchange(const http::request<http::string_body>& request,
                                            std::chrono::milliseconds limit) {
        if (limit.count() == 0)
            stream->expires_never();
        else
            stream->expires_after(limit);
        error_code error;
        co_await http::async_write(*stream, request, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(lost(error, "sending"));
        http::response_parser<http::string_body> parser;
        parser.body_limit(kMostBody);
        co_await http::async_read(*stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(lost(error, "waiting for the answer"));
        stream->expires_never();
        auto response = parser.release();
        auto reply = reply_of(response);
        if (!response.keep_alive()) stream.reset();
        co_return reply;
    }

    // The rest of an answer whose header is read.
    asio::awaitable<Result<Reply>> read_rest(http::response_parser<http::empty_body>& header) {
        http::response_parser<http::string_body> parser(std::move(header));
        parser.body_limit(kMostBody);
        error_code error;
        co_await http::async_read(*stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(lost(error, "waiting for the answer"));
        auto response = parser.release();
        co_return reply_of(response);
    }

    asio::awaitable<Status> read_on(http::response_parser<http::empty_body>& header, std::chrono::milliseconds limit,
                                    const std::function<void(std::string_view)>& take) {
        http::response_parser<http::buffer_body> parser(std::move(header));
        parser.body_limit(boost::none);
        std::array<char, 16384> chunk{};
        while (!parser.is_done()) {
            parser.get().body().data = chunk.data();
            parser.get().body().size = chunk.size();
            stream->expires_after(limit);
            error_code error;
            co_await http::async_read_some(*stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
            const auto count = chunk.size() - parser.get().body().size;
            if (count > 0) take(std::string_view(chunk.data(), count));
            if (error && error != http::error::need_buffer) co_return std::unexpected(lost(error, "following events"));
        }
        co_return fail(Code::unreachable, "owhaled ended the stream of events");
    }

    asio::awaitable<Status> give_all(http::response_parser<http::buffer_body>& parser, std::chrono::milliseconds limit,
                                     const Take& take) {
        std::array<char, 16384> chunk{};
        while (!parser.is_done()) {
            parser.get().body().data = chunk.data();
            parser.get().body().size = chunk.size();
            stream->expires_after(limit);
            error_code error;
            co_await http::async_read_some(*stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
            if (error && error != http::error::need_buffer)
                co_return std::unexpected(lost(error, "reading the answer"));
            const std::string_view bytes(chunk.data(), chunk.size() - parser.get().body().size);
            stream->expires_never(); // whoever takes them may take their time
            if (!bytes.empty()) co_await take(bytes);
        }
        co_return Status{};
    }

    asio::awaitable<Result<Reply>> begin(const http::request<http::string_body>& request,
                                         std::chrono::milliseconds limit, const Take& take) {
        stream->expires_after(limit);
        error_code error;
        co_await http::async_write(*stream, request, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(lost(error, "sending"));
        http::response_parser<http::empty_body> header;
        co_await http::async_read_header(*stream, buffer, header, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(lost(error, "waiting for the answer"));
        if (!is_stream(header.get()[http::field::content_type])) {
            const bool keeps = header.get().keep_alive();
            auto whole = co_await read_rest(header);
            if (whole && keeps) stream->expires_never();
            if (whole && !keeps) stream.reset();
            co_return whole;
        }
        http::response_parser<http::buffer_body> parser(std::move(header));
        parser.body_limit(boost::none);
        const auto given = co_await give_all(parser, limit, take);
        if (!given) co_return std::unexpected(given.error());
        http::response<http::string_body> head(parser.get().base());
        auto reply = reply_of(head);
        if (!parser.get().keep_alive()) stream.reset();
        co_return reply;
    }

    // Seconds after which it is worth asking once more; none: the answer stands.
    std::optional<std::uint64_t> again(const Result<Reply>& reply, Tries& tries) {
        if (!reply || reply->status < 400) return std::nullopt;
        const auto refused = tries.signs ? succeeded(*reply) : Result<Reply>(Reply{});
        const auto code = refused ? Code::internal : refused.error().code;
        if (code == Code::signature_stale && !tries.corrected) {
            const auto theirs = date_of(*reply);
            if (!theirs) return std::nullopt;
            manners.ahead = *theirs - std::time(nullptr);
            tries.corrected = true;
            return 0;
        }
        const bool starting = code == Code::busy; // or busier than its Retry-After is worth
        const auto patience = reply->status == 429 || starting ? header_number(*reply, "retry-after") : 0;
        if (patience == 0 || tries.waited + patience > (starting ? kStartPatience : kMostPatience)) return std::nullopt;
        tries.waited += patience;
        return patience;
    }

    asio::awaitable<void> wait(std::uint64_t seconds, bool silent) {
        if (seconds == 0) co_return;
        if (!silent && is_terminal(STDERR_FILENO)) note("owhaled asks to wait " + std::to_string(seconds) + " s");
        asio::steady_timer timer(executor, std::chrono::seconds(seconds));
        error_code error;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
};

Connection::Connection(asio::any_io_executor executor, Where where)
    : state_(std::make_unique<State>(State{std::move(executor), std::move(where), {}, {}, {}, {}, {}})) {}
Connection::~Connection() = default;

const Peer& Connection::peer() const {
    return state_->peer;
}
const KeptToken* Connection::token() const {
    return state_->token ? &*state_->token : nullptr;
}
const KeptDevice* Connection::device() const {
    return state_->manners.device ? &*state_->manners.device : nullptr;
}
void Connection::drop() {
    state_->stream.reset();
}

asio::awaitable<Result<Reply>> Connection::send(Call call) {
    CO_CHECK(state_->connect());
    const auto limit = call.limit;
    const bool silent = call.silent, anonymous = call.anonymous;
    const auto as = call.as;
    auto request = request_of(call, state_->manners);
    for (Tries tries{as || (state_->manners.device && !anonymous)};;) {
        CO_CHECK(state_->connect());
        state_->sign(request, anonymous, as.get());
        auto reply = co_await state_->exchange(request, limit);
        state_->mark(reply, anonymous);
        if (!reply) state_->stream.reset();
        const auto pause = state_->again(reply, tries);
        if (!pause) co_return reply;
        co_await state_->wait(*pause, silent);
    }
}

asio::awaitable<Status> Connection::follow(Call call, std::function<void(std::string_view)> take) {
    CO_CHECK(state_->connect());
    const auto limit = call.limit;
    auto request = request_of(call, state_->manners);
    state_->sign(request, call.anonymous);
    state_->stream->expires_after(limit);
    error_code error;
    co_await http::async_write(*state_->stream, request, asio::redirect_error(asio::use_awaitable, error));
    http::response_parser<http::empty_body> header;
    if (!error)
        co_await http::async_read_header(*state_->stream, state_->buffer, header,
                                         asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        drop();
        co_return std::unexpected(lost(error, "asking for events"));
    }
    if (header.get().result_int() != 200) {
        auto refusal = co_await state_->read_rest(header);
        state_->mark(refusal, call.anonymous);
        drop();
        if (!refusal) co_return std::unexpected(std::move(refusal).error());
        auto refused = succeeded(*std::move(refusal));
        if (!refused) co_return std::unexpected(std::move(refused).error());
        co_return fail(Code::internal, "owhaled answered with no stream of events");
    }
    auto end = co_await state_->read_on(header, limit, take);
    drop();
    co_return end;
}

asio::awaitable<Result<Reply>> Connection::converse(Call call, Take take) {
    state_->hung_up = false;
    CO_CHECK(state_->connect());
    const auto limit = call.limit;
    const bool silent = call.silent, anonymous = call.anonymous;
    auto request = request_of(call, state_->manners);
    for (Tries tries{state_->manners.device && !anonymous};;) {
        CO_CHECK(state_->connect());
        state_->sign(request, anonymous);
        auto reply = co_await state_->begin(request, limit, take);
        state_->mark(reply, anonymous);
        if (!reply) state_->stream.reset();
        const auto pause = state_->again(reply, tries);
        if (!pause) co_return reply;
        co_await state_->wait(*pause, silent);
        if (state_->hung_up) co_return fail(Code::unreachable, "hung up");
    }
}

void Connection::hang_up() {
    state_->hung_up = true;
    if (state_->stream) state_->stream->close();
}

asio::awaitable<Result<std::unique_ptr<Channel>>> Connection::upgrade(Call call) {
    CO_CHECK(state_->connect());
    auto channel = std::make_unique<WebSocketChannel>(std::move(*state_->stream));
    state_->stream.reset();
    Result<Reply> refusal;
    auto opened = co_await channel->open(target_of(call).path, state_->manners, *refusal);
    if (opened) co_return channel;
    if (refusal->status == 0) co_return std::unexpected(std::move(opened).error());
    state_->mark(refusal, false);
    auto refused = succeeded(*std::move(refusal));
    if (refused) co_return std::unexpected(std::move(opened).error());
    co_return std::unexpected(std::move(refused).error());
}

} // namespace owhale::cli
