#include "sandbox/outcome.hpp"

#include <csignal>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

wire::RunEnded end_of(int exit_code, int signal, wire::EndReason reason = wire::EndReason::none,
                      std::uint32_t oom = 0) {
    wire::RunEnded end{};
    end.exit_code = exit_code;
    end.signal = signal;
    end.reason = reason;
    end.oom_kills = oom;
    return end;
}

} // namespace

TEST_CASE("how a run ended, as a shell would say it") {
    struct Row {
        wire::RunEnded end;
        State state;
        int exit_code;
        std::string limit;
    };
    using enum wire::EndReason;
    for (const auto& [end, state, exit_code, limit] : {
             Row{end_of(0, 0), State::exited, 0, ""},
             Row{end_of(7, 0), State::exited, 7, ""},
             Row{end_of(-1, SIGSEGV), State::signaled, 139, ""},
             Row{end_of(-1, SIGKILL), State::signaled, 137, ""},
             Row{end_of(-1, SIGKILL, wall), State::timed_out, 124, "wall"},
             Row{end_of(3, 0, wall), State::timed_out, 124, "wall"},
             Row{end_of(-1, SIGKILL, memory), State::limit_exceeded, 137, "memory"},
             Row{end_of(-1, SIGKILL, none, 1), State::limit_exceeded, 137, "memory"},
             Row{end_of(1, 0, none, 1), State::exited, 1, ""}, // a child was killed, the command went on
             Row{end_of(-1, SIGXFSZ), State::limit_exceeded, 153, "file_size"},
             Row{end_of(-1, SIGKILL, output), State::limit_exceeded, 137, "output"},
             Row{end_of(-1, SIGKILL, pids), State::limit_exceeded, 137, "pids"},
             Row{end_of(-1, SIGTERM, killed), State::killed, 143, ""},
             Row{end_of(-1, SIGKILL, spawner), State::lost, 137, ""},
         }) {
        const auto outcome = outcome_of(end);
        CHECK_EQ(outcome.state, state);
        CHECK_EQ(outcome.exit_code, exit_code);
        CHECK_EQ(outcome.limit.value_or(""), limit);
    }
    CHECK_EQ(outcome_of(end_of(-1, SIGSEGV)).signal, "SIGSEGV");
    CHECK_FALSE(outcome_of(end_of(0, 0)).signal);
}

TEST_CASE("signals by name and by number") {
    CHECK_EQ(signal_number("TERM"), SIGTERM);
    CHECK_EQ(signal_number("SIGTERM"), SIGTERM);
    CHECK_EQ(signal_number("sigterm"), SIGTERM);
    CHECK_EQ(signal_number("15"), 15);
    CHECK_EQ(signal_number("64"), 64);
    for (const auto* bad : {"", "0", "65", "-1", "TERMINATE", "15x", "SIG"}) CHECK_FALSE(signal_number(bad));
}
