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

struct Waiting {
    Waiting(const asio::any_io_executor& executor, Turns::Turn turn_taken)
        : timer(executor), turn(std::move(turn_taken)) {}
    asio::steady_timer timer;
    std::optional<Turns::Turn> turn; // until the thread ends, however long that takes
    std::optional<Result<std::string>> answer;

    void settle(Result<std::string> result) {
        turn.reset();
        answer = std::move(result);
        timer.cancel();
    }
};

} // namespace

asio::awaitable<Result<std::string>> Blocking::run(std::uint32_t uid, Job job, std::chrono::milliseconds time) {
    auto turn = co_await threads_.take(uid, time);
    if (!turn) co_return std::unexpected(turn.error());
    const auto executor = co_await asio::this_coro::executor;
    auto waiting = std::make_shared<Waiting>(executor, std::move(*turn));
    waiting->timer.expires_after(time);
    try {
        std::thread([executor, waiting, job = std::move(job)]() mutable {
            auto answer = job();
            job = nullptr; // what it held is closed on this thread, where that may take its time
            asio::post(executor, [waiting = std::move(waiting), answer = std::move(answer)]() mutable {
                waiting->settle(std::move(answer));
            });
        }).detach();
    } catch (const std::system_error& error) {
        waiting->settle(fail_errno("starting a thread", error.code().value()));
    }
    boost::system::error_code ignored;
    if (!waiting->answer) co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (waiting->answer) co_return std::move(*waiting->answer);
    co_return fail(Code::busy, "reading a file took too long", "a network or FUSE mount may be stalled");
}

} // namespace owhale::sandbox
