// Our standard streams, read and written by threads of their own: the descriptors are shared with other programs, so
// they must stay blocking, and a blocked one must not hold up signals.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/fd.hpp"

namespace owhale::cli {

// Reads a descriptor chunk by chunk. After each chunk it waits for `more`. From a terminal it reads only while we are
// in the foreground.
class InputPump {
public:
    // Called on the pump's thread, or by the maker and `more` where nothing can make us wait: a chunk, or "" once at the end.
    using Take = std::function<void(std::string)>;
    InputPump(int fd, Take take);
    ~InputPump();
    InputPump(const InputPump&) = delete;
    InputPump& operator=(const InputPump&) = delete;

    void more();

private:
    void begin();
    void work();
    std::optional<std::string> read_chunk() const;
    bool wait_readable() const;
    bool wait_for_more();

    int fd_;
    Take take_;
    Fd stop_; // eventfd
    std::mutex mutex_;
    std::condition_variable asked_;
    bool more_ = true, stopping_ = false;
    bool started_ = false; // the thread; of the maker's
    std::thread thread_;
};

// Writes chunks to stdout and stderr in the order in which they came.
class OutputPump {
public:
    // Called on the pump's thread after each chunk, once the pump's state tells of it.
    using Done = std::function<void()>;
    explicit OutputPump(Done done);
    ~OutputPump(); // writes what is left
    OutputPump(const OutputPump&) = delete;
    OutputPump& operator=(const OutputPump&) = delete;

    void write(int fd, std::string data);
    // More than 512 KiB wait: do not add to them.
    bool full();
    bool idle();
    // Why writing to this descriptor failed: an errno, or 0. What comes for it after that is dropped.
    int failure(int fd);

private:
    void work();

    Done done_;
    std::mutex mutex_;
    std::condition_variable added_;
    std::deque<std::pair<int, std::string>> waiting_;
    std::size_t bytes_ = 0;
    std::map<int, int> failures_; // descriptor to errno
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace owhale::cli
