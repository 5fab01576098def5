// What `doctor` can see from here, without owhaled: its socket, this user's place, this folder, the languages.
#pragma once

#include <string>
#include <vector>

#include "cli/where.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

// `unreachable`: why owhaled could not be asked, if it could not; then the kernel is looked at too.
std::vector<api::Check> local_checks(const Where& where, const Error* unreachable);

// Debian's names of what languages of `owhalectl code` lack.
std::vector<std::string> missing_language_packages();

} // namespace owhale::cli
