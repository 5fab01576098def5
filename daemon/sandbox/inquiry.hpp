// From a run that is looked up to the question that the policy is asked. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/request.hpp"
#include "sandbox/launcher.hpp"

namespace owhale::sandbox {

policy::Request inquiry_of(const api::RunRequest& request);
// Of a new run: where it would be, its environment, and the real paths of what was looked up.
policy::Facts inquiry_facts(const Prepared& prepared);
// Of a command that would enter a run's cage.
policy::Facts inquiry_facts(const Prepared& prepared, const Run& target,
                            const std::map<std::string, std::string>& added);

} // namespace owhale::sandbox
