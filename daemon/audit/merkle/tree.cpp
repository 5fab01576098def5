#include "audit/merkle/tree.hpp"

#include <algorithm>
#include <bit>

#include "base/sha256.hpp"
#include "base/sha256_many.hpp"

namespace owhale::audit::merkle {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The nodes above; one that has no neighbour is its own.
std::vector<Hash> above(std::span<const Hash> hashes) {
    std::vector<std::string_view> pairs;
    for (std::size_t i = 0; i + 1 < hashes.size(); i += 2)
        pairs.emplace_back(reinterpret_cast<const char*>(&hashes[i]), 2 * sizeof(Hash));
    std::vector<Hash> out(pairs.size());
    sha256_many(1, pairs, out);
    if (hashes.size() % 2 != 0) out.push_back(hashes.back());
    return out;
}

} // namespace

Hash leaf_hash(std::string_view data) {
    constexpr std::array<std::uint8_t, 1> kLeaf = {0};
    Sha256 hash;
    hash.update(kLeaf);
    hash.update(bytes_of(data));
    return hash.digest();
}

Hash node_hash(const Hash& left, const Hash& right) {
    std::array<std::uint8_t, 65> bytes;
    bytes[0] = 1;
    std::copy(left.begin(), left.end(), bytes.begin() + 1);
    std::copy(right.begin(), right.end(), bytes.begin() + 33);
    return sha256(bytes);
}

void leaf_hashes(std::span<const std::string_view> leaves, std::span<Hash> out) {
    sha256_many(0, leaves, out);
}

Hash root_of(std::span<const Hash> leaves) {
    if (leaves.size() == 1) return leaves.front();
    auto hashes = above(leaves);
    while (hashes.size() > 1) hashes = above(hashes);
    return hashes.front();
}

Hash empty_root() {
    return sha256({});
}

Result<Hash> subtree(unsigned height, std::uint64_t index, const Reader& read) {
    const auto within = height % kTileHeight;
    auto hashes = TRY(read(height / kTileHeight, index << within, std::size_t{1} << within));
    if (hashes.size() != std::size_t{1} << within) return fail(Code::internal, "a tile of the tree is cut short");
    return root_of(hashes);
}

Result<Hash> root_at(std::uint64_t size, const Reader& read) {
    const auto edge = TRY(Frontier::at(size, read));
    return edge.root();
}

Result<Frontier> Frontier::at(std::uint64_t size, const Reader& read) {
    Frontier edge;
    edge.size_ = size;
    for (auto rest = size; rest != 0; rest &= rest - 1) {
        const auto height = static_cast<unsigned>(std::countr_zero(rest));
        edge.peaks_[height] = TRY(subtree(height, (size >> height) - 1, read));
    }
    return edge;
}

Hash Frontier::root() const {
    if (size_ == 0) return empty_root();
    auto rest = size_;
    auto root = peaks_[static_cast<unsigned>(std::countr_zero(rest))];
    while ((rest &= rest - 1) != 0) root = node_hash(peaks_[static_cast<unsigned>(std::countr_zero(rest))], root);
    return root;
}

} // namespace owhale::audit::merkle
