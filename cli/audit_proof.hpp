// Whether an event is what its log's tree has in its place: found out here, believing nothing that owhaled says.
#pragma once

#include <string>

#include "daemon/audit/merkle/note.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

struct ProofCheck {
    enum class State {
        good,    // hash, path and signature hold
        missing, // there is no proof to check
        bad,
    };
    State state = State::missing;
    std::string words; // what holds, or what does not
};

// The event's own bytes against its hash, the hash against the root by the proof, the root's checkpoint against the key.
ProofCheck check_proof(const api::AuditEntry& entry, const audit::merkle::NoteKey& key);

} // namespace owhale::cli
