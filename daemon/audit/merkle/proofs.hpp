// Proofs about a Merkle tree, made and checked: RFC 6962, 2.1.1 and 2.1.2; checked as RFC 9162, 2.1.3.2 and 2.1.4.2.
#pragma once

#include <span>

#include "audit/merkle/tree.hpp"

namespace owhale::audit::merkle {

using Proof = std::vector<Hash>; // at most 2 * 64 hashes, the lowest first

// That leaf `index` (from 0) is in the tree of the first `size` leaves. Fails with invalid_value unless index < size.
Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const Reader& read);
// That the tree of `from` leaves is the beginning of that of `to`. Empty for from 0 and for from == to. Fails with
// invalid_value unless from <= to.
Result<Proof> consistency_proof(std::uint64_t from, std::uint64_t to, const Reader& read);

// `leaf` is the leaf's hash. False for whatever does not hold, a proof of a wrong length among it.
bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                      const Hash& root);
bool verify_consistency(std::uint64_t from, std::uint64_t to, std::span<const Hash> proof, const Hash& from_root,
                        const Hash& to_root);

} // namespace owhale::audit::merkle
