#include "egress/ports/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

namespace owhale::egress {

namespace asio = boost::asio;
using asio::awaitable;

namespace {
constexpr std::chrono::milliseconds kNoDescriptors{100}; // until accept is tried again when there are none left
}

Listener::Listener(asio::any_io_executor io, std::size_t most, Serve serve)
    : listener_(io), free_(io), most_(most), serve_(std::move(serve)) {}

Result<std::shared_ptr<Listener>> Listener::open(asio::any_io_executor io, Fd listener, std::size_t most, Serve serve) {
    auto out = std::make_shared<Listener>(io, most, std::move(serve));
    boost::system::error_code error;
    out->listener_.assign(listener.get(), error);
    if (!error) listener.release();
    if (!error) out->listener_.non_blocking(true, error);
    if (error) return fail(Code::internal, "a listener cannot be watched: " + error.message());
    asio::co_spawn(io, out->accept(out), asio::detached);
    return out;
}

void Listener::close() {
    closed_ = true;
    boost::system::error_code ignored;
    listener_.close(ignored);
    free_.cancel();
    serve_ = nullptr;
}

awaitable<void> Listener::wait_for_one() {
    boost::system::error_code ignored;
    if (now_ >= most_) {
        free_.expires_at(asio::steady_timer::time_point::max());
        co_await free_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return;
    }
    co_await listener_.async_wait(asio::posix::stream_descriptor::wait_read,
                                  asio::redirect_error(asio::use_awaitable, ignored));
}

awaitable<void> Listener::accept(std::shared_ptr<Listener> self) {
    while (!closed_) {
        co_await wait_for_one();
        if (closed_ || now_ >= most_) continue;
        Fd connection(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (connection) {
            ++now_;
            asio::co_spawn(listener_.get_executor(), serve(self, std::move(connection)), asio::detached);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            boost::system::error_code ignored;
            free_.expires_after(kNoDescriptors);
            co_await free_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }
}

awaitable<void> Listener::serve(std::shared_ptr<Listener> self, Fd connection) {
    if (const auto how = serve_) co_await how(std::move(connection));
    --self->now_;
    self->free_.cancel();
}

} // namespace owhale::egress
