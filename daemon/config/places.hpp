// Whether the files and folders that the settings name are there.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace owhale::config {

// A sentence for each that is not, with what follows from it. Of those that owhaled makes, or can do without, only what was
// set is looked at; what the user who asks cannot see is not told.
std::vector<std::string> missing_places(const Settings& settings);

} // namespace owhale::config
