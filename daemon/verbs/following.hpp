// Which events of the audit log a principal may follow. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "audit/feed.hpp"
#include "identity/principal.hpp"
#include "shared/error.hpp"

namespace owhale::verbs {

// `types` of GET /v1/events: names of events ("approval.requested") or of their kinds ("approval"), separated by commas;
// "" all. Fails with invalid_value on one that no event has.
Result<std::set<std::string, std::less<>>> wanted_types(std::string_view types);

// Approvals are for who may see approvals, runs for who may see runs, grants and freezes likewise: one's own, or with the
// permission over everyone's all. What is nobody's is shown to nobody.
bool may_follow(const audit::Followed& event, const identity::Principal& who,
                const std::set<std::string, std::less<>>& types);

// The event as one message of a text/event-stream (WHATWG HTML, section 9.2): its sequence is its id.
std::string as_message(const audit::Followed& event);

} // namespace owhale::verbs
