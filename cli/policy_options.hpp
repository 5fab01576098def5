// What the policy commands have in common: the command that is meant, as if where, by which rules.
#pragma once

#include "cli/policy_files.hpp"
#include "cli/tree.hpp"
#include "policy/decide.hpp"

namespace owhale::cli {

struct PolicyOptions {
    std::string mode = "local", cwd, workspace, home, rules;
};
void declare(Command command, PolicyOptions& options);
policy::Mode mode_of(const PolicyOptions& options);

struct SubjectOptions { // what is to be judged
    std::string script, language, net = "none";
    std::vector<std::string> words;
};
void declare(Command command, SubjectOptions& subject);
Result<policy::Request> request_of(const SubjectOptions& subject);

// By the options, else as it is here. The workspace: the folder of a repository around `cwd`, or `cwd`.
Result<policy::Facts> facts_of(const PolicyOptions& options, const std::string& cwd);
Result<policy::Facts> facts_of(const PolicyOptions& options);
// For lines that come from elsewhere: where neither the options nor this place name a workspace, a folder of its own.
constexpr const char* kAssumedFolder = "/workspace";
Result<policy::Facts> assumed_facts(const PolicyOptions& options);

using Rules = std::shared_ptr<const policy::Ruleset>;
// With the examples of the shipped ones where they are to be shown.
Result<Rules> rules_for(const PolicyOptions& options, const policy::Facts& facts, bool examples = false);

} // namespace owhale::cli
