// How a run ended, from what the spawner saw.
#pragma once

#include <optional>
#include <string>

#include "sandbox/plan.hpp"
#include "sandbox/state.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

struct Outcome {
    State state = State::lost;
    std::optional<std::int32_t> exit_code; // as a shell says it: 128+n for a signal, 124 timed out
    std::optional<std::string> signal;     // "SIGKILL"
    std::optional<std::string> limit;      // memory pids output file_size wall cpu
};

Outcome outcome_of(const wire::RunEnded& end);
api::Usage usage_of(const wire::RunEnded& end);

// "SIGTERM" of 15; "SIG34" of one without a name.
std::string signal_name(int number);
// "TERM", "SIGTERM", "sigterm" or "15"; empty when it is none of 1 to 64.
std::optional<int> signal_number(std::string_view text);

} // namespace owhale::sandbox
