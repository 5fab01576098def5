// Signals to a run whose streams hold the first connection: sent one after the other over a second one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "cli/bell.hpp"
#include "cli/connection.hpp"

namespace owhale::cli {

class ControlLine {
public:
    ControlLine(asio::io_context& loop, const Where& where) : connection_(loop.get_executor(), where), bell_(loop) {}

    void use(std::string run) { run_ = std::move(run); }
    void signal(int number);
    void kill(std::uint64_t grace_ms);
    void cancel(const std::string& approval); // takes the request back that the run waits for
    // Sends what was asked for, for as long as the loop runs.
    asio::awaitable<void> serve();
    // Asks for the run's end and waits for the answer, but not long.
    asio::awaitable<void> end_now(std::uint64_t grace_ms);

private:
    Call kill_call(std::uint64_t grace_ms) const;

    Connection connection_;
    Bell bell_;
    std::string run_;
    std::deque<Call> calls_;
};

} // namespace owhale::cli
