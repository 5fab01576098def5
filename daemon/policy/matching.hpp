// Whether one rule holds for one command.
#pragma once

#include "policy/seen.hpp"

namespace owhale::policy {

struct Hit {
    Match match = Match::yes;
    Span span;                  // the word that decided, or the command
    std::string_view condition; // the first that does not hold; of a maybe, the first that depends on what is not known
    std::string unknown;        // of a maybe: what that is, for people
};

// `program` is not looked at: Index::about has. Mode is not, either.
Hit matches(const Index& index, std::uint32_t rule, const Seen& seen);
// The same at leisure: always says which condition does not hold.
Hit looked_at(const Index& index, std::uint32_t rule, const Seen& seen);

// The decision that a rule which matched so gives; none: it says nothing, as an allow rule on a maybe.
std::optional<Decision> decision_of(const Rule& rule, Match match);

} // namespace owhale::policy
