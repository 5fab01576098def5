// What `doctor` can see from here, without owhaled: its socket, this user's place, this folder, the languages.
#pragma once

#include <vector>

#include "cli/where.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

// `unreachable`: why owhaled could not be asked, if it could not; then the kernel is looked at too.
std::vector<api::Check> local_checks(const Where& where, const Error* unreachable);

} // namespace owhale::cli
