#include "cli/control_line.hpp"

#include <cstring>

#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

std::string name_of(int number) {
    const char* name = ::sigabbrev_np(number);
    return name != nullptr ? name : std::to_string(number);
}

} // namespace

void ControlLine::signal(int number) {
    calls_.push_back(
        {.verb = "runs.signal", .id = run_, .body = write(api::SignalRequest{name_of(number)}), .limit = 5s});
    bell_.ring();
}

void ControlLine::kill(std::uint64_t grace_ms) {
    calls_.push_back(kill_call(grace_ms));
    bell_.ring();
}

void ControlLine::cancel(const std::string& approval) {
    calls_.push_back({.verb = "approvals.cancel", .id = approval, .limit = 5s});
    bell_.ring();
}

// A call that fails is no failure of ours: the run may have ended meanwhile, and its streams say so.
asio::awaitable<void> ControlLine::serve() {
    for (;;) {
        while (calls_.empty()) co_await bell_.wait();
        Call call = std::move(calls_.front());
        calls_.pop_front();
        const bool cancels = call.verb == "approvals.cancel";
        const auto reply = co_await connection_.send(std::move(call));
        if (cancels && reply && (reply->status == 403 || reply->status == 404))
            kill(0);        // whose request it is: our run's
        connection_.drop(); // the next signal may be hours away
    }
}

asio::awaitable<void> ControlLine::end_now(std::uint64_t grace_ms) {
    Call call = kill_call(grace_ms);
    call.limit = 3s;
    co_await connection_.send(std::move(call));
}

Call ControlLine::kill_call(std::uint64_t grace_ms) const {
    return {.verb = "runs.kill", .id = run_, .body = write(api::KillRequest{grace_ms}), .limit = 5s};
}

} // namespace owhale::cli
