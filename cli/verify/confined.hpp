// Looks at a database in a child that has nothing but its owner's rights, taken for good before the file is opened.
//
// SQLite reads whatever is in the file: what goes wrong in it goes wrong there, and with the rights of whoever wrote it.
// What SQLite makes beside the file is then the owner's, too.
#pragma once

#include <functional>
#include <string>

#include "cli/verify/report.hpp"

namespace owhale::cli::verify {

// What `look` finds in the child. Before any thread. Fails as it does, or with state_unavailable when the child dies.
Result<Report> as_owner_of(const std::string& path, const std::function<Result<Report>()>& look);

} // namespace owhale::cli::verify
