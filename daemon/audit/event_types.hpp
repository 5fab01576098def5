// The one table of audit events: what each means, which members its `data` has, how loud it is, and what it is in OCSF.
// What is appended is held against it, and the journal's copies are made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "audit/event_name.hpp"

namespace owhale::audit {

enum class Kind { text, number, flag, list, object }; // of JSON

struct Field {
    std::string_view name;
    Kind kind = Kind::text;
    bool required = false;
    std::string_view meaning;
    bool searched = false; // its words are found by text search
};

enum class Severity : std::uint8_t { critical = 2, error = 3, warning = 4, notice = 5, info = 6 }; // RFC 5424

// Whose act it is decides what `data` has beside the row's own fields.
enum class Act : std::uint8_t {
    own,   // owhaled's, or a run's: nothing more, but of any act of a device's what that is called
    asked, // somebody's request: peer, and where there were any step_up and session
    tried, // that may have failed: the same, or, when it failed, peer, account, reason and, summed, count
};

struct Ocsf { // of OCSF 1.x: class_uid and activity_id
    std::uint16_t class_uid;
    std::uint8_t activity;
};

struct EventType {
    std::string_view name;
    Severity severity; // one louder when it failed or was refused, but for what is a warning anyway
    Act act;
    Ocsf ocsf;
    std::string_view message_id; // of the copy in the journal: 128 bits in hex, for ever this event's
    std::string_view who;        // may be its principal
    std::string_view summary;    // one line for a person: {member} of data, {principal}, {run}, {outcome}, {verb}
    std::string_view meaning;
    std::span<const Field> fields;
};

std::span<const EventType> event_types(); // in the order of kEventNames
const EventType& type_of(EventName name);
std::span<const Field> fields_of_act(Act act);
std::string_view name_of(Kind kind);

} // namespace owhale::audit
