// May it? Pure: rules, a normal form and a mode in, a verdict out.
#pragma once

#include "policy/normal/command.hpp"
#include "policy/request.hpp"
#include "policy/ruleset.hpp"
#include "policy/seen.hpp"

namespace owhale::policy {

struct Finding { // a rule that matched a command
    const Rule* rule = nullptr;
    std::size_t command = 0;           // index in NormalForm::commands
    Decision decision = Decision::ask; // the rule's, or ask where it depends on what is not known
    Span span;                         // the word or the command that decided
    std::string unknown;               // what is not known, "" nothing
};

struct Verdict {
    Decision decision = Decision::deny;
    Severity severity = Severity::none;
    std::string rule;   // id; "default", "syntax", "bounds" where no rule decided
    std::string reason; // a sentence
    Span segment;       // in NormalForm::text
    std::vector<Opaque> opaque;
    Ceiling ceiling;
    std::string change;            // TOML: the smallest rule that would change the verdict; "" none would
    std::vector<Finding> findings; // all that matched, strongest first
    std::string version;           // of the rules
};

// Default, where no rule matches a command: local allows it under a ceiling (no network, writes in the workspace), strict asks.
// What cannot be parsed: ask in local, deny in strict; what is over a bound: deny.
// Where a program, an option or a protected path is not known before the run, no rule and no default allows it silently.
Verdict decide(const Ruleset& rules, const NormalForm& form, const Facts& facts, Mode mode,
               std::string_view net = "none");
// The same without `change`, for those who ask often and do not show it.
Verdict judge(const Ruleset& rules, const NormalForm& form, const Facts& facts, Mode mode,
              std::string_view net = "none");

std::string_view name_of(Decision decision);
std::string_view name_of(Severity severity);

} // namespace owhale::policy
