// A command that names several things does what it is told with each of them: one that fails does not spare the others.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_codes.hpp"
#include "cli/output.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

// `act` is called with each name, and answers a Status. Of several, each failure is told with its name; the exit code is the
// last one's.
template <typename Act> Result<int> for_each_named(const std::vector<std::string>& names, Act act) {
    int code = kOk;
    for (const auto& name : names) {
        const Status done = act(name);
        if (done) continue;
        auto error = done.error();
        if (names.size() == 1) return std::unexpected(std::move(error));
        error.message = name + ": " + error.message;
        complain(error);
        code = exit_of(error, Exits::plain);
    }
    return code;
}

} // namespace owhale::cli
