// A rule's examples: whether each command that must match does, and none that must not.
#pragma once

#include "policy/matching.hpp"

namespace owhale::policy {

// As if by a person named user, in /home/user/project, in the mode local.
Facts example_facts(const Example& example);

// What became of an example, when it is not what the rule says; "" when it is. `commands`, if given, grows by as many as the
// example runs, and one.
std::string example_failure(const Index& index, std::uint32_t rule, const Example& example, bool must_match,
                            std::size_t* commands = nullptr);

// How many commands the examples of a source may run in all: a stranger's project must not keep owhaled busy.
constexpr std::size_t kMostCommands = 1'000'000, kMostProjectCommands = 5'000;

// config_invalid at the first example that fails, or that is over the bound. `commands`: those of the source so far.
Status verify_examples(const Index& index, std::uint32_t rule, std::size_t& commands);

} // namespace owhale::policy
