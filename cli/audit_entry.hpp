// One audit event as a person reads it, and whether it is in the log's tree.
#pragma once

#include <string>

#include "cli/audit_proof.hpp"
#include "cli/output.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

// Who, what, when, the verdict and what the run's receipt says of its cage, what was found of the tree; then all of its data.
std::string audit_entry(const Look& look, const api::AuditEntry& entry, const ProofCheck& check);
// The proof itself, for who wants to check it with something else.
std::string proof_text(const Look& look, const api::AuditProof& proof, const std::string& vkey);

} // namespace owhale::cli
