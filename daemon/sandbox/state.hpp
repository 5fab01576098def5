// The states of a run and the ways between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace owhale::sandbox {

enum class State : std::uint8_t {
    queued,
    waiting_approval,
    starting,
    running,
    exited,
    signaled,
    timed_out,
    limit_exceeded,
    killed,
    denied,
    expired,
    cancelled,
    failed,
    lost,
};

std::string_view name(State state);
std::optional<State> state_of(std::string_view name);
// Nothing follows: the run is over.
bool ended(State state);
// Whether a run may go from one state to the other.
bool may_follow(State from, State to);

} // namespace owhale::sandbox
