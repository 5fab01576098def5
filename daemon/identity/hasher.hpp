// The one thread that hashes passwords, at low priority, and the queue before it. What waits does not hold up the io
// thread, and no storm of logins takes more than one processor and the memory of one hash.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "identity/argon2.hpp"
#include "identity/secret.hpp"
#include "shared/error.hpp"

namespace owhale::identity {

class Hasher {
public:
    static constexpr std::size_t kMostWaiting = 64;
    // Whether whoever asked has gone: asked on the io thread, before the work begins. May be empty.
    using Gone = std::function<bool()>;

    Hasher(boost::asio::any_io_executor io, Argon2 argon2);
    ~Hasher();

    // To be awaited on the io thread. Fails with busy when the queue is full or nobody waits any more.
    boost::asio::awaitable<Result<bool>> check(std::string hash, Secret password, Gone gone = {});
    boost::asio::awaitable<Result<std::string>> make(Secret password, Gone gone = {});

    const Argon2& argon2() const { return argon2_; }

private:
    struct Job;
    struct Thread;
    boost::asio::awaitable<Status> run(std::shared_ptr<Job> job);
    void start_next();

    boost::asio::any_io_executor io_;
    Argon2 argon2_;
    std::deque<std::shared_ptr<Job>> waiting_;
    bool working_ = false;
    std::unique_ptr<Thread> thread_; // from the first job on: not before the broker is confined
};

} // namespace owhale::identity
