#include "cli/audit_proof.hpp"

#include <boost/json/serialize.hpp>

#include "daemon/audit/merkle/proofs.hpp"

namespace owhale::cli {
namespace {

namespace merkle = audit::merkle;
using State = ProofCheck::State;

ProofCheck bad(std::string words) {
    return {State::bad, std::move(words)};
}

std::optional<merkle::Hash> from_hex(std::string_view text) {
    merkle::Hash out{};
    if (text.size() != 2 * out.size() || text.find_first_not_of("0123456789abcdef") != text.npos) return std::nullopt;
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return out;
}

std::optional<merkle::Proof> path_of(const api::AuditProof& proof) {
    merkle::Proof out;
    for (const auto& text : proof.hashes) {
        const auto hash = merkle::hash_from_base64(text);
        if (!hash) return std::nullopt;
        out.push_back(*hash);
    }
    return out;
}

} // namespace

ProofCheck check_proof(const api::AuditEntry& entry, const merkle::NoteKey& key) {
    const auto leaf = from_hex(entry.hash);
    if (!leaf) return bad("its hash is none");
    // Its canonical JSON is what owhaled sent: members in order, nothing between them.
    if (!entry.dropped && merkle::leaf_hash(boost::json::serialize(entry.event)) != *leaf)
        return bad("its text is not what its hash was made of: the event was changed");
    if (!entry.proof) return {State::missing, "owhaled gave no proof, for it could make no checkpoint"};
    const auto& proof = *entry.proof;
    const auto checkpoint = merkle::verify(proof.checkpoint, key);
    if (!checkpoint) return bad("the checkpoint does not hold: " + checkpoint.error().message);
    if (proof.index + 1 != entry.seq || proof.size != checkpoint->size)
        return bad("the proof is of another event, or of another tree");
    const auto path = path_of(proof);
    if (!path || !merkle::verify_inclusion(*leaf, proof.index, proof.size, *path, checkpoint->root))
        return bad("the proof does not lead to the checkpoint's root: the event is not in that tree");
    return {State::good, "in the tree of " + std::to_string(proof.size) + " events whose root " + key.name + " signed"};
}

} // namespace owhale::cli
