// The smallest rule that would change a verdict, as text for a file of rules.
#pragma once

#include "policy/decide.hpp"

namespace owhale::policy {

// One rule for each command that the verdict rests on, with its examples, in TOML. "" when it is allowed, when it cannot be
// read, or when a rule could not say what it is about (an unknown program).
std::string smallest_change(const NormalForm& form, const Facts& facts, const Verdict& verdict);

} // namespace owhale::policy
