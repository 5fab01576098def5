#include "cli/pumps.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <string_view>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/terminal.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr std::size_t kFull = std::size_t{512} << 10;
constexpr int kBackgroundPause = 500; // milliseconds

// Signals are the main thread's.
void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// Everything, whatever the descriptor's mode; 0 or the errno.
int write_whole(int fd, std::string_view data) {
    while (!data.empty()) {
        const auto count = ::write(fd, data.data(), data.size());
        if (count >= 0) {
            data.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            pollfd ready{fd, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

} // namespace

InputPump::InputPump(int fd, Take take) : fd_(fd), take_(std::move(take)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    thread_ = std::thread([this] { work(); });
}

InputPump::~InputPump() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    asked_.notify_one();
    const std::uint64_t one = 1;
    static_cast<void>(!::write(stop_.get(), &one, sizeof one));
    thread_.join();
}

void InputPump::more() {
    {
        const std::scoped_lock lock(mutex_);
        more_ = true;
    }
    asked_.notify_one();
}

bool InputPump::wait_for_more() {
    std::unique_lock lock(mutex_);
    asked_.wait(lock, [this] { return more_ || stopping_; });
    more_ = false;
    return !stopping_;
}

// False when the pump stops. A background job must not read its terminal: SIGTTIN would stop it.
bool InputPump::wait_readable() const {
    for (;;) {
        const bool background = is_terminal(fd_) && !in_foreground(fd_);
        std::array<pollfd, 2> ready = {pollfd{stop_.get(), POLLIN, 0}, pollfd{background ? -1 : fd_, POLLIN, 0}};
        if (::poll(ready.data(), ready.size(), background ? kBackgroundPause : -1) < 0 && errno != EINTR) return false;
        if (ready[0].revents != 0) return false;
        if (ready[1].revents != 0 && (!is_terminal(fd_) || in_foreground(fd_))) return true;
    }
}

void InputPump::work() {
    block_signals();
    std::string chunk;
    while (wait_for_more() && wait_readable()) {
        chunk.resize(kChunk);
        const auto count = ::read(fd_, chunk.data(), chunk.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
            more();
            continue;
        }
        chunk.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        take_(chunk);
        if (count <= 0) return;
    }
}

OutputPump::OutputPump(Done done) : done_(std::move(done)) {
    thread_ = std::thread([this] { work(); });
}

OutputPump::~OutputPump() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    added_.notify_one();
    thread_.join();
}

void OutputPump::write(int fd, std::string data) {
    {
        const std::scoped_lock lock(mutex_);
        bytes_ += data.size();
        waiting_.emplace_back(fd, std::move(data));
    }
    added_.notify_one();
}

bool OutputPump::full() {
    const std::scoped_lock lock(mutex_);
    return bytes_ >= kFull;
}

bool OutputPump::idle() {
    const std::scoped_lock lock(mutex_);
    return bytes_ == 0;
}

int OutputPump::failure(int fd) {
    const std::scoped_lock lock(mutex_);
    const auto found = failures_.find(fd);
    return found == failures_.end() ? 0 : found->second;
}

void OutputPump::work() {
    block_signals();
    for (;;) {
        std::unique_lock lock(mutex_);
        added_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
        if (waiting_.empty()) return;
        const auto [fd, data] = std::move(waiting_.front());
        waiting_.pop_front();
        const bool dropped = failures_.contains(fd);
        lock.unlock();
        const int errnum = dropped ? 0 : write_whole(fd, data);
        lock.lock();
        if (errnum != 0) failures_[fd] = errnum;
        bytes_ -= data.size();
        lock.unlock();
        done_();
    }
}

} // namespace owhale::cli
