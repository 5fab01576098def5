#include "egress/ssh/channel.hpp"

#include "egress/ssh/bytes.hpp"

namespace owhale::egress::ssh {

namespace asio = boost::asio;
using asio::awaitable;

namespace {
constexpr std::chrono::seconds kMessageTime{30};
}

void Channel::close_after(std::chrono::seconds time) {
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self) self->close();
    });
}

awaitable<Status> Channel::fill(char* to, std::size_t size) {
    while (size > 0) {
        const auto got = co_await stream_->read(asio::mutable_buffer(to, size));
        if (!got) co_return std::unexpected(got.error());
        if (*got == 0) co_return fail(Code::unreachable, "the connection has ended");
        to += *got;
        size -= *got;
    }
    co_return Status{};
}

awaitable<Result<std::string>> Channel::read_rest(char first) {
    std::string head(4, first);
    const auto headed = co_await fill(head.data() + 1, 3);
    if (!headed) co_return std::unexpected(headed.error());
    const auto size = Reader(head).number();
    if (size == 0) co_return fail(Code::invalid_value, "an empty message");
    if (size > kMostMessage) co_return fail(Code::body_too_large, "a message of more than 256 KiB");
    std::string message(size, '\0');
    const auto filled = co_await fill(message.data(), message.size());
    if (!filled) co_return std::unexpected(filled.error());
    co_return message;
}

awaitable<Result<std::string>> Channel::read() {
    const auto self = shared_from_this();
    char first = 0;
    const auto began = co_await fill(&first, 1);
    if (!began) co_return std::unexpected(began.error());
    close_after(kMessageTime);
    auto message = co_await read_rest(first);
    timer_.cancel();
    co_return message;
}

awaitable<Result<std::string>> Channel::read_within(std::chrono::seconds time) {
    const auto self = shared_from_this();
    close_after(time);
    char first = 0;
    const auto began = co_await fill(&first, 1);
    if (!began) co_return std::unexpected(began.error());
    auto message = co_await read_rest(first);
    timer_.cancel();
    co_return message;
}

awaitable<Status> Channel::write(std::string message) {
    const auto self = shared_from_this();
    std::string whole;
    put_string(whole, message);
    close_after(kMessageTime);
    const auto written = co_await stream_->write(asio::buffer(whole));
    timer_.cancel();
    co_return written;
}

} // namespace owhale::egress::ssh
