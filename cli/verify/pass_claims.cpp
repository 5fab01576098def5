// What a pass makes of the claims that it comes to, and of the tiles whose stored node is not that of their texts.
//
// A stored node is the word of whoever wrote the file, until a claim holds with it. And a problem of one event says nothing
// of a claim that fails, unless that event's leaf cannot be tried any more: of all others it was.
#include <algorithm>

#include "audit/merkle/damaged_copy.hpp"
#include "cli/verify/pass.hpp"
#include "cli/verify/swaps.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostDoubtful = 100'000;
constexpr std::size_t kMostOthers = 1000;
constexpr unsigned kMostSearches = 4; // for two swapped events, each among those of a tile
constexpr auto kNotTheirs = "the tree's node over these events is not theirs";

} // namespace

void Pass::doubt(std::uint64_t index, const Hash& stored) {
    const auto first = index * kTileSize + 1;
    Tile tile{std::max(first, good_ + 1),
              first + kTileSize - 1,
              {},
              tile_hole_,
              !alike_ && merkle::root_of(stored_leaves_) == stored};
    if (tile.hole == 0 && !tile.by_rows) tile.swapped = search_swap({}, stored, good_);
    if (doubtful_.size() < kMostDoubtful) doubtful_.push_back(tile);
}

// Among the leaves of this tile that are behind `good`.
Pass::Two Pass::search_swap(const Edge& before, const Hash& root, std::uint64_t good) {
    if (searches_ == kMostSearches || leaves_.size() < 2) return {};
    ++searches_;
    const auto first = tiles_.size() * kTileSize + 1;
    const auto found = find_swap(leaves_, std::max(first, good + 1) - first, before, root);
    return found ? Two(std::pair(first + found->first, first + found->second)) : Two();
}

Pass::Two Pass::swapped(std::uint64_t size, const Hash& root) const {
    const auto found =
        std::ranges::find_if(searched_, [&](const Searched& one) { return one.size == size && one.root == root; });
    return found == searched_.end() ? Two() : found->two;
}

// A line that nobody signed, of a file: no log that was rewritten has a root that is nearly this one's.
bool Pass::is_damaged(const Claim& claim) const {
    const auto nearly = [&](const std::optional<Hash>& is) { return is && merkle::is_damaged_copy(claim.root, *is); };
    return claim.line != 0 && (nearly(root()) || nearly(stored_root()));
}

bool Pass::was_searched(const Claim& claim) const {
    return std::ranges::any_of(searched_,
                               [&](const Searched& one) { return one.size == claim.size && one.root == claim.root; });
}

void Pass::hold_claims() {
    const auto size = next_ - 1;
    for (; at_claim_ < claims_.size() && claims_[at_claim_].size <= size; ++at_claim_)
        if (claims_[at_claim_].size == size) hold(claims_[at_claim_]);
}

void Pass::hold(Claim& claim) {
    const bool by_texts = root() == claim.root;
    if (!by_texts && stored_root() != claim.root) {
        if (!is_damaged(claim)) return claim_fails(claim);
        claim.state = Claim::State::damaged;
        return;
    }
    claim.state = Claim::State::holds;
    if (by_texts)
        settle_by_texts();
    else
        settle_by_nodes();
    failed_at_.reset();
    own_failed_.reset();
    hole_ = tile_hole_ = 0;
    if (!by_texts) {
        tiles_ = stored_tiles_;
        leaves_ = stored_leaves_;
        alike_ = true;
    }
    good_ = claim.size;
    held_[claim.anchor] = claim.size;
    if (claim.anchor >= 0) good_outside_ = claim.size;
    if (claim.anchor < 0) unsigned_ = {};
}

// The tiles in doubt were changed: what failed within one of them since the last that held did so for that.
void Pass::explain() {
    for (auto i = at_claim_; i-- > 0 && claims_[i].size > good_;) {
        const auto tile = std::ranges::lower_bound(doubtful_, claims_[i].size, {}, &Tile::last);
        claims_[i].explained |= tile != doubtful_.end() && tile->first <= claims_[i].size && !tile->by_rows;
    }
}

// Why an own one fails is told later: what comes may say it more exactly.
void Pass::claim_fails(Claim& claim) {
    claim.state = Claim::State::differs;
    const bool first = refuted_.try_emplace(claim.anchor, Refuted{claim.size, false, held(claim.anchor)}).second;
    if ((first || !failed_at_) && hole_ == 0 && !was_searched(claim)) {
        const auto good = claim.anchor < 0 ? good_ : good_outside_; // a log that was rewritten may be signed anew
        searched_.push_back({claim.size, claim.root, search_swap(tiles_, claim.root, good)});
    }
    if (!failed_at_) failed_at_ = claim.size;
    if (claim.anchor < 0 && !own_failed_) own_failed_ = at_claim_;
}

bool Pass::hole_explains() const {
    return hole_ != 0 && failed_at_ && hole_ <= *failed_at_;
}

void Pass::tell_swap(const std::pair<std::uint64_t, std::uint64_t>& two) {
    if (others_.size() < kMostOthers) others_.push_back({two.first, two.first});
    add_problem(two.first, {}, "reordered", "it and event " + with_commas(two.second) + " are in each other's place");
}

void Pass::tell_changed(std::uint64_t from, std::uint64_t to, std::string what) {
    if (others_.size() < kMostOthers) others_.push_back({from, to});
    add_problem(from, to, "changed", std::move(what));
}

// Of a checkpoint of the log's own. What failed first is nearest to the fault.
void Pass::tell_failure(std::uint64_t size) {
    for (const auto& one : searched_)
        if (one.two && one.size > good_ && one.size == *failed_at_) return tell_swap(*one.two);
    auto what =
        "the checkpoint over " + with_commas(size) +
        " events was signed over other ones than these: at least one of them was changed, and the tree made anew";
    if (*failed_at_ < size) what += "; by what is kept outside it is among the first " + with_commas(*failed_at_);
    tell_changed(good_ + 1, *failed_at_, std::move(what));
}

void Pass::nobody_confirms(std::uint64_t from, std::uint64_t to) {
    if (from <= to && !report_.unconfirmed) report_.unconfirmed = FirstBad{from, to};
}

// A claim has shown that the texts are right.
void Pass::settle_by_texts() {
    for (const auto& tile : doubtful_) add_problem(tile.last - kTileSize + 1, tile.last, "node_changed", kNotTheirs);
    doubtful_.clear();
    if (own_failed_) tell_failure(claims_[*own_failed_].size);
}

// A claim has shown that the stored nodes and hashes are right.
void Pass::settle_by_nodes() {
    explain();
    for (const auto& tile : doubtful_) {
        const bool failed = failed_at_ && *failed_at_ >= tile.first;
        if (tile.hole != 0 && !(failed && *failed_at_ < tile.hole))
            nobody_confirms(tile.first, tile.hole - 1);
        else if (tile.swapped)
            tell_swap(*tile.swapped);
        else if (!tile.by_rows)
            tell_changed(tile.first, failed ? std::min(*failed_at_, tile.last) : tile.last,
                         "at least one of these is not what was written: text and hash were changed together, or "
                         "others put in its place");
    }
    doubtful_.clear();
    if (own_failed_ && !claims_[*own_failed_].explained) tell_failure(claims_[*own_failed_].size);
}

// At the end: of what no claim holds over. A claim that fails says more than a node, which may itself be what was changed.
void Pass::settle_unheld() {
    const bool failed = failed_at_ && !hole_explains();
    if (failed && own_failed_) tell_failure(claims_[*own_failed_].size);
    if (hole_ != 0 || cut_) nobody_confirms(good_ + 1, (hole_ != 0 ? hole_ : next_) - 1);
    for (const auto& tile : doubtful_) {
        if (tile.hole != 0 || tile.by_rows) continue;
        if (failed && tile.first <= *failed_at_)
            add_problem(tile.first, tile.last, "node_changed",
                        std::string(kNotTheirs) + ": one of them was changed, or it was");
        else
            add_problem(tile.first, tile.last, "changed",
                        "at least one of these is not what was written, or the tree's node over them was changed");
    }
    doubtful_.clear();
}

std::uint64_t Pass::held(int anchor) const {
    const auto found = held_.find(anchor);
    return found == held_.end() ? 0 : found->second;
}

std::optional<Pass::Refuted> Pass::refuted(int anchor) const {
    const auto found = refuted_.find(anchor);
    return found == refuted_.end() ? std::nullopt : std::optional(found->second);
}

} // namespace owhale::cli::verify
