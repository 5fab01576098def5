// The mounts of a plan: which sources may be shown where, and the words in which a plan is refused.
#pragma once

#include <string>

#include "spawner/admit.hpp"

namespace owhale::spawner {

// Errors of admit(): their step is "admit".
std::unexpected<Error> refuse(Code code, std::string message);
std::unexpected<Error> malformed(const char* what);

bool has_nul(const std::string& text);
// Absolute, nothing to be resolved in it: what stands there is where it goes.
bool normalized(const std::string& path);
// Where owhaled's own mounts are, nothing else may be put.
bool reserved_target(const std::string& target);
Result<std::uint32_t> number(const std::string& text);

// Of quadruples: kind, flags, source, target. `userns`: by which root's folders are idmapped, -1 none.
Status read_mounts(JailPlan& plan, const wire::Run& message, wire::List& list, const Resolution& resolution, int userns,
                   const Grounds& grounds);

} // namespace owhale::spawner
