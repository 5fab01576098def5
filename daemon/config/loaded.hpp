// The settings with everything that is wrong with them: who mends a file wants to hear of all its mistakes at once.
#pragma once

#include <vector>

#include "config/settings.hpp"

namespace owhale::config {

struct Loaded {
    Settings settings;           // complete; to be looked at alone while there is a mistake
    std::vector<Error> mistakes; // as of load(): of the files' lines first, then of values, in the table's order
};

// load() fails with the first of these mistakes. A value that is wrong is replaced by its default, so that what depends on
// it is still looked at. A command line that cannot be read is the only mistake.
Loaded load_all(int argc, char** argv);

} // namespace owhale::config
