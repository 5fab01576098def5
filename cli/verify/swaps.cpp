#include "cli/verify/swaps.hpp"

namespace owhale::cli::verify {
namespace {

class Swapped {
public:
    explicit Swapped(const std::vector<Hash>& leaves) : nodes_{leaves} {
        while (nodes_.back().size() > 1) {
            const auto& below = nodes_.back();
            std::vector<Hash> above;
            for (std::size_t i = 0; i + 1 < below.size(); i += 2)
                above.push_back(merkle::node_hash(below[i], below[i + 1]));
            nodes_.push_back(std::move(above));
        }
    }
    // With `one` and `other` in each other's place.
    std::optional<Hash> root(std::size_t one, std::size_t other) {
        one_ = one;
        other_ = other;
        std::optional<Hash> right;
        for (auto rest = nodes_.front().size(); rest != 0; rest &= rest - 1) {
            const auto height = static_cast<std::size_t>(std::countr_zero(rest));
            const auto peak = at(height, (nodes_.front().size() >> height) - 1);
            right = right ? merkle::node_hash(peak, *right) : peak;
        }
        return right;
    }

private:
    Hash at(std::size_t height, std::size_t index) const {
        const bool has_one = one_ >> height == index, has_other = other_ >> height == index;
        if (!has_one && !has_other) return nodes_[height][index];
        if (height == 0) return nodes_[0][has_one ? other_ : one_];
        return merkle::node_hash(at(height - 1, 2 * index), at(height - 1, 2 * index + 1));
    }

    std::vector<std::vector<Hash>> nodes_; // complete ones by height, the leaves first
    std::size_t one_ = 0, other_ = 0;
};

} // namespace

std::optional<std::pair<std::size_t, std::size_t>> find_swap(const std::vector<Hash>& leaves, std::size_t from,
                                                             const Edge& before, const Hash& root) {
    Swapped swapped(leaves);
    for (auto i = from; i < leaves.size(); ++i)
        for (auto j = i + 1; j < leaves.size(); ++j)
            if (before.root(swapped.root(i, j)) == root) return std::pair(i, j);
    return {};
}

} // namespace owhale::cli::verify
