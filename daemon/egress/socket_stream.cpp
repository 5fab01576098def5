#include "egress/socket_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Socket = asio::generic::stream_protocol::socket;

std::unexpected<Error> cut(int errnum) {
    return std::unexpected(Error{Code::unreachable, "the connection has ended", "", errnum, {}});
}

class SocketStream final : public Stream {
public:
    SocketStream(Socket socket, std::shared_ptr<OpenStreams> among)
        : socket_(std::move(socket)), among_(std::move(among)) {
        if (among_) among_->add(*this);
    }
    ~SocketStream() override {
        if (among_) among_->remove(*this);
    }

    awaitable<Status> wait_readable() override { return ready(Socket::wait_read); }
    void stop_waiting() override {
        boost::system::error_code ignored;
        socket_.cancel(ignored);
    }

    awaitable<Result<std::size_t>> read(asio::mutable_buffer into) override {
        for (;;) {
            const auto got = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
            if (got >= 0) co_return static_cast<std::size_t>(got);
            if (errno != EAGAIN && errno != EINTR) co_return cut(errno);
            CO_CHECK(co_await ready(Socket::wait_read));
        }
    }

    awaitable<Status> write(asio::const_buffer from) override {
        while (from.size() > 0) {
            const auto put = ::send(socket_.native_handle(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (put >= 0) {
                from += static_cast<std::size_t>(put);
                continue;
            }
            if (errno != EAGAIN && errno != EINTR) co_return cut(errno);
            CO_CHECK(co_await ready(Socket::wait_write));
        }
        co_return Status{};
    }

    awaitable<void> end_writing() override {
        boost::system::error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
        co_return;
    }

    void close() override {
        boost::system::error_code ignored;
        socket_.shutdown(Socket::shutdown_both, ignored);
        socket_.close(ignored);
    }

private:
    awaitable<Status> ready(Socket::wait_type kind) {
        if (!socket_.is_open()) co_return cut(EBADF);
        boost::system::error_code error;
        co_await socket_.async_wait(kind, asio::redirect_error(asio::use_awaitable, error));
        if (error || !socket_.is_open()) co_return cut(ECONNABORTED);
        co_return Status{};
    }

    Socket socket_;
    std::shared_ptr<OpenStreams> among_;
};

class FirstThenRest final : public Stream {
public:
    FirstThenRest(std::string first, std::unique_ptr<Stream> rest) : first_(std::move(first)), rest_(std::move(rest)) {}

    awaitable<Status> wait_readable() override {
        if (at_ < first_.size()) co_return Status{};
        co_return co_await rest_->wait_readable();
    }
    void stop_waiting() override { rest_->stop_waiting(); }
    awaitable<Result<std::size_t>> read(asio::mutable_buffer into) override {
        if (at_ == first_.size()) return rest_->read(into);
        return again(into);
    }
    awaitable<Status> write(asio::const_buffer from) override { return rest_->write(from); }
    awaitable<void> end_writing() override { return rest_->end_writing(); }
    void close() override { rest_->close(); }

private:
    awaitable<Result<std::size_t>> again(asio::mutable_buffer into) {
        const auto count = asio::buffer_copy(into, asio::buffer(first_) + at_);
        at_ += count;
        if (at_ == first_.size()) {
            at_ = 0;
            std::string().swap(first_);
        }
        co_return count;
    }

    std::string first_;
    std::size_t at_ = 0;
    std::unique_ptr<Stream> rest_;
};

} // namespace

Result<std::unique_ptr<Stream>> stream_over(asio::any_io_executor executor, Fd socket,
                                            std::shared_ptr<OpenStreams> among) {
    if (among && among->ended()) return fail(Code::unreachable, "the run has ended");
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) return fail_errno("getsockname");
    boost::system::error_code error;
    Socket over(std::move(executor));
    over.assign({name.ss_family, 0}, socket.get(), error);
    if (error) return fail(Code::internal, "the socket cannot be watched: " + error.message());
    (void)socket.release();
    return std::unique_ptr<Stream>(std::make_unique<SocketStream>(std::move(over), std::move(among)));
}

std::unique_ptr<Stream> with_first(std::string first, std::unique_ptr<Stream> rest) {
    if (first.empty()) return rest;
    return std::make_unique<FirstThenRest>(std::move(first), std::move(rest));
}

} // namespace owhale::egress
