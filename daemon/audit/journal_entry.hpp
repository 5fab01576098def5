// What journald is told of an event and of a checkpoint.
#pragma once

#include <cstdint>
#include <string>

#include "audit/feed.hpp"
#include "audit/journald.hpp"

namespace owhale::audit {

inline constexpr std::string_view kCheckpointMessageId = "6f1b8a5cf0a34d0f8c0a3f6f4f0d6a11";

// SYSLOG_IDENTIFIER, MESSAGE, MESSAGE_ID and PRIORITY, and OWHALED_SEQ, _EVENT, _PRINCIPAL, _VERB, _OUTCOME, _RUN, _JSON.
JournalEntry entry_of(const Followed& event);

// The same first four, and OWHALED_ORIGIN, _SIZE, _ROOT (base64) and _CHECKPOINT (the signed note).
struct JournalHead {
    std::string origin, root, note;
    std::uint64_t size = 0;
};
JournalEntry entry_of(const JournalHead& head);

} // namespace owhale::audit
