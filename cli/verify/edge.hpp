// The right edge of a growing tree (RFC 6962), whose leaves may be nodes of one height, and which may be continued by the
// edge of what is smaller: so that a part can be replaced by what is known of it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "audit/merkle/tree.hpp"

namespace owhale::cli::verify {

namespace merkle = owhale::audit::merkle;
using merkle::Hash;

class Edge {
public:
    // `completed(height, index, hash)` hears of each node above it that it completes, heights counted from the leaves.
    template <typename Completed> void add(Hash hash, Completed&& completed) {
        unsigned height = 0;
        for (; (size_ >> height & 1) != 0; ++height) {
            hash = merkle::node_hash(peaks_[height], hash);
            completed(height + 1, size_ >> (height + 1), hash);
        }
        peaks_[height] = hash;
        ++size_;
    }
    void add(const Hash& hash) {
        add(hash, [](unsigned, std::uint64_t, const Hash&) {});
    }
    std::uint64_t size() const { return size_; }
    // The root of all of it, with what follows it to the right; nothing for nothing.
    std::optional<Hash> root(std::optional<Hash> right = {}) const {
        for (auto rest = size_; rest != 0; rest &= rest - 1) {
            const auto& peak = peaks_[static_cast<unsigned>(std::countr_zero(rest))];
            right = right ? merkle::node_hash(peak, *right) : peak;
        }
        return right;
    }

private:
    std::array<Hash, 64> peaks_{};
    std::uint64_t size_ = 0;
};

} // namespace owhale::cli::verify
