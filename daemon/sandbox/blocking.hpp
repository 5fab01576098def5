// Reads that may never return: a client's file can lie on a FUSE or network mount that stalls. Each runs on a thread of
// its own under a deadline, and no uid can hold more than a few at once: who stalls one hurts himself alone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "shared/error.hpp"

namespace owhale::sandbox {

class Blocking {
public:
    // What `job` returns, or busy after `time` (the thread goes on without anybody waiting). The job must own
    // everything that it uses.
    using Job = std::function<Result<std::string>()>;
    boost::asio::awaitable<Result<std::string>> run(std::uint32_t uid, Job job, std::chrono::milliseconds time);

private:
    struct Held { // threads under way
        std::map<std::uint32_t, unsigned> by_uid;
        unsigned total = 0;
    };
    std::shared_ptr<Held> held_ = std::make_shared<Held>();
};

} // namespace owhale::sandbox
