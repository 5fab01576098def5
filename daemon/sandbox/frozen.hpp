// The plan that people agree to: made of what was looked up, digested, compared with what would run now. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sandbox/launcher.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::sandbox {

// Of a run that is prepared whole: program and scripts digested, environment and limits chosen.
api::Frozen freeze(const Prepared& prepared, const Caller& caller);
// Hex SHA-256 of its RFC 8785 form.
Result<std::string> digest_of(const api::Frozen& frozen);
// Sentences: what is not as it was. Empty when their digests are the same.
std::vector<std::string> differences(const api::Frozen& agreed, const api::Frozen& now);
// The environment's values as people may see them; those of `hidden` not at all.
std::map<std::string, std::string> shown_environment(const std::vector<std::string>& environment,
                                                     const std::set<std::string>& hidden = {});

} // namespace owhale::sandbox
