#include "cli/verify/pass.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

namespace owhale::cli::verify {
namespace {

constexpr std::uint64_t kWidestGap = 1u << 20; // events; beyond it the tree is given up
constexpr std::size_t kMostKept = 1000;        // problems, and ranges of missing texts

std::uint64_t number_in(std::string_view data, std::string_view name) {
    boost::system::error_code error;
    const auto value = boost::json::parse(data, error);
    const auto* number = !error && value.is_object() ? value.get_object().if_contains(name) : nullptr;
    return number != nullptr && number->is_int64() && number->get_int64() > 0
               ? static_cast<std::uint64_t>(number->get_int64())
               : 0;
}

std::optional<Hash> root_of_some(const std::vector<Hash>& leaves) {
    return leaves.empty() ? std::nullopt : std::optional(merkle::root_of(leaves));
}

} // namespace

Pass::Pass(Report& report, std::vector<Claim> claims, Nodes nodes, std::uint64_t first)
    : report_(report), claims_(std::move(claims)), nodes_(std::move(nodes)), first_(first), next_(first),
      tree_(first == 1) {
    report_.first = first;
    for (const auto& claim : claims_)
        if (claim.anchor < 0) signed_to_ = std::max(signed_to_, claim.size);
}

void Pass::add_problem(std::uint64_t seq, std::optional<std::uint64_t> through, std::string kind, std::string what) {
    ++report_.bad;
    Problem problem{seq, through, std::move(kind), std::move(what)};
    last_told_ = std::max(last_told_, through.value_or(seq));
    keep(std::move(problem));
}

// Of too many those that are nearest to the beginning, whenever they are told.
void Pass::keep(Problem problem) {
    auto& kept = report_.problems;
    if (kept.size() < kMostKept) return kept.push_back(std::move(problem));
    if (!std::exchange(heaped_, true)) std::ranges::make_heap(kept, {}, &Problem::seq);
    if (problem.seq >= kept.front().seq) return;
    std::ranges::pop_heap(kept, {}, &Problem::seq);
    kept.back() = std::move(problem);
    std::ranges::push_heap(kept, {}, &Problem::seq);
}

void Pass::take(const Row& row) {
    take(row, row.json ? merkle::leaf_hash(*row.json) : row.hash);
}

void Pass::take(const Row& row, const Hash& computed) {
    if (row.seq < next_)
        return add_problem(row.seq, {}, row.seq < first_ ? "inserted" : "reordered",
                           row.seq < first_ ? "no event of owhaled's has this number"
                                            : "it comes a second time, or after later ones");
    if (row.seq > next_) fill_gap(row.seq);
    told_before_ = report_.bad;
    if (computed != row.hash)
        add_problem(row.seq, {}, "changed",
                    "its text does not have the hash that is stored with it: one of the two is not what was written");
    if (row.json)
        check_text(row);
    else
        lacks_text(row.seq);
    if (row.columns) see_time(row.columns->time);
    ++report_.events;
    if (row.seq > signed_to_) ++report_.unsigned_events;
    ++next_;
    add_leaf(computed, row.hash);
}

void Pass::unreadable(std::uint64_t seq, std::string why) {
    unreadable(seq, seq, std::move(why));
}

void Pass::unreadable(std::uint64_t seq, std::uint64_t through, std::string why) {
    add_problem(seq, through == seq ? std::nullopt : std::optional(through), "unreadable", std::move(why));
    if (seq < next_) return;
    if (seq > next_) fill_gap(seq);
    skip(through + 1);
}

// What its leaf was nobody can try any more: a claim may fail for that, and for another event before it.
void Pass::leaf_unknown(std::uint64_t from, std::uint64_t to) {
    if (first_ != 1) return;
    if (hole_ == 0) hole_ = from;
    if (tile_hole_ == 0) tile_hole_ = from;
    if (holes_.size() < kMostKept) holes_.push_back({from, to});
}

void Pass::fill_gap(std::uint64_t to) {
    add_problem(next_, to - 1, "missing",
                to - next_ == 1 ? "there is no event of this number" : "there are no events of these numbers");
    skip(to);
}

void Pass::skip(std::uint64_t to) {
    if (to - next_ > kWidestGap) tree_ = false;
    leaf_unknown(next_, to - 1);
    if (!tree_) next_ = to;
    while (next_ < to) {
        if (tile_hole_ == 0) tile_hole_ = next_; // it goes on into the next tile
        ++next_;
        add_leaf({}, {});
    }
}

void Pass::lacks_text(std::uint64_t seq) {
    if (!missing_.empty() && missing_.back().second + 1 == seq)
        missing_.back().second = seq;
    else if (missing_.size() < kMostKept)
        missing_.emplace_back(seq, seq);
    else
        missing_.back().second = seq;
}

void Pass::check_text(const Row& row) {
    const auto body = read_body(*row.json);
    if (!body) {
        if (report_.bad != told_before_) return;
        leaf_unknown(row.seq, row.seq);
        return add_problem(row.seq, {}, "changed", "its text is no event in canonical JSON (RFC 8785)");
    }
    if (row.columns) check_columns(*row.columns, *body, row.seq);
    last_event_ = body->event;
    if (body->event == "audit.dropped") note_drop(*body, row.seq);
    if (auto wrong = decisions_.take(*body, first_ == 1 && missing_.empty()); wrong && report_.bad == told_before_)
        add_problem(row.seq, {}, "signature_wrong", *std::move(wrong));
    if (body->event != "audit.opened" || opened_at_ != 0) return;
    opened_ = body->data;
    opened_at_ = row.seq;
}

void Pass::check_columns(const Columns& columns, const Body& body, std::uint64_t seq) {
    const char* wrong = nullptr;
    if (columns.event != body.event) wrong = "event";
    if (columns.principal != body.principal) wrong = "principal";
    if (columns.verb != body.verb) wrong = "verb";
    if (columns.outcome != body.outcome) wrong = "outcome";
    if (columns.run != body.run) wrong = "run";
    if (microseconds(body.time) != columns.time) wrong = "time";
    if (wrong != nullptr && report_.bad == told_before_)
        add_problem(seq, {}, "changed",
                    std::string("its row has another ") + wrong +
                        " than its text (the row, the word that it names, or "
                        "the text was changed)");
}

void Pass::note_drop(const Body& body, std::uint64_t seq) {
    if (told_drops_.size() < kMostKept * kMostKept) told_drops_[seq] = number_in(body.data, "through");
}

std::map<std::uint64_t, std::uint64_t> Pass::told_drops() const {
    std::map<std::uint64_t, std::uint64_t> out;
    for (const auto& [seq, through] : told_drops_) out[through] = seq;
    return out;
}

void Pass::see_time(std::int64_t time) {
    for (auto* span : {&spans_[1], &unsigned_}) {
        span->min = std::min(span->min, time);
        span->max = std::max(span->max, time);
    }
}

void Pass::add_leaf(const Hash& computed, const Hash& stored) {
    if (!tree_) return;
    leaves_.push_back(computed);
    stored_leaves_.push_back(stored);
    alike_ &= computed == stored;
    if (leaves_.size() == kTileSize) end_tile();
    hold_claims();
}

void Pass::end_tile() {
    const auto computed = merkle::root_of(leaves_);
    const auto index = tiles_.size();
    auto stored = alike_ ? computed : merkle::root_of(stored_leaves_);
    if (nodes_) {
        if (const auto node = nodes_(1, index)) stored = node->hash;
        if (stored != computed) doubt(index, stored);
        if (stored == computed) hold_node(1, index, computed);
    }
    spans_[1] = {};
    stored_tiles_.add(stored);
    tiles_.add(computed, [&](unsigned height, std::uint64_t at, const Hash& hash) {
        if (height % merkle::kTileHeight == 0 && nodes_) hold_node(1 + height / merkle::kTileHeight, at, hash);
    });
    leaves_.clear();
    stored_leaves_.clear();
    alike_ = true;
    tile_hole_ = 0;
}

// A node whose leaves are not in doubt: it has to be as it is computed, and its times those of its leaves.
void Pass::hold_node(unsigned level, std::uint64_t index, const Hash& hash) {
    auto& span = spans_[std::min<std::size_t>(level, spans_.size() - 1)];
    const auto first = (index << (level * merkle::kTileHeight)) + 1;
    const auto last = (index + 1) << (level * merkle::kTileHeight);
    const bool doubtful = (!doubtful_.empty() && doubtful_.back().last >= first) || last_told_ >= first;
    const auto node = nodes_(level, index);
    const auto of = "the tree's node over these events (level " + std::to_string(level) + ")";
    if (!node && !doubtful)
        add_problem(first, last, "node_changed", of + " is missing");
    else if (node && !doubtful && node->hash != hash)
        add_problem(first, last, "node_changed", of + " is not theirs");
    else if (node && !doubtful && (node->min_time != span.min || node->max_time != span.max))
        add_problem(first, last, "node_changed", of + " has not their times");
    if (level + 1 < spans_.size()) {
        auto& above = spans_[level + 1];
        above = {std::min(above.min, span.min), std::max(above.max, span.max)};
    }
    span = {};
}

std::optional<Hash> Pass::root() const {
    if (!tree_) return {};
    if (next_ == 1) return merkle::empty_root();
    return tiles_.root(root_of_some(leaves_));
}

std::optional<Hash> Pass::stored_root() const {
    return stored_tiles_.root(root_of_some(stored_leaves_));
}

void Pass::finish(const std::map<std::uint64_t, std::uint64_t>& drops) {
    report_.last = next_ - 1;
    report_.signed_answers = decisions_.good();
    if (decisions_.strangers() != 0)
        report_.notes.push_back(with_commas(decisions_.strangers()) +
                                " answers are signed with keys whose pairing is not among these events");
    std::uint64_t beyond = 0;
    for (; at_claim_ < claims_.size(); ++at_claim_) {
        auto& claim = claims_[at_claim_];
        if (!tree_ && claim.size < next_) continue;
        claim.state = Claim::State::beyond;
        // What was found before is nearer to the beginning.
        auto& refuted = refuted_.try_emplace(claim.anchor, Refuted{claim.size, true, held(claim.anchor)}).first->second;
        if (refuted.beyond) refuted.size = claim.size;
        if (claim.anchor < 0) beyond = claim.size;
    }
    cut_ = report_.last != 0 &&
           std::ranges::any_of(claims_, [](const Claim& one) { return one.state == Claim::State::beyond; });
    if (beyond >= next_)
        add_problem(next_, beyond, "missing",
                    "the log ends before these, and its own checkpoint was signed over " + with_commas(beyond) +
                        " events");
    settle_unheld();
    check_drops(drops);
}

void Pass::leave_missing() {
    for (const auto& [first, last] : std::exchange(missing_, {})) report_.dropped += last - first + 1;
}

void Pass::told_elsewhere(const Body& body, std::uint64_t seq) {
    if (body.event != "audit.dropped") return;
    note_drop(body, seq);
    told_elsewhere_ = seq;
}

bool Pass::tells(std::uint64_t seq, std::uint64_t through) const {
    const auto told = told_drops_.find(seq);
    return told != told_drops_.end() && told->second == through && through < seq;
}

void Pass::check_drops(const std::map<std::uint64_t, std::uint64_t>& drops) {
    std::uint64_t allowed = 0;
    for (const auto& [through, seq] : drops)
        if (seq <= std::max(held(-1), told_elsewhere_) && tells(seq, through)) allowed = std::max(allowed, through);
    for (const auto& [through, seq] : drops) {
        if (seq <= allowed || tells(seq, through)) continue;
        add_problem(seq, {}, "drop_invented",
                    "the log says that the texts up to " + with_commas(through) +
                        " were dropped by this event, and it tells no such thing");
    }
    check_missing(allowed);
}

void Pass::check_missing(std::uint64_t allowed) {
    for (const auto& [first, last] : missing_) {
        const auto from = std::max(first, allowed + 1);
        report_.dropped += std::min(last, allowed) >= first ? std::min(last, allowed) - first + 1 : 0;
        if (from <= last)
            add_problem(from, last, "missing",
                        "the text is gone, and no event that is signed tells that retention dropped it");
    }
}

} // namespace owhale::cli::verify
