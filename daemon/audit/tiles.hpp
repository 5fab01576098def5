// The tree's stored hashes, read from the log's file: what proofs and roots are made of.
#pragma once

#include <memory>

#include "audit/merkle/tree.hpp"
#include "store/database.hpp"

namespace owhale::audit {

class Tiles {
public:
    static Result<Tiles> open(store::Database& database);
    // Valid as long as this is. Fails with state_unavailable, and names the first event or node that lacks.
    merkle::Reader reader();

private:
    Tiles(store::Statement leaves, store::Statement nodes) : leaves_(std::move(leaves)), nodes_(std::move(nodes)) {}
    Result<std::vector<merkle::Hash>> read(unsigned level, std::uint64_t first, std::size_t count);
    store::Statement leaves_, nodes_;
};

// The hash in a column; zeros when there is none.
merkle::Hash hash_in(const store::Statement::Use& row, int column);

} // namespace owhale::audit
