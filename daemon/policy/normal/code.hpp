// Code of other languages than a shell's: what it calls, and which of its strings are files, hosts, commands or code.
//
// This is no parser: a tokenizer for strings, names and brackets, constants followed through plain assignments, and a table of
// calls for each language (policy/languages.toml). What it finds is there; what it does not find may be there all the same.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/normal/command.hpp"

namespace owhale::policy::normal {

struct Scanned {
    std::vector<std::string> calls, facts, opaque;
    std::vector<Access> accesses; // paths as written
    std::vector<Host> hosts;
    std::vector<std::string> shell;                                    // shell code
    std::vector<std::vector<std::string>> commands;                    // words
    std::map<std::size_t, std::string> shell_folders, command_folders; // by index, where it is not the code's own
    std::vector<std::pair<std::string, std::string>> code;             // language, text: of eval
};

// `args`: what the code finds in sys.argv, ARGV, process.argv.
Scanned scan_code(std::string_view language, std::string_view text, std::vector<std::string> args = {});

} // namespace owhale::policy::normal
