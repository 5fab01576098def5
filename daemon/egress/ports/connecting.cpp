#include "egress/ports/connecting.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <memory>
#include <sys/socket.h>

namespace owhale::egress {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr std::chrono::seconds kConnectTime{10};

struct Attempt {
    explicit Attempt(const asio::any_io_executor& io) : socket(io), timer(io) {}
    asio::posix::stream_descriptor socket;
    asio::steady_timer timer;
    bool late = false;
};

void give_up_later(const std::shared_ptr<Attempt>& attempt) {
    attempt->timer.expires_after(kConnectTime);
    attempt->timer.async_wait([weak = std::weak_ptr(attempt)](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->late = true;
        self->socket.cancel();
    });
}

int error_of(int socket) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

std::unexpected<Error> refused(int errnum) {
    return fail(Code::unreachable, std::string("nothing answers there: ") + std::strerror(errnum),
                "start what listens at that port");
}

} // namespace

Result<Fd> host_socket(bool v6) {
    Fd out(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!out) return fail_errno("a socket cannot be made");
    return out;
}

awaitable<Result<Fd>> connected(asio::any_io_executor io, Fd socket, asio::ip::tcp::endpoint to) {
    if (::connect(socket.get(), to.data(), static_cast<socklen_t>(to.size())) == 0) co_return std::move(socket);
    if (errno != EINPROGRESS) co_return refused(errno);
    const auto attempt = std::make_shared<Attempt>(io);
    boost::system::error_code error;
    attempt->socket.assign(socket.get(), error);
    if (error) co_return fail(Code::internal, "a socket cannot be watched: " + error.message());
    give_up_later(attempt);
    co_await attempt->socket.async_wait(asio::posix::stream_descriptor::wait_write,
                                        asio::redirect_error(asio::use_awaitable, error));
    attempt->timer.cancel();
    attempt->socket.release(); // `socket` still owns it
    if (attempt->late) co_return refused(ETIMEDOUT);
    if (const int errnum = error_of(socket.get()); errnum != 0) co_return refused(errnum);
    co_return std::move(socket);
}

} // namespace owhale::egress
