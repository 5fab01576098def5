#include "cli/run_signals.hpp"

#include <csignal>

#include "cli/exit_codes.hpp"

namespace owhale::cli {
namespace {

constexpr std::chrono::seconds kKillWithin{2}; // two interrupts so close mean "now"

// A signal that we were started to ignore (nohup, a shell's background job) stays ignored.
bool ignored(int number) {
    struct sigaction action{};
    return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

} // namespace

void RunSignals::watch(bool tty) {
    boost::system::error_code error;
    for (const int number : {SIGINT, SIGTERM, SIGQUIT, SIGHUP})
        if (!ignored(number)) signals_.add(number, error);
    if (tty)
        for (const int number : {SIGWINCH, SIGTSTP, SIGCONT}) signals_.add(number, error);
    wait();
}

void RunSignals::wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) return;
        on_signal(number);
        wait();
    });
}

void RunSignals::on_signal(int number) {
    if (number == SIGWINCH) return acts_.resized();
    if (number == SIGTSTP) return acts_.stopped();
    if (number == SIGCONT) return;
    if (acts_.is_over()) acts_.leave(kBySignal + number);
    if (number == SIGINT) return interrupt();
    if (acts_.take_back()) return;
    control_.signal(number);
}

void RunSignals::interrupt() {
    const auto now = Clock::now();
    interrupts_ = now - last_interrupt_ < kKillWithin ? interrupts_ + 1 : 1;
    last_interrupt_ = now;
    if (interrupts_ < 3 && acts_.take_back()) return;
    if (interrupts_ == 1)
        control_.signal(SIGINT);
    else if (interrupts_ == 2)
        control_.kill(0);
    else
        acts_.leave(kBySignal + SIGINT);
}

} // namespace owhale::cli
