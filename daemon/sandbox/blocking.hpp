// Work that may take long beside the io thread: reads that may never return (a client's file can lie on a FUSE or network
// mount that stalls), and long computations. Each runs on a thread of its own under a deadline, and no uid can hold more
// than a few at once: who stalls one hurts himself alone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/turns.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

class Blocking {
public:
    // What `job` returns, or busy after `time` (the thread goes on without anybody waiting). The job must own
    // everything that it uses.
    using Job = std::function<Result<std::string>()>;
    boost::asio::awaitable<Result<std::string>> run(std::uint32_t uid, Job job, std::chrono::milliseconds time);

    // The same for a computation with an answer of another type.
    template <typename T> boost::asio::awaitable<Result<T>> compute(std::uint32_t uid, std::function<Result<T>()> work,
                                                                    std::chrono::milliseconds time) {
        auto answer = std::make_shared<std::optional<Result<T>>>();
        Job job = [answer, work = std::move(work)]() -> Result<std::string> {
            answer->emplace(work());
            return std::string();
        };
        const auto done = co_await run(uid, std::move(job), time);
        if (!done) co_return std::unexpected(done.error());
        co_return *std::move(*answer);
    }

private:
    Turns threads_{64, 4};
};

} // namespace owhale::sandbox
