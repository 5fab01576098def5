#include "sandbox/outcome.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <csignal>

namespace owhale::sandbox {
namespace {

constexpr int kTimedOut = 124;
constexpr int kSignalBase = 128;
constexpr int kMaxSignal = 64;

struct SignalRow {
    int number;
    std::string_view name;
};
constexpr std::array kSignals = {
    SignalRow{SIGHUP, "HUP"},       SignalRow{SIGINT, "INT"},       SignalRow{SIGQUIT, "QUIT"},
    SignalRow{SIGILL, "ILL"},       SignalRow{SIGTRAP, "TRAP"},     SignalRow{SIGABRT, "ABRT"},
    SignalRow{SIGBUS, "BUS"},       SignalRow{SIGFPE, "FPE"},       SignalRow{SIGKILL, "KILL"},
    SignalRow{SIGUSR1, "USR1"},     SignalRow{SIGSEGV, "SEGV"},     SignalRow{SIGUSR2, "USR2"},
    SignalRow{SIGPIPE, "PIPE"},     SignalRow{SIGALRM, "ALRM"},     SignalRow{SIGTERM, "TERM"},
    SignalRow{SIGSTKFLT, "STKFLT"}, SignalRow{SIGCHLD, "CHLD"},     SignalRow{SIGCONT, "CONT"},
    SignalRow{SIGSTOP, "STOP"},     SignalRow{SIGTSTP, "TSTP"},     SignalRow{SIGTTIN, "TTIN"},
    SignalRow{SIGTTOU, "TTOU"},     SignalRow{SIGURG, "URG"},       SignalRow{SIGXCPU, "XCPU"},
    SignalRow{SIGXFSZ, "XFSZ"},     SignalRow{SIGVTALRM, "VTALRM"}, SignalRow{SIGPROF, "PROF"},
    SignalRow{SIGWINCH, "WINCH"},   SignalRow{SIGIO, "IO"},         SignalRow{SIGPWR, "PWR"},
    SignalRow{SIGSYS, "SYS"},
};

struct LimitRow {
    wire::EndReason reason;
    std::string_view name;
};
constexpr std::array kLimits = {
    LimitRow{wire::EndReason::memory, "memory"}, LimitRow{wire::EndReason::pids, "pids"},
    LimitRow{wire::EndReason::output, "output"}, LimitRow{wire::EndReason::file_size, "file_size"},
    LimitRow{wire::EndReason::cpu, "cpu"},
};

std::optional<std::string> limit_of(const wire::RunEnded& end) {
    for (const auto& row : kLimits)
        if (row.reason == end.reason) return std::string(row.name);
    // The kernel ended it by itself.
    if (end.reason == wire::EndReason::none && end.signal == SIGKILL && end.oom_kills > 0) return "memory";
    if (end.reason == wire::EndReason::none && end.signal == SIGXFSZ) return "file_size";
    return std::nullopt;
}

} // namespace

Outcome outcome_of(const wire::RunEnded& end) {
    Outcome out;
    const bool by_signal = end.signal != 0;
    out.exit_code = by_signal ? kSignalBase + end.signal : end.exit_code;
    if (by_signal) out.signal = signal_name(end.signal);
    if (end.reason == wire::EndReason::wall) {
        out.state = State::timed_out;
        out.exit_code = kTimedOut;
        out.limit = "wall";
    } else if (auto limit = limit_of(end)) {
        out.state = State::limit_exceeded;
        out.limit = std::move(limit);
    } else if (end.reason == wire::EndReason::killed || end.reason == wire::EndReason::parent) {
        out.state = State::killed;
    } else if (end.reason == wire::EndReason::spawner) {
        out.state = State::lost;
    } else {
        out.state = by_signal ? State::signaled : State::exited;
    }
    return out;
}

api::Usage usage_of(const wire::RunEnded& end) {
    api::Usage usage{end.wall_ns / 1000, end.user_us, end.system_us, end.memory_peak, end.pids_peak, {}, {}, {}};
    if ((end.counted & wire::kCountedDisk) != 0) {
        usage.disk_read = end.disk_read;
        usage.disk_written = end.disk_written;
    }
    if ((end.counted & wire::kCountedStalls) != 0)
        usage.stalled = api::Stalled{end.cpu_stalled_us, end.memory_stalled_us, end.io_stalled_us};
    return usage;
}

std::string signal_name(int number) {
    for (const auto& row : kSignals)
        if (row.number == number) return "SIG" + std::string(row.name);
    return "SIG" + std::to_string(number);
}

std::optional<int> signal_number(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size())
        return number >= 1 && number <= kMaxSignal ? std::optional(number) : std::nullopt;
    std::string name(text);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (const auto& row : kSignals)
        if (row.name == name) return row.number;
    return std::nullopt;
}

} // namespace owhale::sandbox
