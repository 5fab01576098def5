#include "cli/mcp_bridge.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <unistd.h>
#include <vector>

#include "cli/bell.hpp"
#include "cli/mcp_lane.hpp"
#include "cli/mcp_lines.hpp"
#include "cli/output.hpp"
#include "cli/pumps.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostLine = std::size_t{4} << 20;
constexpr std::size_t kMostLanes = 16;
constexpr std::size_t kMostWaiting = 256; // messages; beyond them stdin is left unread
constexpr std::size_t kMostWaitingBytes = std::size_t{8} << 20;
constexpr auto kGrace = 1000ms;     // after the end of the input, for what is nearly answered
constexpr auto kLastMoment = 800ms; // for the lines that are still to be written

// By a thread of its own: neither a connection that takes long nor a client that reads nothing keeps us.
void leave_after(std::chrono::milliseconds time) {
    std::thread([time] {
        std::this_thread::sleep_for(time);
        ::_exit(0);
    }).detach();
}

void await_signals(std::function<void()> on_signal) {
    sigset_t ends;
    ::sigemptyset(&ends);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ends, number);
    ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    std::thread([ends, on_signal = std::move(on_signal)] {
        int number = 0;
        ::sigwait(&ends, &number);
        leave_after(kLastMoment);
        on_signal();
    }).detach();
}

// Requests that wait for a lane, in order.
class Waiting {
public:
    void add(McpMessage message) {
        bytes_ += message.text.size();
        messages_.push_back(std::move(message));
    }
    McpMessage take_first() { return take(messages_.begin()); }
    bool forget(const std::string& id) {
        for (auto at = messages_.begin(); at != messages_.end(); ++at) {
            if (at->id != id) continue;
            take(at);
            return true;
        }
        return false;
    }
    void clear() {
        messages_.clear();
        bytes_ = 0;
    }
    const McpMessage& first() const { return messages_.front(); }
    bool empty() const { return messages_.empty(); }
    bool full() const { return messages_.size() >= kMostWaiting || bytes_ >= kMostWaitingBytes; }

private:
    McpMessage take(std::deque<McpMessage>::iterator at) {
        auto message = std::move(*at);
        messages_.erase(at);
        bytes_ -= message.text.size();
        return message;
    }

    std::deque<McpMessage> messages_;
    std::size_t bytes_ = 0;
};

class Bridge {
public:
    explicit Bridge(const Where& where) : where_(where) {
        if (!where.host) surroundings_ = own_surroundings(); // over TCP owhaled may be on another machine
    }

    [[noreturn]] void run() {
        await_signals([this] { asio::post(loop_, [this] { end(); }); });
        output_.emplace([this] { asio::post(loop_, [this] { on_written(); }); });
        input_.emplace(STDIN_FILENO, [this](std::string chunk) {
            if (chunk.empty()) leave_after(kGrace + kLastMoment);
            asio::post(loop_, [this, chunk = std::move(chunk)] { on_input(chunk); });
        });
        const auto alive = asio::make_work_guard(loop_);
        loop_.run();
        ::_exit(0); // without waiting for the pumps' threads, which others may hold
    }

private:
    // --- the client's side

    void on_input(std::string_view chunk) {
        if (chunk.empty())
            on_end_of_input();
        else
            lines_.take(chunk);
        advance();
    }

    void on_end_of_input() {
        lines_.end();
        at_end_ = true;
        grace_.expires_after(kGrace);
        grace_.async_wait([this](const boost::system::error_code& error) {
            if (!error) end();
        });
    }

    void on_line(std::string line) {
        auto message = read_mcp(std::move(line));
        if (!message)
            write(std::move(message).error());
        else if (message->cancels.empty())
            waiting_.add(*std::move(message));
        else
            cancel(*std::move(message));
    }

    void on_too_long() {
        write(mcp_error("", kInvalidRequest, "Invalid Request: a message may have 4 MiB, and this line has more"));
    }

    void write(std::string line) { output_->write(STDOUT_FILENO, std::move(line)); }

    void on_written() {
        room_.ring();
        if (output_->failure(STDOUT_FILENO) != 0) return end();
        if (ending_ && output_->idle()) loop_.stop();
        advance();
    }

    asio::awaitable<void> room() {
        while (output_->full() && !ending_) co_await room_.wait();
    }

    // --- owhaled's side

    // Starts what may start, and lets more come in where there is room for it.
    void advance() {
        while (!ending_ && may_start()) start(waiting_.take_first());
        if (at_end_ && waiting_.empty() && busy() == 0) return end();
        if (!ending_ && !at_end_ && !waiting_.full() && !output_->full()) input_->more();
    }

    // An initialize goes alone: what comes after it names the version that it agreed on.
    bool may_start() {
        if (waiting_.empty() || initializing_ || output_->full()) return false;
        return waiting_.first().starts_session() ? busy() == 0 : busy() < kMostLanes;
    }

    void start(McpMessage message) {
        const bool first = message.starts_session();
        if (first) initializing_ = true;
        auto& lane = free_lane();
        lane.load(std::move(message));
        asio::co_spawn(loop_, lane.carry(session_), [this, first](const std::exception_ptr&) {
            if (first) initializing_ = false;
            advance();
        });
    }

    // The one that was busy last, if it is free: its connection is open.
    McpLane& free_lane() {
        for (const auto& lane : lanes_)
            if (!lane->busy()) return *lane;
        return *lanes_.emplace_back(std::make_unique<McpLane>(loop_.get_executor(), where_, surroundings_, acts_));
    }

    std::size_t busy() const {
        std::size_t count = 0;
        for (const auto& lane : lanes_) count += lane->busy() ? 1 : 0;
        return count;
    }

    McpLane* carrying(const std::string& id) {
        for (const auto& lane : lanes_)
            if (lane->busy() && lane->message().id == id) return lane.get();
        return nullptr;
    }

    // What has not begun is forgotten. In the stateless revision closing the request's connection says all; in those with
    // a handshake owhaled is told, and the connection is closed after that: what ends meanwhile is no answer any more.
    void cancel(McpMessage notice) {
        if (waiting_.forget(notice.cancels)) return;
        auto* lane = carrying(notice.cancels);
        if (lane != nullptr && lane->message().stateless()) return lane->take_back();
        if (lane != nullptr) lane->hush();
        asio::co_spawn(loop_, tell_cancelled(std::move(notice)), [this](const std::exception_ptr&) { advance(); });
    }

    asio::awaitable<void> tell_cancelled(McpMessage notice) {
        const auto id = notice.cancels;
        while (busy() > kMostLanes) co_await room_.wait();
        auto& teller = free_lane();
        teller.load(std::move(notice));
        co_await teller.carry(session_);
        if (auto* lane = carrying(id)) lane->take_back();
    }

    // Told once each way, for whoever reads the agent's log.
    void on_reached(const Error* error) {
        if (away_ == (error != nullptr)) return;
        away_ = error != nullptr;
        note(away_ ? "owhaled cannot be asked: " + to_line(*error) : "owhaled is there again");
    }

    void end() {
        if (ending_) return;
        ending_ = true;
        waiting_.clear();
        room_.ring();
        for (const auto& lane : lanes_)
            if (lane->busy()) lane->take_back();
        if (output_->idle() || output_->failure(STDOUT_FILENO) != 0) loop_.stop();
    }

    Where where_;
    McpHeaders surroundings_;
    asio::io_context loop_{1};
    Bell room_{loop_};
    asio::steady_timer grace_{loop_};
    McpLines lines_{
        kMostLine,
        {.line = [this](std::string line) { on_line(std::move(line)); }, .too_long = [this] { on_too_long(); }}};
    Waiting waiting_;
    McpLane::Acts acts_{.answer = [this](const McpAnswer& answer) { write(answer.line); },
                        .room = [this] { return room(); },
                        .agreed = [this](McpSession session) { session_ = std::move(session); },
                        .reached = [this](const Error* error) { on_reached(error); }};
    std::vector<std::unique_ptr<McpLane>> lanes_;
    McpSession session_;
    bool initializing_ = false, at_end_ = false, ending_ = false, away_ = false;
    std::optional<OutputPump> output_;
    std::optional<InputPump> input_;
};

} // namespace

void bridge_mcp(const Where& where) {
    Bridge(where).run();
}

} // namespace owhale::cli
