#include "audit/merkle/proofs.hpp"

#include <algorithm>
#include <bit>

namespace owhale::audit::merkle {
namespace {

// The largest power of two that is smaller than n; n > 1.
std::uint64_t split(std::uint64_t n) {
    return std::bit_floor(n - 1);
}

// The root of the leaves [begin, end). `begin` is a multiple of the first power of two that is not below the count.
Result<Hash> root_of(std::uint64_t begin, std::uint64_t end, const Reader& read) {
    const auto count = end - begin;
    if (std::has_single_bit(count)) {
        const auto height = static_cast<unsigned>(std::countr_zero(count));
        return subtree(height, begin >> height, read);
    }
    const auto middle = begin + split(count);
    const auto left = TRY(root_of(begin, middle, read));
    const auto right = TRY(root_of(middle, end, read));
    return node_hash(left, right);
}

} // namespace

Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const Reader& read) {
    if (index >= size) return fail(Code::invalid_value, "the tree has no such leaf");
    Proof proof;
    std::uint64_t begin = 0, end = size;
    while (end - begin > 1) {
        const auto middle = begin + split(end - begin);
        const bool left = index < middle;
        proof.push_back(TRY(left ? root_of(middle, end, read) : root_of(begin, middle, read)));
        (left ? end : begin) = middle;
    }
    std::ranges::reverse(proof);
    return proof;
}

Result<Proof> consistency_proof(std::uint64_t from, std::uint64_t to, const Reader& read) {
    if (from > to) return fail(Code::invalid_value, "the older tree is larger than the newer one");
    Proof proof;
    if (from == 0 || from == to) return proof;
    std::uint64_t begin = 0, end = to;
    while (from != end) {
        const auto middle = begin + split(end - begin);
        const bool left = from <= middle;
        proof.push_back(TRY(left ? root_of(middle, end, read) : root_of(begin, middle, read)));
        (left ? end : begin) = middle;
    }
    if (begin != 0) proof.push_back(TRY(root_of(begin, end, read))); // else it is the older root itself
    std::ranges::reverse(proof);
    return proof;
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                      const Hash& root) {
    if (index >= size) return false;
    auto node = index, last = size - 1;
    auto hash = leaf;
    for (const auto& sibling : proof) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            hash = node_hash(sibling, hash);
            for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
        } else {
            hash = node_hash(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t from, std::uint64_t to, std::span<const Hash> proof, const Hash& from_root,
                        const Hash& to_root) {
    if (from > to) return false;
    if (from == to) return proof.empty() && from_root == to_root;
    if (from == 0) return proof.empty() && from_root == empty_root();
    const auto* next = proof.data();
    const auto* const end = next + proof.size();
    const bool whole = std::has_single_bit(from); // then the older root is itself the first node
    if (!whole && next == end) return false;
    auto node = from - 1, last = to - 1;
    for (; (node & 1) != 0; node >>= 1) last >>= 1;
    auto older = whole ? from_root : *next++;
    auto newer = older;
    for (; next != end; ++next) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            older = node_hash(*next, older);
            newer = node_hash(*next, newer);
            for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
        } else {
            newer = node_hash(newer, *next);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && older == from_root && newer == to_root;
}

} // namespace owhale::audit::merkle
