// A rule's examples: whether each command that must match does, and none that must not.
#pragma once

#include "policy/matching.hpp"

namespace owhale::policy {

// As if by a person named user, in /home/user/project, in the mode local.
Facts example_facts(const Example& example);

// What became of an example, when it is not what the rule says; "" when it is.
std::string example_failure(const Index& index, std::uint32_t rule, const Example& example, bool must_match);

// config_invalid at the first example that fails.
Status verify_examples(const Index& index, std::uint32_t rule);

} // namespace owhale::policy
