// The states of a request and the ways between them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace owhale::approvals {

//   pending --> approved --> used      every run that waited for it went on, or ended before it could
//      |            |         |        (stored before the spawner is asked: it never starts twice)
//      |            |         v
//      |            `------> void      what would run is not what was agreed to, or nobody claimed it in time
//      `------> denied, expired, cancelled
enum class State : std::uint8_t { pending, approved, used, void_, denied, expired, cancelled };

std::string_view name(State state); // "void" for void_
std::optional<State> state_of(std::string_view name);
// Nothing runs by it any more.
bool ended(State state);
bool may_follow(State from, State to);

} // namespace owhale::approvals
