// Reads that may never return: a client's file can lie on a FUSE or network mount that stalls. Each runs on a thread of
// its own under a deadline, and no uid can hold more than a few at once: who stalls one hurts himself alone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
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

private:
    Turns threads_{64, 4};
};

} // namespace owhale::sandbox
