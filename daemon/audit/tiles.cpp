#include "audit/tiles.hpp"

#include <algorithm>

namespace owhale::audit {
namespace {

std::unexpected<Error> lacks(unsigned level, std::uint64_t index) {
    const auto first = (index << (merkle::kTileHeight * level)) + 1;
    const auto what = level == 0 ? "event " + std::to_string(first)
                                 : "the tree's node over the events from " + std::to_string(first) + " on";
    return fail(Code::state_unavailable, "the audit log is damaged: " + what + " is missing",
                "`owhalectl audit verify` says more");
}

} // namespace

merkle::Hash hash_in(const store::Statement::Use& row, int column) {
    merkle::Hash hash{};
    const auto bytes = row.blob(column);
    if (bytes.size() == hash.size()) std::ranges::copy(bytes, hash.begin());
    return hash;
}

Result<Tiles> Tiles::open(store::Database& database) {
    auto leaves = TRY(database.prepare("SELECT hash, seq - 1 FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"));
    auto nodes =
        TRY(database.prepare("SELECT hash, idx FROM nodes WHERE idx >= ?1 AND idx < ?2 AND level = ?3 ORDER BY idx"));
    return Tiles(std::move(leaves), std::move(nodes));
}

merkle::Reader Tiles::reader() {
    return [this](unsigned level, std::uint64_t first, std::size_t count) { return read(level, first, count); };
}

Result<std::vector<merkle::Hash>> Tiles::read(unsigned level, std::uint64_t first, std::size_t count) {
    std::vector<merkle::Hash> hashes;
    hashes.reserve(count);
    auto row = level == 0 ? leaves_.with(first, first + count) : nodes_.with(first, first + count, level);
    while (TRY(row.next())) {
        if (static_cast<std::uint64_t>(row.integer(1)) != first + hashes.size()) break;
        hashes.push_back(hash_in(row, 0));
    }
    if (hashes.size() != count) return lacks(level, first + hashes.size());
    return hashes;
}

} // namespace owhale::audit
