// Commands that were once asked for: from owhaled's audit log, or from a file.
#pragma once

#include "cli/context.hpp"
#include "policy/request.hpp"

namespace owhale::cli {

struct PastCommand {
    policy::Request request;
    std::string cwd, workspace; // "" not told
};

// The newest `most` runs that were asked for, denied ones too.
Result<std::vector<PastCommand>> audited_commands(Context& context, std::size_t most);
// A command a line, or JSON Lines as `policy check --stdin` reads them.
Result<std::vector<PastCommand>> commands_in(const std::string& file);

} // namespace owhale::cli
