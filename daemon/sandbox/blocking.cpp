#include "sandbox/blocking.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <system_error>
#include <thread>

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;

constexpr unsigned kMaxPerUid = 4;
constexpr unsigned kMaxTotal = 64;

struct Waiting {
    explicit Waiting(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    std::optional<Result<std::string>> answer;
};

} // namespace

asio::awaitable<Result<std::string>> Blocking::run(std::uint32_t uid, Job job, std::chrono::milliseconds time) {
    if (held_->total >= kMaxTotal || held_->by_uid[uid] >= kMaxPerUid)
        co_return fail(Code::busy, "too many of your files are being waited for", "is a network or FUSE mount stalled?");
    const auto executor = co_await asio::this_coro::executor;
    auto waiting = std::make_shared<Waiting>(executor);
    ++held_->total;
    ++held_->by_uid[uid];
    auto done = [held = held_, waiting, uid](Result<std::string> answer) {
        --held->total;
        if (--held->by_uid[uid] == 0) held->by_uid.erase(uid);
        waiting->answer = std::move(answer);
        waiting->timer.cancel();
    };
    waiting->timer.expires_after(time);
    try {
        std::thread([executor, done, job = std::move(job)]() mutable {
            asio::post(executor, [done, answer = job()]() mutable { done(std::move(answer)); });
        }).detach();
    } catch (const std::system_error& error) {
        done(fail_errno("starting a thread", error.code().value()));
    }
    boost::system::error_code ignored;
    if (!waiting->answer) co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (waiting->answer) co_return std::move(*waiting->answer);
    co_return fail(Code::busy, "reading a file took too long", "a network or FUSE mount may be stalled");
}

} // namespace owhale::sandbox
