#include "cli/pumps.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

// /dev/null, or a pipe or socket whose other end has gone: what is there, and then its end, can be read at once.
bool never_waits(int fd) {
    struct stat about{};
    if (::fstat(fd, &about) != 0) return false;
    if (S_ISCHR(about.st_mode)) return about.st_rdev == makedev(1, 3);
    pollfd now{fd, POLLIN, 0};
    if ((!S_ISFIFO(about.st_mode) && !S_ISSOCK(about.st_mode)) || ::poll(&now, 1, 0) <= 0) return false;
    return (now.revents & POLLHUP) != 0;
}

} // namespace

InputPump::InputPump(int fd, Take take) : fd_(fd), take_(std::move(take)) {
    begin();
}

// A thread is made where one is needed: an agent's stdin is /dev/null or closed more often than not.
void InputPump::begin() {
    if (never_waits(fd_))
        if (auto chunk = read_chunk()) return take_(*std::move(chunk));
    started_ = true;
    stop_.reset(::eventfd(0, EFD_CLOEXEC));
    thread_ = std::thread([this] { work(); });
}

InputPump::~InputPump() {
    if (!started_) return;
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
    if (!started_) return begin();
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

// "" at its end, or when it cannot be read; none when it has to be tried again.
std::optional<std::string> InputPump::read_chunk() const {
    std::string chunk;
    bool again = false;
    // Not zeroed before: most inputs are short, and a page that is not touched costs nothing.
    chunk.resize_and_overwrite(kChunk, [&](char* to, std::size_t most) {
        const auto count = ::read(fd_, to, most);
        again = count < 0 && (errno == EINTR || errno == EAGAIN);
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    });
    if (again) return std::nullopt;
    return chunk;
}

void InputPump::work() {
    block_signals();
    while (wait_for_more()) {
        std::optional<std::string> chunk;
        while (!chunk) {
            if (!wait_readable()) return;
            chunk = read_chunk();
        }
        const bool end = chunk->empty();
        take_(*std::move(chunk));
        if (end) return;
    }
}

OutputPump::OutputPump(Done done) : done_(std::move(done)) {}

OutputPump::~OutputPump() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    added_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void OutputPump::write(int fd, std::string data) {
    {
        const std::scoped_lock lock(mutex_);
        bytes_ += data.size();
        waiting_.emplace_back(fd, std::move(data));
    }
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
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
