// Which variables of ours a caged script gets beyond those that every run gets (cli/environment.hpp).
#pragma once

#include <string>
#include <vector>

#include "cli/environment.hpp"

namespace owhale::cli::shell {

// A shell's caller sets variables for one command: make exports its own, npm its npm_*, an agent CLAUDECODE=1. These pass: what
// our parent process did not itself start with. What it was started with does not, nor does what looks like a secret, what
// tells a shell or loader what to run, and what belongs to the session outside (its folders and sockets).
// OWHALE_SH_ENV="NAME PREFIX_*" names more, and those pass as they are. Each as NAME=VALUE, UTF-8 only.
std::vector<std::string> variables_for_this_command();

// The same, of these: ours, our parent's, and the names that are asked for.
std::vector<std::string> passed_on(const Variables& own, const Variables& parents, const std::string& asked);

// PATH without folders whose bash or sh is this very program: in the cage these names mean the real ones.
std::string path_without_us(const std::string& path);

} // namespace owhale::cli::shell
