#include "sandbox/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include "base/log.hpp"
#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using std::chrono::steady_clock;

constexpr std::uint64_t kHeldBack = 256u << 10; // bytes read of a run that waits for its first attach
constexpr std::chrono::seconds kDrainTime{2};
constexpr std::chrono::seconds kSlowTime{30};
constexpr std::chrono::seconds kAttachTime{10};
constexpr std::chrono::milliseconds kPause{50};
constexpr std::size_t kChunk = 64u << 10;
constexpr std::size_t kLongestLine = 2048;
constexpr int kChunksAtOnce = 4; // then others have their turn

// One for all pumps: they run on one thread, and none keeps it over a suspension.
std::array<char, kChunk> chunk;

} // namespace

Run::Run(asio::any_io_executor executor, Birth birth)
    : executor_(executor), birth_(std::move(birth)), changed_(executor),
      streams_{RunStream(join(birth_.folder, "stdout"), birth_.keep, birth_.masks_live),
               RunStream(join(birth_.folder, "stderr"), birth_.keep, birth_.masks_live)},
      pauses_{asio::steady_timer(executor), asio::steady_timer(executor)}, drain_timer_(executor) {
    for (auto& stream : streams_) stream.hold_window(birth_.attach);
}

std::uint64_t Run::age_ms() const {
    const auto age = std::chrono::steady_clock::now() - born_;
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(age).count());
}

void Run::enter(State state) {
    if (!may_follow(state_, state)) {
        log::error("a run went a way that is none",
                   {{"run", id()}, {"from", std::string(name(state_))}, {"to", std::string(name(state))}});
        return;
    }
    state_ = state;
    record.state = name(state);
    changed_.notify();
}

void Run::set_over() {
    over_ = true;
    changed_.notify();
}

awaitable<void> Run::until_started() {
    const auto self = shared_from_this();
    while (!ended(state_) && state_ != State::running) co_await changed_.wait();
}

api::Run Run::snapshot() const {
    auto copy = record;
    copy.stdout_length = streams_[0].length();
    copy.stderr_length = streams_[1].length();
    copy.truncated = output(0).truncated() || output(1).truncated();
    return copy;
}

// --- streams ---

void Run::start_io(Started started) {
    const auto take = [&](std::size_t stream, Fd& fd) {
        if (!fd) return;
        pipes_[stream].emplace(executor_, fd.release());
        pipes_[stream]->native_non_blocking(true);
        ++open_streams_;
    };
    take(0, birth_.tty ? started.in : started.out);
    take(1, started.err);
    if (!birth_.tty && started.in) {
        stdin_.emplace(executor_, started.in.release());
        stdin_->native_non_blocking(true);
    }
    for (const auto& line : std::exchange(unsaid_, {})) say(line);
    for (std::size_t stream = 0; stream < 2; ++stream)
        if (pipes_[stream])
            asio::co_spawn(
                executor_, [self = shared_from_this(), stream] { return self->pump(stream); }, asio::detached);
}

void Run::say(std::string_view line) {
    const std::size_t stream = birth_.tty ? 0 : 1;
    if (state() == State::starting) unsaid_.emplace_back(line); // before what the run itself writes
    if (!pipes_[stream]) return;
    std::string text;
    for (const char c : line.substr(0, kLongestLine))
        text += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
    streams_[stream].take(text + (birth_.tty ? "\r\n" : "\n"));
    count_output();
    changed_.notify();
}

// Whether a reader must be waited for. Once the run has ended, what the pipe still holds is little and comes in at once.
bool Run::held(std::size_t stream) const {
    if (ended_) return false;
    const auto& from = streams_[stream];
    if (birth_.attach && !ever_attached_ && from.length() >= kHeldBack) return true;
    for (const auto& attachment : attachments_)
        if (!attachment->dropped && from.behind(attachment->readers[stream]) > from.reach()) return true;
    return false;
}

// Reads what is there; false when there was nothing. `end` is set at the end of the stream.
bool Run::read_some(std::size_t stream, bool& end) {
    const auto n = ::read(pipes_[stream]->native_handle(), chunk.data(), chunk.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    // A terminal says EIO when the last of its users has closed it.
    if (n <= 0) {
        end = true;
        return false;
    }
    streams_[stream].take({chunk.data(), static_cast<std::size_t>(n)});
    count_output();
    changed_.notify();
    return true;
}

// What may be the start of a secret is held back for a moment, not for as long as a prompt waits.
void Run::watch_pause(std::size_t stream) {
    if (!streams_[stream].has_shy()) return;
    pauses_[stream].expires_after(kPause);
    pauses_[stream].async_wait([weak = weak_from_this(), stream](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->streams_[stream].pause();
        self->changed_.notify();
    });
}

void Run::advance(Attachment& attachment, std::size_t stream, const Output::Slice& slice) {
    streams_[stream].advance(attachment.readers[stream], slice);
    trim_windows();
}

// Of what was written, as it was, no more is held than its slowest reader still needs.
void Run::trim_windows() {
    const bool awaited = birth_.attach && !ever_attached_;
    for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
        auto least = streams_[stream].length();
        bool read = awaited;
        for (const auto& attachment : attachments_) {
            if (attachment->dropped) continue;
            read = true;
            least = std::min(least, attachment->readers[stream].live_at);
        }
        streams_[stream].hold_window(read);
        if (!awaited) streams_[stream].forget_before(least);
    }
}

awaitable<void> Run::pump(std::size_t stream) {
    const auto self = shared_from_this();
    boost::system::error_code error;
    for (bool end = false; !end && pipes_[stream]->is_open();) {
        if (held(stream)) {
            co_await changed_.wait();
            continue;
        }
        int chunks = 0;
        while (chunks < kChunksAtOnce && !held(stream) && read_some(stream, end)) ++chunks;
        if (end) break;
        if (chunks == kChunksAtOnce) {
            co_await asio::post(executor_, asio::use_awaitable);
        } else if (chunks == 0) {
            watch_pause(stream);
            co_await pipes_[stream]->async_wait(Descriptor::wait_read,
                                                asio::redirect_error(asio::use_awaitable, error));
            if (error) break;
        }
    }
    pipes_[stream].reset();
    pauses_[stream].cancel();
    streams_[stream].end();
    --open_streams_;
    changed_.notify();
}

void Run::count_output() {
    if (birth_.output_limit == 0 || limit_told_) return;
    if (streams_[0].length() + streams_[1].length() <= birth_.output_limit) return;
    limit_told_ = true;
    if (on_output_limit) on_output_limit();
}

void Run::end(const wire::RunEnded& ended) {
    ended_ = ended;
    if (stdin_) stdin_.reset();
    drain_timer_.expires_after(kDrainTime);
    drain_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        for (auto& pipe : self->pipes_)
            if (pipe) pipe->close();
    });
    changed_.notify();
}

awaitable<void> Run::until_drained() {
    while (!ended_ || !drained()) co_await changed_.wait();
    drain_timer_.cancel();
}

// --- who is there ---

std::shared_ptr<Attachment> Run::attach(bool replay) {
    auto attachment = std::make_shared<Attachment>();
    attachment->moved = steady_clock::now();
    attachment->readers = {streams_[0].reader(replay), streams_[1].reader(replay)};
    attachments_.push_back(attachment);
    ever_attached_ = true;
    note_presence();
    changed_.notify();
    return attachment;
}

void Run::detach(const std::shared_ptr<Attachment>& attachment) {
    std::erase(attachments_, attachment);
    trim_windows();
    if (stdin_taken_ && stdin_owner_ == attachment.get()) {
        stdin_owner_ = nullptr;
        stdin_taken_ = false; // who comes back to the run may type again
    }
    note_presence();
    changed_.notify();
}

void Run::creator_gone() {
    creator_here_ = false;
    note_presence();
    changed_.notify();
}

void Run::note_presence() {
    const bool alone = !birth_.detached && !creator_here_ && attachments_.empty();
    if (!alone)
        alone_since_.reset();
    else if (!alone_since_)
        alone_since_ = steady_clock::now();
}

void Run::set_caller(Caller caller) {
    birth_.caller = std::move(caller);
    creator_here_ = true;
    note_presence();
}

void Run::let_go() {
    birth_.detached = true;
    record.detached = true;
    note_presence();
}

std::optional<steady_clock::time_point> Run::alone_since() const {
    return alone_since_;
}

void Run::drop_slow(steady_clock::time_point now) {
    // Who asked for an attach and never came holds the output back no longer.
    if (!ever_attached_ && now - born_ > kAttachTime) {
        ever_attached_ = true;
        trim_windows();
        changed_.notify();
    }
    // The only reader of a run that somebody waits for may take its time.
    if (attachments_.size() < 2 && !birth_.detached) return;
    for (const auto& attachment : attachments_) {
        const bool behind =
            streams_[0].behind(attachment->readers[0]) > 0 || streams_[1].behind(attachment->readers[1]) > 0;
        if (!behind || attachment->dropped || now - attachment->moved < kSlowTime) continue;
        attachment->dropped = true;
        trim_windows();
        log::info("an attached client is too slow", {{"run", id()}});
        changed_.notify();
    }
}

// --- stdin ---

bool Run::owns_stdin(const Attachment* from) {
    if (!stdin_taken_) {
        stdin_taken_ = true;
        stdin_owner_ = from;
    }
    return stdin_owner_ == from;
}

awaitable<void> Run::write_stdin(const Attachment* from, std::string data) {
    const auto self = shared_from_this();
    if (!owns_stdin(from)) co_return;
    stdin_busy_ = true;
    const std::shared_ptr<void> idle(nullptr, [self](void*) { self->stdin_busy_ = false; });
    boost::system::error_code error;
    for (std::size_t done = 0; done < data.size();) {
        auto& to = birth_.tty ? pipes_[0] : stdin_;
        if (!to || !to->is_open()) co_return;
        const auto n = ::write(to->native_handle(), data.data() + done, data.size() - done);
        if (n >= 0) {
            done += static_cast<std::size_t>(n);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) { // nobody reads any more
            if (!birth_.tty) stdin_.reset();
            co_return;
        }
        co_await to->async_wait(Descriptor::wait_write, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
    }
}

Run::StdinNow Run::stdin_now(const Attachment* from) const {
    const auto& to = birth_.tty ? pipes_[0] : stdin_;
    if (!to || !to->is_open()) return StdinNow::closed;
    if (stdin_taken_ && stdin_owner_ != from) return StdinNow::anothers;
    return stdin_busy_ ? StdinNow::busy : StdinNow::open;
}

void Run::close_stdin(const Attachment* from) {
    if (!owns_stdin(from)) return;
    if (!birth_.tty) {
        stdin_.reset();
    } else if (pipes_[0] && pipes_[0]->is_open()) {
        // A terminal has no end of file of its own: the line discipline makes one of ^D.
        const char end_of_transmission = 4;
        if (::write(pipes_[0]->native_handle(), &end_of_transmission, 1) < 0)
            log::debug("a terminal took no end of file", {{"run", id()}});
    }
}

void Run::resize(std::uint16_t rows, std::uint16_t columns) {
    if (!birth_.tty || !pipes_[0] || !pipes_[0]->is_open()) return;
    const winsize size{rows, columns, 0, 0};
    if (::ioctl(pipes_[0]->native_handle(), TIOCSWINSZ, &size) != 0)
        log::warning("a terminal could not be resized", {{"run", id()}, {"errno", std::to_string(errno)}});
}

} // namespace owhale::sandbox
