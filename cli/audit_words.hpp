// What an audit event is about, in one line, and how it is coloured.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cli/output.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

// A member of the event as text; of one that is no longer kept, what is left of it. "" when it has none.
std::string audit_member(const api::AuditEntry& entry, std::string_view key);
// Whose act it is: a device by its name of then, in `room` columns. Safe for a terminal.
std::string audit_principal(const api::AuditEntry& entry, std::size_t room = std::string::npos);
// A member of the event's `data`, which may be null.
const boost::json::value* audit_data(const api::AuditEntry& entry, std::string_view key);
// The sentence that the table of events has for it, with or without who did it; none when a word of it is missing, or
// when it tells as done what failed. Not safe for a terminal.
std::optional<std::string> audit_told(const api::AuditEntry& entry, bool by_whom);
// The same in short, or the command, host, account or secret's name and the like, then the reasons. Safe for a terminal, in one line.
std::string audit_what(const api::AuditEntry& entry);
// The words of a command as a shell would need them; the text of a script.
std::string audit_command(const api::AuditEntry& entry);
Tone tone_of_audit(std::string_view event, std::string_view outcome);

} // namespace owhale::cli
