// Which of our environment variables a run gets.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

using Variables = std::map<std::string, std::string>;
// The value of a variable of ours, if it is set.
using Lookup = std::function<std::optional<std::string>(const std::string&)>;

std::optional<std::string> own_variable(const std::string& name);

// What is sent without being asked for: locale, time zone, colour wishes, CI, EDITOR, TERM for a terminal, and
// toolchain variables whose folders lie below HOME (the daemon drops those that the profile does not show).
// PATH and HOME travel on their own (api::RunRequest).
Variables default_variables(const Lookup& lookup, const std::vector<std::string>& names, bool terminal);
// The names in our environment.
std::vector<std::string> own_names();

// Adds -e arguments: NAME=VALUE, or NAME alone for our own value (nothing when it is unset).
Status add_variables(Variables& to, const std::vector<std::string>& arguments, const Lookup& lookup);
// Adds the lines of an --env-file, as docker reads them: NAME=VALUE or NAME, # starts a comment line, no quotes.
Status add_file(Variables& to, std::string_view content, const std::string& path, const Lookup& lookup);

// Whether a name looks like that of a secret: GITHUB_TOKEN, DB_PASSWORD, AWS_SECRET_ACCESS_KEY.
bool looks_secret(std::string_view name);

} // namespace owhale::cli
