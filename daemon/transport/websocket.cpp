#include "transport/websocket.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "transport/peer_stream.hpp"

namespace owhale::transport {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr const char* kProtocol = "v5.channel.k8s.io";
constexpr std::size_t kMaxMessage = (1u << 20) + 1;                    // 1 MiB of data and its channel
constexpr std::size_t kLeastPiece = 4u << 10, kMostPiece = 256u << 10; // of a message, read at once
constexpr std::chrono::seconds kPing{30};
constexpr std::chrono::seconds kHandshake{2};
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr std::chrono::milliseconds kCloseTime{5};
#else
constexpr std::chrono::milliseconds kCloseTime{2000};
#endif

// One message is read ahead: it is how the peer's going is seen while nobody reads. More would be memory that a
// client fills at will.
class WebSocket final : public Channel, public std::enable_shared_from_this<WebSocket> {
public:
    WebSocket(std::shared_ptr<Peer> peer, std::function<void()> gone)
        : peer_(std::move(peer)), gone_(std::move(gone)), stream_(PeerStream(peer_)), arrived_(stream_.get_executor()),
          taken_(stream_.get_executor()), turn_(stream_.get_executor()), ping_(stream_.get_executor()),
          limit_(stream_.get_executor()) {
        for (auto* timer : {&arrived_, &taken_, &turn_}) timer->expires_at(asio::steady_timer::time_point::max());
        stream_.set_option(websocket::stream_base::timeout{kHandshake, websocket::stream_base::none(), false});
        stream_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
            response.set(beast::http::field::sec_websocket_protocol, kProtocol);
        }));
        stream_.read_message_max(kMaxMessage);
        stream_.auto_fragment(false);
        stream_.binary(true);
    }

    asio::awaitable<bool> accept(std::string received) {
        const auto [ec] = co_await stream_.async_accept(asio::buffer(received), kAwait);
        co_return !ec;
    }

    void start() {
        asio::co_spawn(stream_.get_executor(), receive(shared_from_this()), asio::detached);
        asio::co_spawn(stream_.get_executor(), ping(shared_from_this()), asio::detached);
        peer_->socket().async_wait(Peer::Socket::wait_error, [weak = weak_from_this()](beast::error_code ec) {
            if (const auto self = weak.lock(); self && !ec) self->end("the client went");
        });
    }

    asio::awaitable<Result<Message>> read() override {
        while (!next_ && !ended_) co_await arrived_.async_wait(kAwait);
        if (!next_) co_return fail(Code::unreachable, why_);
        auto message = std::move(*next_);
        next_.reset();
        taken_.cancel();
        co_return message;
    }

    asio::awaitable<Status> write(std::uint8_t channel, std::span<const char> data) override {
        while (writing_ && !ended_) co_await turn_.async_wait(kAwait);
        if (ended_) co_return fail(Code::unreachable, why_);
        writing_ = true;
        const std::array buffers{asio::const_buffer(&channel, 1), asio::const_buffer(data.data(), data.size())};
        const auto [ec, sent] = co_await stream_.async_write(buffers, kAwait);
        writing_ = false;
        turn_.cancel_one();
        if (ec) end("the client went");
        if (ec) co_return fail(Code::unreachable, why_);
        co_return Status{};
    }

    asio::awaitable<void> close() override {
        if (std::exchange(closing_, true) || ended_ || !stream_.is_open()) co_return;
        peer_->arm(kCloseTime); // a peer that never answers the close frame
        limit_.expires_after(kCloseTime);
        limit_.async_wait([weak = weak_from_this()](beast::error_code ec) {
            if (const auto self = weak.lock(); self && !ec) self->give_up();
        });
        co_await stream_.async_close(websocket::close_code::normal,
                                     asio::bind_cancellation_slot(closes_.slot(), kAwait));
        limit_.cancel();
        peer_->disarm();
        end("the channel is closed");
    }

    // Nothing is read or written from here on; everyone who waits is told.
    void end(const char* why) {
        if (std::exchange(ended_, true)) return;
        why_ = why;
        for (auto* timer : {&arrived_, &taken_, &turn_, &ping_}) timer->cancel();
        gone_();
    }

private:
    // Beast's read that fails while its close is sent, and that close, each wait for the other: for ever, though the socket is
    // closed by then.
    void give_up() {
        closes_.emit(asio::cancellation_type::terminal);
        reads_.emit(asio::cancellation_type::terminal);
    }

    // Into memory of ours, piece by piece: Beast's own async_read sizes its buffer by the newest frame's header, which a close
    // that drains the socket meanwhile has read, and asserts that it is the message's.
    asio::awaitable<beast::error_code> read_message(std::string& out) {
        out.clear();
        do {
            const auto before = out.size();
            out.resize(before + std::clamp(before, kLeastPiece, kMostPiece));
            const auto [ec, size] =
                co_await stream_.async_read_some(asio::buffer(out.data() + before, out.size() - before),
                                                 asio::bind_cancellation_slot(reads_.slot(), kAwait));
            out.resize(before + size);
            if (ec) co_return ec;
        } while (!stream_.is_message_done());
        co_return beast::error_code{};
    }

    asio::awaitable<void> receive([[maybe_unused]] std::shared_ptr<WebSocket> self) {
        std::string text;
        while (!ended_) {
            const auto ec = co_await read_message(text);
            if (ec) co_return end("the client went");
            if (stream_.got_text() || text.empty()) break;
            next_ = Message{static_cast<std::uint8_t>(text.front()), text.substr(1)};
            text = {};
            arrived_.cancel();
            while (next_ && !ended_) co_await taken_.async_wait(kAwait);
        }
        if (ended_) co_return;
        end("the client sent a message that names no channel");
        if (std::exchange(closing_, true)) co_return; // Beast takes one close at a time, and asserts that
        co_await stream_.async_close(websocket::close_code::protocol_error, kAwait);
    }

    asio::awaitable<void> ping([[maybe_unused]] std::shared_ptr<WebSocket> self) {
        while (!ended_) {
            ping_.expires_after(kPing);
            co_await ping_.async_wait(kAwait);
            if (ended_) co_return;
            const auto [ec] = co_await stream_.async_ping({}, kAwait);
            if (ec) co_return end("the client went");
        }
    }

    std::shared_ptr<Peer> peer_;
    std::function<void()> gone_;
    websocket::stream<PeerStream, false> stream_;
    asio::steady_timer arrived_, taken_, turn_, ping_, limit_;
    asio::cancellation_signal reads_, closes_;
    std::optional<Message> next_;
    std::string why_;
    bool writing_ = false, closing_ = false, ended_ = false;
};

} // namespace

Status check_upgrade(const Head& head) {
    const auto bad = [](const char* what) { return fail(Code::bad_request, what); };
    if (head.method != "GET" || head.http10) return bad("a WebSocket is asked for with GET and HTTP/1.1");
    if (head.field("sec-websocket-version") != "13") return bad("Sec-WebSocket-Version must be 13");
    if (head.field("sec-websocket-key").size() != 24) return bad("Sec-WebSocket-Key must be 16 bytes of base64");
    if (!head.lists("sec-websocket-protocol", kProtocol))
        return fail(Code::bad_request, "the WebSocket's subprotocol is not offered",
                    std::string("Send Sec-WebSocket-Protocol: ") + kProtocol + ".");
    return {};
}

asio::awaitable<void> serve_channel(std::shared_ptr<Peer> peer, std::string head_text, Stream stream,
                                    std::function<void()> gone) {
    auto channel = std::make_shared<WebSocket>(peer, std::move(gone));
    head_text += std::exchange(peer->input(), {});
    const bool accepted = co_await channel->accept(std::move(head_text));
    if (!accepted) co_return;
    channel->start();
    co_await stream(*channel);
    co_await channel->close();
}

} // namespace owhale::transport
