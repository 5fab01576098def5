// The request of a verb as identity's acts take it.
#pragma once

#include <functional>

#include "audit/event.hpp"
#include "identity/journal.hpp"
#include "transport/exchange.hpp"

namespace owhale::verbs {

// `verb` as the verb table spells it.
identity::Asker asker_of(const transport::Request& request, std::string verb);
// What the log is to say of the request, with who asked and by what proof; its outcome is "pending".
audit::Event event_of(const transport::Request& request, audit::EventName event, std::string verb, std::string run);
// Whether the client has hung up.
std::function<bool()> gone_of(const transport::Request& request);
// Whether who made the request still may, now: its session and account stand and hold the permission.
std::function<Status()> standing_of(const transport::Request& request, identity::Identity& identity,
                                    identity::Permission permission);
// 204.
transport::Response nothing();

} // namespace owhale::verbs
