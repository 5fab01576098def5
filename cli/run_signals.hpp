// The signals that we get while a run is in the foreground, and what each does: INT, TERM, QUIT and HUP go to the run; a
// second INT within two seconds kills it, a third one leaves.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <functional>

#include "cli/control_line.hpp"

namespace owhale::cli {

class RunSignals {
public:
    struct Acts {
        std::function<void()> resized, stopped; // SIGWINCH, SIGTSTP
        std::function<void(int)> leave;         // with this exit code, at once
        std::function<bool()> take_back;        // it waits for people: takes its request back; false: it does not
        std::function<bool()> is_over;          // the run has ended: there is nothing to signal
    };
    RunSignals(boost::asio::io_context& loop, ControlLine& control, Acts acts)
        : signals_(loop), control_(control), acts_(std::move(acts)) {}

    void watch(bool tty);

private:
    using Clock = std::chrono::steady_clock;
    void wait();
    void on_signal(int number);
    void interrupt();

    boost::asio::signal_set signals_;
    ControlLine& control_;
    Acts acts_;
    int interrupts_ = 0;
    Clock::time_point last_interrupt_{};
};

} // namespace owhale::cli
