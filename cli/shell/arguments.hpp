// What a shell is called with, as sh (POSIX, XCU sh) and bash(1) read it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli::shell {

enum class From { string, file, input, help, version };

struct Invocation {
    From from = From::input;
    std::string text;                   // the script of -c, or the name of a file
    std::vector<std::string> options;   // for the shell in the cage: "-e", "-o", "pipefail", "--posix"
    std::optional<std::string> name;    // $0, after the script of -c
    std::vector<std::string> arguments; // $1 and on
    std::optional<std::string> rc_file; // --rcfile
    bool interactive = false, login = false;
};

// `words` without argv[0]; `own_name` is argv[0]: with a dash in front it is a login shell. An option that no shell has is
// an error, never passed over. -l, --login, --norc and --noprofile change nothing: a home's start files are in no cage.
Result<Invocation> invocation_of(const std::string& own_name, const std::vector<std::string>& words);

} // namespace owhale::cli::shell
