#include "approvals/state.hpp"

#include <algorithm>
#include <array>

namespace owhale::approvals {
namespace {

using enum State;

constexpr std::uint32_t bits(auto... states) {
    return ((1u << static_cast<unsigned>(states)) | ... | 0u);
}

struct Row {
    State state;
    std::string_view name;
    std::uint32_t next;
    bool end = false; // nothing runs from there on
};

constexpr std::array kRows = {
    Row{pending, "pending", bits(approved, denied, expired, cancelled)},
    Row{approved, "approved", bits(used, void_, cancelled)},
    Row{used, "used", bits(void_), true},
    Row{void_, "void", 0, true},
    Row{denied, "denied", 0, true},
    Row{expired, "expired", 0, true},
    Row{cancelled, "cancelled", 0, true},
};

const Row& row(State state) {
    return kRows[static_cast<std::size_t>(state)];
}

} // namespace

std::string_view name(State state) {
    return row(state).name;
}

std::optional<State> state_of(std::string_view name) {
    const auto* at = std::ranges::find(kRows, name, &Row::name);
    if (at == kRows.end()) return std::nullopt;
    return at->state;
}

bool ended(State state) {
    return row(state).end;
}

bool may_follow(State from, State to) {
    return (row(from).next & bits(to)) != 0;
}

} // namespace owhale::approvals
