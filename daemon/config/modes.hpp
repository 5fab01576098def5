// SECURITY_MODE: everything in which `local` and `strict` differ, in one table.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace owhale::config {

struct Mode {
    std::string_view name;
    bool missing_layer_refuses;   // a required isolation layer is missing: refuse the run, else warn and say so
    bool own_folder_is_workspace; // the caller's own folder may be written without being registered
    bool ptrace;                  // debuggers inside the run's own pid namespace
    std::chrono::milliseconds run_timeout; // wall time of a run that asks for none; 0: none
};

// nullptr when there is no such mode.
const Mode* find_mode(std::string_view name);
// "local, strict"
std::string mode_names();

} // namespace owhale::config
