// Why owhaled does not start, told to whoever started it: a sentence a line, a command a line.
#pragma once

#include <string>
#include <vector>

#include "audit/journald.hpp"
#include "shared/error.hpp"

namespace owhale {

std::vector<std::string> start_failure(const Error& error);
// On stderr; where the journal reads that, as one entry of it (`journal`: null where there is no way to it but stderr).
void tell_start_failure(const Error& error, const audit::Journald* journal);

} // namespace owhale
