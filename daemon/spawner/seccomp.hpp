// seccomp filters by name, compiled once at the start and loaded as raw BPF.
#pragma once

#include <map>
#include <string>

#include "shared/error.hpp"
#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

// "default", "build" (AF_UNIX permitted), "strict" and "strict-build" (the same without ptrace),
// "warden".
Result<std::map<std::string, Filter>> compile_filters();
// The spawner's own, which all that it starts inherits. Not among the above: no run can ask for it.
Result<Filter> compile_own_filter();
// Those that names stand for from now on: borrowed for good.
void set_filters(const std::map<std::string, Filter>& filters);
// Null when none has the name.
const Filter* find_filter(const std::string& name);
// Past the clone: 0 or errno.
int load_filter(const Filter& filter);

} // namespace owhale::spawner
