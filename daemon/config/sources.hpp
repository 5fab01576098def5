// Where settings are given: command line, environment, configuration file. Values stay text here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace owhale::config {

struct Given {
    std::string value;
    std::string source; // "--max-body", "OWHALE_MAX_BODY", "/etc/owhaled/owhaled.conf:3"
};
using Found = std::map<std::string, Given, std::less<>>;

struct CommandLine {
    Action action = Action::serve;
    Role role = Role::supervisor;
    std::optional<std::string> config; // --config
    Found found;
};

// A flag given twice: the last one counts. Fails with bad_request.
Result<CommandLine> read_command_line(const std::vector<std::string>& arguments);
// An empty variable is none. `warnings` gets OWHALE_ names that look mistyped, `mistakes` what is wrong (config_invalid).
Found read_environment(std::vector<std::string>& warnings, std::vector<Error>& mistakes);
// "key = value" lines, # begins a comment; a key stands once. Refused (config_invalid) when others can write the file; lines
// that are wrong (config_invalid) are told in `mistakes`, and left out.
Result<Found> read_config_file(const std::string& path, std::vector<Error>& mistakes);

} // namespace owhale::config
