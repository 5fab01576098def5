#include "egress/input.hpp"

#include <boost/asio/steady_timer.hpp>

#include "egress/socket_stream.hpp"

namespace owhale::egress {

namespace asio = boost::asio;
using asio::awaitable;

struct Input::Guarded { // what the deadline's handler knows; `stream` is null once nobody is to be cut
    Guarded(const asio::any_io_executor& executor, Stream& of) : timer(executor), stream(&of) {}
    asio::steady_timer timer;
    Stream* stream;
};

Input::Input(asio::any_io_executor executor, std::unique_ptr<Stream> stream, std::chrono::milliseconds within)
    : executor_(std::move(executor)), guarded_(std::make_shared<Guarded>(executor_, *stream)),
      stream_(std::move(stream)) {
    guarded_->timer.expires_after(within);
    guarded_->timer.async_wait([guarded = guarded_](boost::system::error_code error) {
        if (!error && guarded->stream != nullptr) guarded->stream->close();
    });
}

Input::~Input() {
    guarded_->stream = nullptr;
    guarded_->timer.cancel();
}

awaitable<Result<std::size_t>> Input::more(std::size_t most) {
    CO_CHECK(co_await stream_->wait_readable()); // no buffer while nothing comes
    const auto before = bytes_.size();
    bytes_.resize(before + most);
    const auto got = co_await stream_->read(asio::buffer(bytes_.data() + before, most));
    bytes_.resize(before + got.value_or(0));
    co_return got;
}

awaitable<Result<bool>> Input::waits(std::chrono::milliseconds time) {
    struct Pause {
        explicit Pause(const asio::any_io_executor& executor) : timer(executor) {}
        asio::steady_timer timer;
        bool over = false;
    };
    const auto pause = std::make_shared<Pause>(executor_);
    pause->timer.expires_after(time);
    pause->timer.async_wait([pause, guarded = guarded_](boost::system::error_code error) {
        if (error || guarded->stream == nullptr) return;
        pause->over = true;
        guarded->stream->stop_waiting();
    });
    const auto readable = co_await stream_->wait_readable();
    pause->timer.cancel();
    if (readable) co_return true; // also when both came at once
    if (pause->over) co_return false;
    co_return std::unexpected(readable.error());
}

std::unique_ptr<Stream> Input::take() {
    guarded_->stream = nullptr;
    guarded_->timer.cancel();
    return with_first(std::move(bytes_), std::move(stream_));
}

} // namespace owhale::egress
