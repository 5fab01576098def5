#include "transport/peer.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace owhale::transport {
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
using boost::system::error_code;
using How = Moved::How;

constexpr std::size_t kMostParts = 16;     // of one sendmsg
constexpr std::size_t kRecord = 16u << 10; // bytes in a TLS record, RFC 8446 section 5.1

Moved moved(ssize_t bytes, How otherwise) {
    if (bytes > 0) return {How::some, static_cast<std::size_t>(bytes)};
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return {otherwise, 0};
    return {How::closed, 0};
}

// A machine that lost its power says nothing: the kernel finds out by asking, and by what is never acknowledged.
void watch_the_line(int socket) {
    constexpr int on = 1, idle_s = 60, between_s = 15, probes = 4;
    constexpr unsigned unacknowledged_ms = 60'000;
    ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof between_s);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int family_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address.ss_family : AF_UNSPEC;
}

// Small parts leave in one record: a record costs its own 22 bytes and a pass through the cipher.
Moved transmit_secure(TlsSession& tls, std::span<const asio::const_buffer> buffers) {
    const auto first = std::ranges::find_if(buffers, [](const auto& buffer) { return buffer.size() > 0; });
    if (first == buffers.end()) return {How::some, 0};
    if (first + 1 == buffers.end() || first->size() >= kRecord)
        return tls.write({static_cast<const char*>(first->data()), first->size()});
    std::array<char, kRecord> record;
    const auto size = asio::buffer_copy(asio::buffer(record), std::span(first, buffers.end()));
    return tls.write({record.data(), size});
}

} // namespace

Result<std::shared_ptr<Peer>> Peer::make(const asio::any_io_executor& executor, Fd fd) {
    const int family = family_of(fd.get());
    const bool tcp = family == AF_INET || family == AF_INET6;
    if (tcp) watch_the_line(fd.get());
    Socket socket(executor);
    error_code ec;
    socket.assign(asio::generic::stream_protocol(family, tcp ? IPPROTO_TCP : 0), fd.get(), ec);
    if (ec) return fail_errno("watching a connection", ec.value());
    fd.release();
    return std::shared_ptr<Peer>(new Peer(std::move(socket)));
}

// EINTR answers like EAGAIN: who waits is woken at once when there is something.
Moved Peer::receive(std::span<char> into) {
    if (tls_) return tls_->read(into);
    return moved(::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT), How::wait_read);
}

Moved Peer::transmit(std::span<const asio::const_buffer> buffers) {
    if (tls_) return transmit_secure(*tls_, buffers);
    std::array<iovec, kMostParts> parts{};
    const auto count = std::min(buffers.size(), parts.size());
    for (std::size_t i = 0; i < count; ++i) parts[i] = {const_cast<void*>(buffers[i].data()), buffers[i].size()};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    return moved(::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL), How::wait_write);
}

// A TLS record is 16 KiB at most: with a chunk of that size nothing decrypted stays behind, where no poll would see it.
Moved Peer::pull() {
    std::array<char, kRecord> chunk; // on the stack of this call only: an idle client costs no buffer
    const auto got = receive(chunk);
    if (got.how == How::some) input_.append(chunk.data(), got.bytes);
    return got;
}

asio::awaitable<bool> Peer::ready(How how) {
    const auto [ec] =
        co_await socket_.async_wait(how == How::wait_write ? Socket::wait_write : Socket::wait_read, kAwait);
    co_return !ec && !late_;
}

asio::awaitable<bool> Peer::secure(std::unique_ptr<TlsSession> tls, std::chrono::milliseconds patience) {
    arm(patience);
    auto done = tls->shake_hands();
    while (done.how == How::wait_read || done.how == How::wait_write) {
        const bool more = co_await ready(done.how);
        if (!more) break;
        done = tls->shake_hands();
    }
    disarm();
    tls_ = std::move(tls);
    co_return done.how == How::some;
}

asio::awaitable<int> Peer::first_byte(std::chrono::milliseconds patience) {
    arm(patience);
    int byte = -1;
    for (bool more = true; more && byte < 0;) {
        more = co_await ready(How::wait_read);
        unsigned char first = 0;
        const auto got = more ? ::recv(socket_.native_handle(), &first, 1, MSG_DONTWAIT | MSG_PEEK) : 0;
        if (got > 0) byte = first;
        more = more && got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    disarm();
    co_return byte;
}

asio::awaitable<bool> Peer::fill() {
    auto wait = How::wait_read;
    while (!late_) {
        if (!tls_ || !tls_->has_pending()) {
            const bool more = co_await ready(wait);
            if (!more) break;
        }
        const auto got = pull();
        if (got.how == How::some) co_return true;
        if (got.how == How::closed) break;
        wait = got.how;
    }
    co_return false;
}

asio::awaitable<bool> Peer::write(std::string_view bytes, std::chrono::milliseconds patience) {
    arm(patience);
    while (!bytes.empty() && !late_) {
        const asio::const_buffer buffer(bytes.data(), bytes.size());
        const auto sent = transmit({&buffer, 1});
        if (sent.how == How::closed) break;
        if (sent.how == How::some) {
            bytes.remove_prefix(sent.bytes);
            arm(patience);
            continue;
        }
        const bool more = co_await ready(sent.how);
        if (!more) break;
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
    if (pull().how == How::closed) {
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

void Peer::finish() {
    if (tls_) tls_->say_goodbye();
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Peer::sever() {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    cancel();
}

void Peer::close() {
    disarm();
    if (tls_) tls_->say_goodbye();
    error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
}

} // namespace owhale::transport
