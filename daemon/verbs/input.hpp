// The route of runs.input.
#pragma once

#include <vector>

#include "verbs/routes.hpp"

namespace owhale::verbs {

std::vector<transport::Route> input_routes(const Services& services);

} // namespace owhale::verbs
