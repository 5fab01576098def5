// Verdicts as JSON, and as text for people.
#pragma once

#include <boost/json/value.hpp>

#include "cli/output.hpp"
#include "policy/explain.hpp"

namespace owhale::cli {

// {"verdict","rule","severity","reason","segment","opaque","ceiling"}; whole: findings, change and version, too.
boost::json::object verdict_json(const policy::NormalForm& form, const policy::Verdict& verdict, bool whole);

// What was decided, why, where, and what would change it.
std::string verdict_text(const Look& look, const policy::NormalForm& form, const policy::Verdict& verdict);
// With the commands it would run.
std::string explanation(const Look& look, const policy::NormalForm& form, const policy::Verdict& verdict);

Tone tone_of(policy::Decision decision);
int exit_of(policy::Decision decision); // 0 allow, 10 ask, 11 deny

} // namespace owhale::cli
