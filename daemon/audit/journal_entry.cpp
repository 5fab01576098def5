#include "audit/journal_entry.hpp"

#include "audit/event_types.hpp"
#include "audit/summary.hpp"

namespace owhale::audit {
namespace {

JournalEntry begin(std::string_view message, std::string_view id, Severity severity) {
    JournalEntry entry;
    entry.add("SYSLOG_IDENTIFIER", "owhaled-audit").add("MESSAGE", message).add("MESSAGE_ID", id);
    entry.add("PRIORITY", std::to_string(static_cast<int>(severity)));
    return entry;
}

std::string_view text_of(const boost::json::object& whole, std::string_view name) {
    const auto* value = whole.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

// An event of an older owhaled may have a name that the table has no more.
JournalEntry begin(const Followed& event, std::string_view outcome) {
    const auto name = EventName::find(event.event);
    if (!name) return begin(event.event, "", Severity::info);
    const auto& type = type_of(*name);
    return begin(summary_of(type, event.whole), type.message_id, severity_of(type, outcome));
}

} // namespace

JournalEntry entry_of(const Followed& event) {
    const auto outcome = text_of(event.whole, "outcome");
    auto entry = begin(event, outcome);
    entry.add("OWHALED_SEQ", std::to_string(event.seq)).add("OWHALED_EVENT", event.event);
    entry.add("OWHALED_PRINCIPAL", event.principal).add("OWHALED_VERB", text_of(event.whole, "verb"));
    entry.add("OWHALED_OUTCOME", outcome).add("OWHALED_RUN", text_of(event.whole, "run"));
    entry.add("OWHALED_JSON", event.json);
    return entry;
}

JournalEntry entry_of(const JournalHead& head) {
    const auto message = "audit log: " + std::to_string(head.size) + " events, root " + head.root;
    auto entry = begin(message, kCheckpointMessageId, Severity::info);
    entry.add("OWHALED_ORIGIN", head.origin).add("OWHALED_SIZE", std::to_string(head.size));
    entry.add("OWHALED_ROOT", head.root).add("OWHALED_CHECKPOINT", head.note);
    return entry;
}

} // namespace owhale::audit
