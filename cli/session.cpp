#include "cli/session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <deque>
#include <unistd.h>
#include <utility>

#include "cli/approve_here.hpp"
#include "cli/bell.hpp"
#include "cli/connection.hpp"
#include "cli/control_line.hpp"
#include "cli/detach_keys.hpp"
#include "cli/events.hpp"
#include "cli/exit_codes.hpp"
#include "cli/hosts_here.hpp"
#include "cli/messages.hpp"
#include "cli/pumps.hpp"
#include "cli/run_signals.hpp"
#include "cli/start_note.hpp"
#include "cli/terminal.hpp"
#include "cli/waiting_note.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kStdin = 0, kStdout = 1, kStderr = 2, kStatus = 3, kResize = 4, kClose = 255;
constexpr auto kDetachKeyWait = 500ms; // how long a lone Ctrl-P is held back
constexpr std::uint64_t kGraceWhenUnread = 2000;

struct Frame {
    std::uint8_t channel;
    std::string data;
};

std::string resize_message(WindowSize size) {
    return "{\"Width\":" + std::to_string(size.columns) + ",\"Height\":" + std::to_string(size.rows) + "}";
}

class Session {
public:
    Session(const Where& where, Attachment attachment)
        : attachment_(std::move(attachment)), connection_(loop_.get_executor(), where), control_(loop_, where),
          waiting_note_(loop_, where), hosts_here_(loop_, where, attachment_.approve_here),
          here_(std::move(attachment_.approve_here)) {
        if (attachment_.quiet) waiting_note_.mute();
    }

    Result<SessionEnd> run() {
        asio::co_spawn(loop_, flow(), [this](const std::exception_ptr&) { loop_.stop(); });
        loop_.run();
        if (failure_) return std::unexpected(*std::move(failure_));
        return std::move(end_);
    }

private:
    asio::awaitable<void> flow() {
        if (attachment_.progress) start_note_.show_when_late();
        auto opened = co_await open();
        start_note_.take_back();
        if (!opened) {
            failure_ = std::move(opened).error();
            co_return;
        }
        if (over_) co_return co_await drain();
        asio::co_spawn(loop_, send_frames(), asio::detached);
        asio::co_spawn(loop_, control_.serve(), asio::detached);
        asio::co_spawn(loop_, receive(), asio::detached);
        while (waits() && !over_) co_await over_bell_.wait();
        if (!over_) take_terminal();
        // Where the run reads the terminal it could ask for the password itself: then a line on its stderr is all there is.
        const bool reads = attachment_.tty || (attachment_.stdin_open && is_terminal(attachment_.input));
        if (!over_ && !reads && end_.run.net == "scoped") hosts_here_.begin(end_.run.id);
        while (!over_) co_await over_bell_.wait();
        hosts_here_.end();
        input_.reset();
        co_await drain();
        raw_.reset();
        const bool unread = end_.how == SessionEnd::How::output_gone;
        if (unread && !is_over(end_.run.state)) co_await control_.end_now(kGraceWhenUnread);
    }

    // Lost output is told, even that of a run that has ended.
    asio::awaitable<void> drain() {
        while (!output_.idle()) co_await drained_.wait();
        end_.errnum = output_.failure(STDOUT_FILENO);
        if (end_.errnum != 0) end_.how = SessionEnd::How::output_gone;
    }

    asio::awaitable<Status> open() {
        if (attachment_.create) {
            auto reply = co_await connection_.send(*std::move(attachment_.create));
            if (!reply) co_return std::unexpected(std::move(reply).error());
            auto accepted = succeeded(*std::move(reply));
            if (!accepted) co_return std::unexpected(std::move(accepted).error());
            auto made = read_run(accepted->body);
            if (!made) co_return std::unexpected(std::move(made).error());
            heard(*std::move(made));
            attachment_.id = end_.run.id;
            if (is_over(end_.run.state) && end_.run.stdout_length + end_.run.stderr_length == 0) {
                over_ = true; // it never ran: there is nothing to attach to
                co_return Status{};
            }
        }
        control_.use(attachment_.id);
        Call attach{.verb = "runs.attach", .id = attachment_.id};
        auto channel = co_await connection_.upgrade(std::move(attach));
        if (!channel) co_return std::unexpected(std::move(channel).error());
        channel_ = *std::move(channel);
        signals_.watch(attachment_.tty); // before the size is read: a change after that is told
        co_return Status{};
    }

    bool waits() const { return end_.run.state == "waiting_approval"; }

    // Once it does not wait for people any more: until then keys are for who decides, or for us.
    void take_terminal() {
        if (attachment_.tty) {
            auto raw = RawMode::enter(STDIN_FILENO);
            if (!raw && attachment_.stdin_open) {
                failure_ = std::move(raw).error();
                return finish();
            }
            if (raw) raw_.emplace(*std::move(raw));
            push_size();
        }
        if (attachment_.stdin_open) start_input();
    }

    void tell_waiting() {
        if (!waits() || !end_.run.approval) {
            waiting_note_.end();
            here_.end();
            return over_bell_.ring();
        }
        start_note_.take_back();
        if (attachment_.sink != Sink::live) waiting_note_.mute();
        if (here_.wanted()) waiting_note_.mute();
        waiting_note_.begin(end_.run);
        here_.begin(*end_.run.approval);
    }

    // What a run ends with arrives in order: all of its output, then its last status.
    asio::awaitable<void> receive() {
        for (;;) {
            auto message = co_await channel_->read();
            if (over_) co_return;
            if (!message) {
                if (!is_over(end_.run.state)) failure_ = std::move(message).error();
                break;
            }
            start_note_.take_back();
            const bool status = message->channel == kStatus;
            dispatch(*std::move(message));
            if (status && is_over(end_.run.state)) break;
            while (output_.full() && !over_) co_await drained_.wait();
        }
        finish();
    }

    void dispatch(Channel::Message message) {
        if (message.channel == kStatus) {
            if (auto run = read_run(message.data)) heard(*std::move(run));
            return;
        }
        const bool to_stdout = message.channel == kStdout;
        if ((!to_stdout && message.channel != kStderr) || message.data.empty()) return;
        if (attachment_.sink == Sink::drop) return;
        if (to_stdout && attachment_.only_output) message.data = attachment_.only_output(std::move(message.data));
        if (attachment_.sink == Sink::events)
            output_.write(STDOUT_FILENO, output_event(to_stdout ? "stdout" : "stderr", message.data));
        else
            output_.write(to_stdout ? STDOUT_FILENO : STDERR_FILENO, std::move(message.data));
    }

    void heard(api::Run run) {
        const bool news = run.state != end_.run.state || is_over(run.state); // the end is told last, after all output
        end_.run = std::move(run);
        tell_waiting();
        if (news && attachment_.sink == Sink::events) output_.write(STDOUT_FILENO, state_event(end_.run));
    }

    // On the output thread.
    void written() {
        asio::post(loop_, [this] {
            if (!over_ && output_.failure(STDOUT_FILENO) != 0) finish();
            drained_.ring();
        });
    }

    void finish() {
        over_ = true;
        over_bell_.ring();
        drained_.ring();
    }

    void start_input() {
        input_.emplace(attachment_.input, [this](std::string chunk) {
            asio::post(loop_, [this, chunk = std::move(chunk)]() mutable { typed(std::move(chunk)); });
        });
    }

    void typed(std::string chunk) {
        if (over_) return;
        if (chunk.empty()) {
            push({kClose, std::string(1, static_cast<char>(kStdin))});
            return;
        }
        if (attachment_.tty) {
            auto [data, detach] = attachment_.detachable ? keys_.take(chunk) : DetachKeys::Typed{chunk};
            if (detach) {
                end_.how = SessionEnd::How::detached;
                finish();
                return;
            }
            if (window_size() != told_size_) push_size();
            if (keys_.holds()) asio::co_spawn(loop_, release_held_key(), asio::detached);
            chunk = std::move(data);
        }
        if (chunk.empty())
            input_->more();
        else
            push({kStdin, std::move(chunk)});
    }

    asio::awaitable<void> release_held_key() {
        asio::steady_timer wait(loop_, kDetachKeyWait);
        boost::system::error_code error;
        co_await wait.async_wait(asio::redirect_error(asio::use_awaitable, error));
        auto held = keys_.flush();
        if (!held.empty() && !over_) push({kStdin, std::move(held)});
    }

    void push(Frame frame) {
        outbox_.push_back(std::move(frame));
        outbox_bell_.ring();
    }

    // Also before keys: on a terminal, what is typed after a change of size meets a program that can know of it. Were
    // the keys sent ahead of it, the program would answer for the old size, and vim forgets a SIGWINCH that it gets then.
    void push_size() {
        told_size_ = window_size();
        if (told_size_ && told_size_->columns > 0) push({kResize, resize_message(*told_size_)});
    }

    asio::awaitable<void> send_frames() {
        for (;;) {
            while (outbox_.empty()) co_await outbox_bell_.wait();
            const Frame frame = std::move(outbox_.front());
            outbox_.pop_front();
            const auto sent = co_await channel_->write(frame.channel, frame.data);
            if (!sent || over_) co_return; // the reader finds out why
            if (frame.channel == kStdin && input_) input_->more();
        }
    }

    // A raw terminal sends no SIGTSTP: somebody else did. Stop with the terminal in order.
    void stop_ourselves() {
        if (raw_) raw_->pause();
        ::raise(SIGSTOP);
        if (raw_) raw_->resume();
        push_size();
    }

    // Whether there is a request to take back.
    bool take_back() {
        if (!waits() || !end_.run.approval) return false;
        if (!attachment_.create) leave(kBySignal + SIGINT); // we only look on
        if (!std::exchange(taken_back_, true)) control_.cancel(*end_.run.approval);
        return true;
    }

    [[noreturn]] void leave(int code) {
        raw_.reset();
        ::_exit(code);
    }

    Attachment attachment_;
    asio::io_context loop_{1};
    Connection connection_;
    ControlLine control_;
    std::unique_ptr<Channel> channel_;
    RunSignals signals_{loop_,
                        control_,
                        {.resized = [this] { push_size(); },
                         .stopped = [this] { stop_ourselves(); },
                         .leave = [this](int code) { leave(code); },
                         .take_back = [this] { return take_back(); },
                         .is_over = [this] { return over_; }}};
    std::deque<Frame> outbox_;
    std::optional<WindowSize> told_size_;
    Bell over_bell_{loop_}, drained_{loop_}, outbox_bell_{loop_};
    StartNote start_note_{loop_};
    WaitingNote waiting_note_;
    HostsHere hosts_here_;
    ApproveHere here_;
    bool taken_back_ = false;
    bool over_ = false;
    DetachKeys keys_;
    SessionEnd end_;
    std::optional<Error> failure_;
    std::optional<RawMode> raw_;
    OutputPump output_{[this] { written(); }};
    std::optional<InputPump> input_;
};

} // namespace

bool is_over(std::string_view state) {
    static constexpr std::array<std::string_view, 10> kOver = {
        "exited", "signaled", "timed_out", "limit_exceeded", "killed",
        "denied", "expired",  "cancelled", "failed",         "lost",
    };
    return std::find(kOver.begin(), kOver.end(), state) != kOver.end();
}

Result<SessionEnd> attend(const Where& where, Attachment attachment) {
    std::signal(SIGPIPE, SIG_IGN);
    return Session(where, std::move(attachment)).run();
}

} // namespace owhale::cli
