// Where a text means to run when nobody said so: agents' lines begin with `cd FOLDER &&`.
#pragma once

#include <string_view>

#include "policy/request.hpp"

namespace owhale::policy {

// `here` with the folder of the script's first command, when that is `cd` to a known absolute folder, or one below ~,
// that owhaled would take for a workspace; `here` itself otherwise. For checks alone: a run's place is known.
Facts facts_of_text(const Facts& here, std::string_view script);

} // namespace owhale::policy
