// The Merkle tree of RFC 6962, section 2.1, as it grows: SHA-256, a zero byte before a leaf, a one before two nodes.
//
// A node of height h stands for 2^h leaves. Every eighth height is kept (tiles: level L is height 8 L, level 0 the leaves'
// hashes), what lies between is computed: 256 hashes at most.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::audit::merkle {

using Hash = std::array<std::uint8_t, 32>;

Hash leaf_hash(std::string_view data);
Hash node_hash(const Hash& left, const Hash& right);
// Of each of them, faster than one after another; `out` is as long.
void leaf_hashes(std::span<const std::string_view> leaves, std::span<Hash> out);
// The root of leaves that are all here; not of none.
Hash root_of(std::span<const Hash> leaves);
// Of a tree without leaves: SHA-256 of nothing.
Hash empty_root();

constexpr unsigned kTileHeight = 8;

// `count` hashes of a level, from `first` on; all of them are there or it fails. Asked for complete nodes alone, and at
// most 256 at once.
using Reader = std::function<Result<std::vector<Hash>>(unsigned level, std::uint64_t first, std::size_t count)>;

// The node of this height over the leaves [index 2^height, (index + 1) 2^height).
Result<Hash> subtree(unsigned height, std::uint64_t index, const Reader& read);
// The root of the first `size` leaves.
Result<Hash> root_at(std::uint64_t size, const Reader& read);

// The right edge of a growing tree: a node for each bit of its size, so that its root is known at any moment.
class Frontier {
public:
    // What a tree of this size ends with.
    static Result<Frontier> at(std::uint64_t size, const Reader& read);

    void add(const Hash& leaf) {
        add(leaf, [](unsigned, std::uint64_t, const Hash&) {});
    }
    // `completed(height, index, hash)` hears of each node above the leaf that it makes complete, the lowest first.
    template <typename Completed> void add(const Hash& leaf, Completed&& completed) {
        Hash hash = leaf;
        unsigned height = 0;
        for (; (size_ >> height & 1) != 0; ++height) {
            hash = node_hash(peaks_[height], hash);
            completed(height + 1, size_ >> (height + 1), hash);
        }
        peaks_[height] = hash;
        ++size_;
    }
    std::uint64_t size() const { return size_; }
    Hash root() const;

private:
    std::array<Hash, 64> peaks_{}; // by height; those of the bits of size_ are in use
    std::uint64_t size_ = 0;
};

} // namespace owhale::audit::merkle
