// What is read of this machine before the broker gives up the right to look: once, at the start.
#pragma once

#include <string>
#include <string_view>

namespace owhale::sandbox {

inline constexpr std::string_view kResolverFile = "/etc/resolv.conf";

struct Machine {
    std::string resolver_file{kResolverFile}; // without links: where a cage's own has to be put
};

// Before the confinement; again is nothing.
void look_at_machine();
const Machine& machine();

} // namespace owhale::sandbox
