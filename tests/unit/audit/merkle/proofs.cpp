#include "audit/merkle/proofs.hpp"

#include <bit>
#include <span>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::audit::merkle;

namespace {

Hash hash_of(std::string_view hex) {
    Hash out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(2 * i, 2)), nullptr, 16));
    return out;
}

std::string unhex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}

// RFC 6962's definition of the root, word for word.
Hash naive_root(std::span<const Hash> leaves) {
    if (leaves.empty()) return empty_root();
    if (leaves.size() == 1) return leaves.front();
    const auto k = std::bit_floor(leaves.size() - 1);
    return node_hash(naive_root(leaves.first(k)), naive_root(leaves.subspan(k)));
}

Proof naive_path(std::size_t m, std::span<const Hash> leaves) {
    if (leaves.size() == 1) return {};
    const auto k = std::bit_floor(leaves.size() - 1);
    auto path = m < k ? naive_path(m, leaves.first(k)) : naive_path(m - k, leaves.subspan(k));
    path.push_back(m < k ? naive_root(leaves.subspan(k)) : naive_root(leaves.first(k)));
    return path;
}

Proof naive_subproof(std::size_t m, std::span<const Hash> leaves, bool whole) {
    if (m == leaves.size()) return whole ? Proof{} : Proof{naive_root(leaves)};
    const auto k = std::bit_floor(leaves.size() - 1);
    auto proof = m <= k ? naive_subproof(m, leaves.first(k), whole) : naive_subproof(m - k, leaves.subspan(k), false);
    proof.push_back(m <= k ? naive_root(leaves.subspan(k)) : naive_root(leaves.first(k)));
    return proof;
}

// A tree as it is stored: the leaves' hashes, and a node of every eighth height once it is complete.
struct Stored {
    explicit Stored(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) add(leaf_hash("leaf " + std::to_string(i)));
    }
    void add(const Hash& leaf) {
        leaves().push_back(leaf);
        edge.add(leaf, [&](unsigned height, std::uint64_t index, const Hash& hash) {
            if (height % kTileHeight != 0) return;
            auto& level = levels.at(height / kTileHeight);
            CHECK_EQ(index, level.size());
            level.push_back(hash);
        });
    }
    std::vector<Hash>& leaves() { return levels[0]; }
    std::span<const Hash> first(std::size_t count) const { return std::span(levels[0]).first(count); }
    Reader reader() const {
        return [this](unsigned level, std::uint64_t first, std::size_t count) -> Result<std::vector<Hash>> {
            const auto& from = levels.at(level);
            if (count > 256 || first + count > from.size()) return fail(Code::internal, "not there");
            return std::vector(from.begin() + static_cast<std::ptrdiff_t>(first),
                               from.begin() + static_cast<std::ptrdiff_t>(first + count));
        };
    }
    std::array<std::vector<Hash>, 8> levels;
    Frontier edge;
};

// The eight leaves of Certificate Transparency's reference tests, and their roots.
constexpr std::array kLeaves = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
constexpr std::array kRoots = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

Stored reference() {
    Stored tree(0);
    for (const auto* leaf : kLeaves) tree.add(leaf_hash(unhex(leaf)));
    return tree;
}

Proof hashes(std::initializer_list<const char*> hex) {
    Proof out;
    for (const auto* one : hex) out.push_back(hash_of(one));
    return out;
}

} // namespace

TEST_CASE("Certificate Transparency's known trees have their known roots") {
    Frontier edge;
    CHECK_EQ(edge.root(), hash_of(kRoots[0]));
    for (std::size_t i = 0; i < kLeaves.size(); ++i) {
        edge.add(leaf_hash(unhex(kLeaves[i])));
        CHECK_EQ(edge.root(), hash_of(kRoots[i + 1]));
    }
}

TEST_CASE("Certificate Transparency's known proofs") {
    const auto tree = reference();
    CHECK_EQ(inclusion_proof(0, 8, tree.reader()).value(),
             hashes({"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                     "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                     "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
    CHECK_EQ(inclusion_proof(5, 8, tree.reader()).value(),
             hashes({"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                     "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
    CHECK_EQ(consistency_proof(2, 5, tree.reader()).value(),
             hashes({"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                     "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
    CHECK_EQ(consistency_proof(6, 8, tree.reader()).value(),
             hashes({"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                     "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
}

// All small trees, and those around the end of a tile and of a half of it. Every pair of numbers up to 300 has been tried
// once; as a test of every day it hashes too much.
constexpr std::size_t kSmall = 66;
constexpr std::array<std::size_t, 9> kLarge = {127, 128, 129, 200, 255, 256, 257, 258, 300};

std::vector<std::size_t> sizes() {
    std::vector<std::size_t> out;
    for (std::size_t size = 0; size <= kSmall; ++size) out.push_back(size);
    out.insert(out.end(), kLarge.begin(), kLarge.end());
    return out;
}

// Numbers below `size` that are proven: all of a small tree; of a large one the ends of its halves, and some between.
std::vector<std::size_t> chosen(std::size_t size) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < size; ++i)
        if (size <= kSmall || i % 23 == 0 || size - i <= 2 || std::has_single_bit(i) || std::has_single_bit(i + 1))
            out.push_back(i);
    return out;
}

TEST_CASE("every leaf is proven as the RFC defines it, and for no other place") {
    const Stored tree(300);
    for (const auto size : sizes()) {
        const auto root = naive_root(tree.first(size));
        bool good = true;
        for (const auto index : chosen(size)) {
            const auto proof = inclusion_proof(index, size, tree.reader()).value();
            const auto& leaf = tree.levels[0][index];
            good = good && proof == naive_path(index, tree.first(size));
            good = good && verify_inclusion(leaf, index, size, proof, root);
            good = good && !verify_inclusion(leaf, (index + 1) % size, size, proof, root) == (size > 1);
            good = good && !verify_inclusion(leaf, index + size, size, proof, root);
        }
        CHECK_MESSAGE(good, size);
    }
}

TEST_CASE("every tree is proven to begin every later one") {
    const Stored tree(300);
    std::vector<Hash> roots;
    for (std::size_t size = 0; size <= 300; ++size) roots.push_back(naive_root(tree.first(size)));
    for (const auto to : sizes())
        for (const auto from : chosen(to + 1)) {
            const auto proof = consistency_proof(from, to, tree.reader()).value();
            bool good = verify_consistency(from, to, proof, roots[from], roots[to]);
            if (from > 0) good = good && proof == naive_subproof(from, tree.first(to), true);
            if (from != to) good = good && !verify_consistency(from, to, proof, roots[from + 1], roots[to]);
            if (from > 0 && from != to) good = good && !verify_consistency(from, to, proof, roots[from], roots[to - 1]);
            if (!good) FAIL(from, " ", to);
        }
}

TEST_CASE("proofs that are cut, longer, swapped or changed prove nothing") {
    const Stored tree(130);
    const auto root = naive_root(tree.first(130)), older = naive_root(tree.first(77));
    const auto in = inclusion_proof(77, 130, tree.reader()).value();
    const auto grown = consistency_proof(77, 130, tree.reader()).value();
    const auto& leaf = tree.levels[0][77];
    const auto holds_in = [&](const Proof& proof) { return verify_inclusion(leaf, 77, 130, proof, root); };
    const auto holds_grown = [&](const Proof& proof) { return verify_consistency(77, 130, proof, older, root); };
    REQUIRE(holds_in(in));
    REQUIRE(holds_grown(grown));
    for (const auto& [proof, holds] : {std::pair<Proof, std::function<bool(const Proof&)>>{in, holds_in},
                                       std::pair<Proof, std::function<bool(const Proof&)>>{grown, holds_grown}}) {
        CHECK_FALSE(holds({}));
        auto longer = proof;
        longer.push_back(root);
        CHECK_FALSE(holds(longer));
        CHECK_FALSE(holds(Proof(proof.begin(), proof.end() - 1)));
        CHECK_FALSE(holds(Proof(proof.begin() + 1, proof.end())));
        for (std::size_t i = 0; i < proof.size(); ++i) {
            auto changed = proof;
            changed[i][i % 32] ^= 1;
            CHECK_FALSE(holds(changed));
            if (i == 0) continue;
            changed = proof;
            std::swap(changed[i - 1], changed[i]);
            CHECK_FALSE(holds(changed));
        }
    }
    // A node given out as a leaf, and a leaf's data as two nodes: the prefixes keep them apart.
    CHECK_FALSE(verify_inclusion(node_hash(tree.levels[0][0], tree.levels[0][1]), 0, 130, in, root));
    CHECK_FALSE(verify_inclusion(leaf, 0, 0, {}, root));
    CHECK_FALSE(verify_inclusion(leaf, 0, 1, {}, root));
    CHECK_FALSE(verify_consistency(130, 77, grown, root, older));
    CHECK_FALSE(verify_consistency(0, 130, {}, older, root));
    CHECK_FALSE(verify_consistency(130, 130, grown, root, root));
}

TEST_CASE("a tree is taken up again at any size from what is stored, and refused where something lacks") {
    Stored tree(1100);
    for (const std::size_t size : {0u, 1u, 255u, 256u, 257u, 511u, 512u, 1023u, 1024u, 1100u}) {
        auto edge = Frontier::at(size, tree.reader()).value();
        CHECK_EQ(edge.size(), size);
        CHECK_EQ(edge.root(), naive_root(tree.first(size)));
        CHECK_EQ(root_at(size, tree.reader()).value(), edge.root());
        edge.add(leaf_hash("next"));
        CHECK_EQ(edge.size(), size + 1);
    }
    CHECK_EQ(tree.levels[1].size(), 4);
    CHECK_EQ(tree.edge.root(), naive_root(tree.first(1100)));
    tree.levels[1].pop_back();
    CHECK_FALSE(Frontier::at(1100, tree.reader()));
    CHECK_FALSE(inclusion_proof(1, 1100, tree.reader()));
    CHECK_FALSE(inclusion_proof(5, 5, tree.reader()));
    CHECK_FALSE(consistency_proof(6, 5, tree.reader()));
}

TEST_CASE("larger than one tile of tiles: each level is written when it is complete") {
    Stored tree(65'536 + 300);
    CHECK_EQ(tree.levels[1].size(), 257);
    CHECK_EQ(tree.levels[2].size(), 1);
    const auto size = tree.edge.size();
    CHECK_EQ(root_at(size, tree.reader()).value(), tree.edge.root());
    CHECK_EQ(tree.edge.root(), naive_root(tree.first(size)));
    for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{65'535}, std::uint64_t{65'536}, size - 1})
        CHECK(verify_inclusion(tree.levels[0][index], index, size, inclusion_proof(index, size, tree.reader()).value(),
                               tree.edge.root()));
}
