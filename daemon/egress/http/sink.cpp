#include "egress/http/sink.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <sodium.h>

namespace owhale::egress::http {

using boost::asio::awaitable;

namespace {

constexpr std::size_t kJoined = 8u << 10; // content that is sent together with its head
constexpr std::string_view kLast = "0\r\n\r\n";

} // namespace

void Sink::wipe() {
    ::sodium_memzero(head_.data(), head_.size());
    std::string().swap(head_); // a quiet connection holds no memory
}

awaitable<Status> Sink::start() {
    if (head_.empty()) co_return Status{};
    const auto sent = co_await to_->write(boost::asio::buffer(head_));
    wipe();
    co_return sent;
}

awaitable<Status> Sink::write(char* data, std::size_t size, bool last) {
    if (size == 0) co_return Status{};
    auto* from = data;
    auto whole = size;
    if (framing_.kind == Framing::Kind::chunked) {
        std::array<char, 16> digits{};
        const auto end = std::to_chars(digits.begin(), digits.end(), size, 16).ptr;
        const auto count = static_cast<std::size_t>(end - digits.data());
        from = data - count - 2;
        std::memcpy(from, digits.data(), count);
        std::memcpy(data - 2, "\r\n", 2);
        std::memcpy(data + size, "\r\n", 2);
        if (last) std::memcpy(data + size + 2, kLast.data(), kLast.size());
        whole = count + 2 + size + 2 + (last ? kLast.size() : 0);
        finished_ = last;
    }
    if (!head_.empty() && whole <= kJoined && head_.size() + whole <= head_.capacity()) {
        head_.append(from, whole); // in the room that was reserved: a head that moves would leave a copy behind
        co_return co_await start();
    }
    const auto started = co_await start();
    CO_CHECK(started);
    co_return co_await to_->write(boost::asio::buffer(from, whole));
}

awaitable<Status> Sink::finish() {
    const auto started = co_await start();
    CO_CHECK(started);
    if (finished_ || framing_.kind != Framing::Kind::chunked) co_return Status{};
    finished_ = true;
    co_return co_await to_->write(boost::asio::buffer(kLast));
}

} // namespace owhale::egress::http
