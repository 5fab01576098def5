#include "identity/hasher.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/resource.h>

namespace owhale::identity {
namespace {

namespace asio = boost::asio;

constexpr int kNiceness = 10; // the one value that the broker's seccomp filter permits

} // namespace

struct Hasher::Job {
    explicit Job(const asio::any_io_executor& io, std::function<void()> given, Gone asked)
        : work(std::move(given)), gone(std::move(asked)), wake(io, asio::steady_timer::time_point::max()) {}
    std::function<void()> work;
    Gone gone;
    asio::steady_timer wake;
    bool done = false;
    Status outcome;

    void settle(Status status) {
        outcome = std::move(status);
        done = true;
        wake.cancel();
    }
};

struct Hasher::Thread {
    asio::thread_pool pool{1};
    Thread() {
        // Of this thread alone: Linux counts niceness by thread.
        asio::post(pool, [] { ::setpriority(PRIO_PROCESS, 0, kNiceness); });
    }
};

Hasher::Hasher(asio::any_io_executor io, Argon2 argon2) : io_(std::move(io)), argon2_(argon2) {}

Hasher::~Hasher() {
    if (thread_) thread_->pool.join();
}

asio::awaitable<Status> Hasher::run(std::shared_ptr<Job> job) {
    if (waiting_.size() >= kMostWaiting) {
        Error error{Code::busy, "too many passwords wait to be checked", "try again in a moment", 0, {}};
        error.retry_after = 2;
        co_return std::unexpected(std::move(error));
    }
    waiting_.push_back(job);
    start_next();
    boost::system::error_code ignored;
    while (!job->done) co_await job->wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return job->outcome;
}

void Hasher::start_next() {
    while (!working_ && !waiting_.empty()) {
        auto job = std::move(waiting_.front());
        waiting_.pop_front();
        if (job->gone && job->gone()) {
            job->settle(fail(Code::busy, "nobody waits for this any more"));
            continue;
        }
        working_ = true;
        if (!thread_) thread_ = std::make_unique<Thread>();
        // The work owns what it uses; the job itself comes back to the io thread to be settled there.
        asio::post(thread_->pool, [this, job = std::move(job)]() mutable {
            std::exchange(job->work, nullptr)();
            asio::post(io_, [this, job = std::move(job)] {
                working_ = false;
                job->settle({});
                start_next();
            });
        });
    }
}

asio::awaitable<Result<bool>> Hasher::check(std::string hash, Secret password, Gone gone) {
    struct Work {
        std::string hash;
        Secret password;
        bool right = false;
    };
    auto work = std::make_shared<Work>(Work{std::move(hash), std::move(password), false});
    std::function<void()> act = [argon2 = argon2_, work] {
        work->right = argon2.check(work->hash, work->password.text());
    };
    auto job = std::make_shared<Job>(io_, std::move(act), std::move(gone));
    auto done = co_await run(std::move(job));
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return work->right;
}

asio::awaitable<Result<std::string>> Hasher::make(Secret password, Gone gone) {
    struct Work {
        Secret password;
        Result<std::string> hash;
    };
    auto work = std::make_shared<Work>(Work{std::move(password), {}});
    std::function<void()> act = [argon2 = argon2_, work] { work->hash = argon2.make(work->password.text()); };
    auto job = std::make_shared<Job>(io_, std::move(act), std::move(gone));
    auto done = co_await run(std::move(job));
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return std::move(work->hash);
}

} // namespace owhale::identity
