// Whether what a rule names exists: sets, facts, languages, modes, other rules; and that ids are given once.
#pragma once

#include "policy/sets.hpp"

namespace owhale::policy {

// `ids`: those of every source so far, to where they stand ("FILE:LINE").
Status check_names(const RuleFile& file, const Sets& sets, std::map<std::string, std::string>& ids);
// Once all ids are known.
Status check_overrides(const RuleFile& file, const std::map<std::string, std::string>& ids);

} // namespace owhale::policy
