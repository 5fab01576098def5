// The request of a verb as identity's acts take it.
#pragma once

#include <functional>

#include "identity/journal.hpp"
#include "transport/exchange.hpp"

namespace owhale::verbs {

// `verb` as the verb table spells it.
identity::Asker asker_of(const transport::Request& request, std::string verb);
// Whether the client has hung up.
std::function<bool()> gone_of(const transport::Request& request);
// Whether who made the request still may, now: its session and account stand and hold the permission.
std::function<Status()> standing_of(const transport::Request& request, identity::Identity& identity,
                                    identity::Permission permission);
// 204.
transport::Response nothing();

} // namespace owhale::verbs
