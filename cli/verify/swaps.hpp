// Two leaves of a tree (RFC 6962) in each other's place: found by the root that the tree should have.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "cli/verify/edge.hpp"

namespace owhale::cli::verify {

// Which two of `leaves`, both from `from` on, by their indices, have to change places for the tree of all that is in `before`
// (whose leaves are nodes over as many of ours as a power of two, not less than there are here) with these right of it to
// have this root. Tries every two of them.
std::optional<std::pair<std::size_t, std::size_t>> find_swap(const std::vector<Hash>& leaves, std::size_t from,
                                                             const Edge& before, const Hash& root);

} // namespace owhale::cli::verify
