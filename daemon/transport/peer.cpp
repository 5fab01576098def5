#include "transport/peer.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <poll.h>
#include <sys/socket.h>

namespace owhale::transport {
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
using boost::system::error_code;

} // namespace

Result<std::shared_ptr<Peer>> Peer::make(const asio::any_io_executor& executor, Fd fd) {
    Socket socket(executor);
    error_code ec;
    socket.assign(asio::local::stream_protocol(), fd.get(), ec);
    if (ec) return fail_errno("watching a connection", ec.value());
    fd.release();
    return std::shared_ptr<Peer>(new Peer(std::move(socket)));
}

Peer::Read Peer::pull() {
    std::array<char, 16u << 10> chunk; // on the stack of this call only: an idle client costs no buffer
    const auto got = ::recv(socket_.native_handle(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got == 0) return Read::closed;
    if (got < 0) return errno == EAGAIN || errno == EINTR ? Read::nothing_yet : Read::closed;
    input_.append(chunk.data(), static_cast<std::size_t>(got));
    return Read::some;
}

asio::awaitable<bool> Peer::fill() {
    while (!late_) {
        const auto [ec] = co_await socket_.async_wait(Socket::wait_read, kAwait);
        if (ec || late_) break;
        const auto read = pull();
        if (read != Read::nothing_yet) co_return read == Read::some;
    }
    co_return false;
}

asio::awaitable<bool> Peer::write(std::string_view bytes, std::chrono::milliseconds patience) {
    arm(patience);
    while (!bytes.empty() && !late_) {
        const auto sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            arm(patience);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) break;
        const auto [ec] = co_await socket_.async_wait(Socket::wait_write, kAwait);
        if (ec) break;
    }
    disarm();
    co_return bytes.empty();
}

void Peer::arm(std::chrono::milliseconds time) {
    late_ = false;
    deadline_.expires_after(time);
    deadline_.async_wait([self = shared_from_this(), mine = ++armed_](error_code ec) {
        if (ec || mine != self->armed_) return;
        self->late_ = true;
        self->cancel();
    });
}

void Peer::disarm() {
    ++armed_;
    deadline_.cancel();
}

bool Peer::hung_up() {
    pollfd state{socket_.native_handle(), POLLRDHUP, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

// Bytes that wait would wake us again and again: past `most`, only the end of the connection does.
void Peer::watch(const std::shared_ptr<Watch>& watch) {
    const bool readable = !watch->half_closed && input_.size() < watch->most;
    socket_.async_wait(readable ? Socket::wait_read : Socket::wait_error,
                       [self = shared_from_this(), watch, readable](error_code ec) {
                           if (!watch->stopped && !ec) self->seen(watch, readable);
                       });
}

void Peer::seen(const std::shared_ptr<Watch>& watch, bool readable) {
    if (!readable || hung_up()) {
        watch->stopped = true;
        return watch->on_vanished();
    }
    if (pull() == Read::closed) {
        watch->half_closed = true;
        watch->on_half_closed();
    }
    this->watch(watch);
}

void Peer::unwatch(const std::shared_ptr<Watch>& watch) {
    watch->stopped = true;
    cancel();
}

void Peer::cancel() {
    error_code ignored;
    socket_.cancel(ignored);
}

void Peer::close() {
    disarm();
    error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
}

} // namespace owhale::transport
