// What a run may have at most, when several rules say so: the narrowest of it.
#pragma once

#include "policy/rule.hpp"

namespace owhale::policy {

// `to` so narrow as both. Hosts of two rules: those that both name; none left is no network.
void narrow(Ceiling& to, const Ceiling& by);

// Its profiles, for people: "a", "a and b", "" none.
std::string profiles_of(const Ceiling& ceiling);

} // namespace owhale::policy
