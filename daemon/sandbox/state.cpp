#include "sandbox/state.hpp"

#include <array>

namespace owhale::sandbox {
namespace {

using enum State;

constexpr std::uint32_t bit(State state) {
    return 1u << static_cast<unsigned>(state);
}
constexpr std::uint32_t bits(auto... states) {
    return (bit(states) | ...);
}

struct Row {
    State state;
    std::string_view name;
    std::uint32_t next; // 0: an end
};

constexpr std::array kRows = {
    Row{queued, "queued", bits(waiting_approval, starting, denied, cancelled, failed, lost)},
    Row{waiting_approval, "waiting_approval", bits(starting, denied, expired, cancelled, lost)},
    Row{starting, "starting", bits(running, failed, killed, lost)},
    Row{running, "running", bits(exited, signaled, timed_out, limit_exceeded, killed, failed, lost)},
    Row{exited, "exited", 0},
    Row{signaled, "signaled", 0},
    Row{timed_out, "timed_out", 0},
    Row{limit_exceeded, "limit_exceeded", 0},
    Row{killed, "killed", 0},
    Row{denied, "denied", 0},
    Row{expired, "expired", 0},
    Row{cancelled, "cancelled", 0},
    Row{failed, "failed", 0},
    Row{lost, "lost", 0},
};

const Row& row(State state) {
    return kRows[static_cast<std::size_t>(state)];
}

} // namespace

std::string_view name(State state) {
    return row(state).name;
}

std::optional<State> state_of(std::string_view name) {
    for (const auto& row : kRows)
        if (row.name == name) return row.state;
    return std::nullopt;
}

bool ended(State state) {
    return row(state).next == 0;
}

bool may_follow(State from, State to) {
    return (row(from).next & bit(to)) != 0;
}

} // namespace owhale::sandbox
