// Whether a verb is permitted to who asks, in words for who it is not. Pure.
#pragma once

#include "transport/router.hpp"

namespace owhale::transport {

// Verbs that decide who may do what: their refusals are written down.
bool decides(const Verb& verb);
Status permit(const Match& match, const identity::Principal& who);
// Who has no password to show costs nobody an attempt.
bool can_prove(const identity::Principal& who);

} // namespace owhale::transport
