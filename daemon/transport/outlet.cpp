#include "transport/outlet.hpp"

#include <array>
#include <cstdio>

#include "transport/answer.hpp"

namespace owhale::transport {
namespace {

constexpr std::size_t kReadAhead = 4096; // of a client that goes on to talk; past it only its end is looked for

std::string as_chunk(std::string_view bytes) {
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    std::string chunk(size.data());
    return (chunk += bytes) += "\r\n";
}

// Shared with the watch on the client, which may outlive the answer by a turn of the loop.
class PeerOutlet final : public Outlet, public std::enable_shared_from_this<PeerOutlet> {
public:
    PeerOutlet(std::shared_ptr<Peer> peer, bool chunked, std::chrono::milliseconds patience, std::function<void()> gone)
        : peer_(std::move(peer)), chunked_(chunked), patience_(patience), gone_(std::move(gone)) {}

    void watch() {
        watch_->most = kReadAhead;
        watch_->on_half_closed = watch_->on_vanished = [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->end();
        };
        peer_->watch(watch_);
    }

    asio::awaitable<bool> write(std::string_view bytes) override {
        if (ended_) co_return false;
        if (bytes.empty()) co_return true; // a chunk of no bytes would be the last one
        const auto framed = chunked_ ? as_chunk(bytes) : std::string(bytes);
        const bool sent = co_await peer_->write(framed, patience_);
        if (!sent) end();
        co_return sent && !ended_;
    }

    asio::awaitable<void> finish() {
        if (!ended_ && chunked_) co_await peer_->write("0\r\n\r\n", patience_);
        peer_->unwatch(watch_);
    }

private:
    void end() {
        if (!std::exchange(ended_, true)) gone_();
    }

    std::shared_ptr<Peer> peer_;
    bool chunked_;
    std::chrono::milliseconds patience_;
    std::function<void()> gone_;
    std::shared_ptr<Peer::Watch> watch_ = std::make_shared<Peer::Watch>();
    bool ended_ = false;
};

} // namespace

asio::awaitable<void> serve_stream(std::shared_ptr<Peer> peer, const Head& head, Streamed streamed,
                                   std::chrono::milliseconds patience, std::function<void()> gone) {
    const bool chunked = !head.http10;
    const auto bytes = head_of_stream(streamed.head, chunked);
    const bool sent = co_await peer->write(bytes, patience);
    if (!sent || head.method == "HEAD") co_return;
    const auto outlet = std::make_shared<PeerOutlet>(peer, chunked, patience, std::move(gone));
    outlet->watch();
    co_await streamed.body(*outlet);
    co_await outlet->finish();
}

} // namespace owhale::transport
