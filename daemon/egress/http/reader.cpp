#include "egress/http/reader.hpp"

#include <algorithm>
#include <cstring>

#include "egress/http/head.hpp"

namespace owhale::egress::http {

using boost::asio::awaitable;

namespace {
constexpr std::size_t kStep = 4u << 10;
}

awaitable<Status> Reader::wait() {
    if (!buffer_.empty()) co_return Status{};
    co_return co_await stream_->wait_readable();
}

awaitable<Result<bool>> Reader::fill() {
    const auto ready = co_await stream_->wait_readable();
    CO_CHECK(ready);
    const auto had = buffer_.size();
    buffer_.resize(had + kStep);
    const auto got = co_await stream_->read(boost::asio::buffer(buffer_.data() + had, kStep));
    buffer_.resize(had + got.value_or(0));
    CO_CHECK(got);
    co_return *got != 0;
}

awaitable<Result<std::string>> Reader::read_head() {
    std::size_t seen = 0;
    for (;;) {
        const auto end = buffer_.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
        const auto size = end == std::string::npos ? buffer_.size() : end + 4;
        if (size > kMaxHead) co_return fail(Code::bad_request, "the head is longer than 32 KiB");
        if (!clean_so_far(std::string_view(buffer_).substr(0, size), seen == 0 ? 0 : seen - 1))
            co_return fail(Code::bad_request, "the head holds a control character or a line end that is not CRLF");
        if (end != std::string::npos) {
            auto head = buffer_.substr(0, size);
            buffer_.erase(0, size);
            if (buffer_.empty()) std::string().swap(buffer_); // a quiet connection holds no memory
            co_return head;
        }
        seen = buffer_.size();
        const auto more = co_await fill();
        CO_CHECK(more);
        if (!*more) co_return fail(Code::unreachable, "the connection ended in the middle of a head");
    }
}

awaitable<Result<std::size_t>> Reader::read(std::span<char> into) {
    if (buffer_.empty()) co_return co_await stream_->read(boost::asio::buffer(into.data(), into.size()));
    const auto size = std::min(into.size(), buffer_.size());
    std::memcpy(into.data(), buffer_.data(), size);
    buffer_.erase(0, size);
    if (buffer_.empty()) std::string().swap(buffer_);
    co_return size;
}

} // namespace owhale::egress::http
