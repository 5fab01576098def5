// One pass over the events of a log, in their order: rebuilds the tree from the texts, holds every row against its text,
// and the tree against the nodes that are stored and the claims that are made of it.
//
// What it cannot put down to one event, or to two that are in each other's place, it narrows to the tile of 256, or to those
// between two claims. That an anchor is refuted it tells by the claims' states alone: it knows nothing of where they come from.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "cli/verify/body.hpp"
#include "cli/verify/claims.hpp"
#include "cli/verify/decisions.hpp"
#include "cli/verify/report.hpp"

namespace owhale::cli::verify {

// The copies of a text's members that its row has, to find it by.
struct Columns {
    std::int64_t time = 0;                                 // microseconds since 1970
    std::string_view event, principal, verb, outcome, run; // as between quotes in canonical JSON; run: a UUID or empty
};

struct Row {
    std::uint64_t seq = 0;
    Hash hash{};
    std::optional<std::string_view> json; // nothing: the text is not there
    std::optional<Columns> columns;       // an export has none
};

class Pass {
public:
    struct Node {
        Hash hash{};
        std::int64_t min_time = 0, max_time = 0;
    };
    // A complete node that is stored: level L over 256^L leaves; nothing when it is not.
    using Nodes = std::function<std::optional<Node>(unsigned level, std::uint64_t index)>;

    // `claims` in the order of their sizes. `nodes` may be empty: there are none to hold against. `first`: the sequence
    // that it begins with; without a tree unless 1.
    Pass(Report& report, std::vector<Claim> claims, Nodes nodes, std::uint64_t first = 1);

    void take(const Row& row);
    // The same, with the hash that its text has.
    void take(const Row& row, const Hash& computed);
    // What could not be read where `seq` should be, or those from it to `through`.
    void unreadable(std::uint64_t seq, std::string why);
    void unreadable(std::uint64_t seq, std::uint64_t through, std::string why);
    // Bodies up to this one may be gone, by these drops: through -> sequence of the event that tells it. One that nobody
    // has signed yet counts for nothing: whoever can write the file could have added it.
    void finish(const std::map<std::uint64_t, std::uint64_t>& drops);
    // Of some events alone: what another event tells, which a proof has shown to be signed.
    // Likewise: which event tells that texts are gone is not known here, and nothing is said of it but how many they are.
    void leave_missing();
    void told_elsewhere(const Body& body, std::uint64_t seq);
    // At the end: what the tree is.
    std::optional<Hash> root() const;

    std::uint64_t next() const { return next_; }
    // The data of the first audit.opened, and its sequence; 0: none was met.
    const std::string& opened() const { return opened_; }
    std::uint64_t opened_at() const { return opened_at_; }
    // By the events that tell them: through -> sequence.
    std::map<std::uint64_t, std::uint64_t> told_drops() const;
    const std::string& last_event() const { return last_event_; }
    // The greatest size at which a claim of this anchor (-1: a checkpoint) held; 0: none.
    std::uint64_t held(int anchor) const;
    // The first claim of it that did not hold, and whether the log is too short for it.
    struct Refuted {
        std::uint64_t size = 0;
        bool beyond = false;
        std::uint64_t after = 0; // the greatest size at which one had held till then
    };
    std::optional<Refuted> refuted(int anchor) const;
    // All of them, with what became of each.
    const std::vector<Claim>& claims() const { return claims_; }
    // The two events that have to change places for this root of this size: where that was looked for and found.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> swapped(std::uint64_t size, const Hash& root) const;
    // Events whose leaves nobody can try any more: missing, unreadable, no event at all.
    const std::vector<FirstBad>& holes() const { return holes_; }
    // Ranges, at least one event of each of which is another than a claim was made over.
    const std::vector<FirstBad>& others() const { return others_; }
    const Decisions& decisions() const { return decisions_; }
    // Microseconds between the earliest and the latest event behind the last checkpoint that held.
    std::int64_t unsigned_time() const { return unsigned_.max < unsigned_.min ? 0 : unsigned_.max - unsigned_.min; }

    void add_problem(std::uint64_t seq, std::optional<std::uint64_t> through, std::string kind, std::string what);

private:
    static constexpr std::uint64_t kTileSize = 256;
    using Two = std::optional<std::pair<std::uint64_t, std::uint64_t>>;
    struct Tile {
        std::uint64_t first = 0, last = 0; // sequences
        Two swapped;                       // which two in it, if its stored node is the right one
        std::uint64_t hole = 0;            // the first of its leaves that nobody can try
        bool by_rows = false;              // the rows whose texts have other hashes are all that is wrong in it
    };
    struct Searched {
        std::uint64_t size = 0;
        Hash root{};
        Two two;
    };
    void fill_gap(std::uint64_t to);
    void skip(std::uint64_t to);
    void check_text(const Row& row);
    void check_columns(const Columns& columns, const Body& body, std::uint64_t seq);
    void note_drop(const Body& body, std::uint64_t seq);
    void add_leaf(const Hash& computed, const Hash& stored);
    void see_time(std::int64_t time);
    void hold_node(unsigned level, std::uint64_t index, const Hash& hash);
    void end_tile();
    std::optional<Hash> stored_root() const;
    void doubt(std::uint64_t index, const Hash& stored);
    void lacks_text(std::uint64_t seq);
    bool tells(std::uint64_t seq, std::uint64_t through) const;
    void check_drops(const std::map<std::uint64_t, std::uint64_t>& drops);
    void check_missing(std::uint64_t allowed);
    void hold_claims();
    void hold(Claim& claim);
    void claim_fails(Claim& claim);
    bool is_damaged(const Claim& claim) const;
    bool was_searched(const Claim& claim) const;
    void explain();
    bool hole_explains() const;
    void tell_failure(std::uint64_t size);
    void settle_by_nodes();
    void settle_by_texts();
    void settle_unheld();
    void nobody_confirms(std::uint64_t from, std::uint64_t to);
    void tell_swap(const std::pair<std::uint64_t, std::uint64_t>& two);
    void tell_changed(std::uint64_t from, std::uint64_t to, std::string what);
    void keep(Problem problem);
    void leaf_unknown(std::uint64_t from, std::uint64_t to);
    Two search_swap(const Edge& before, const Hash& root, std::uint64_t good);

    Report& report_;
    std::vector<Claim> claims_;
    std::size_t at_claim_ = 0;
    Nodes nodes_;
    std::uint64_t first_, next_;
    bool tree_ = true;                          // the root is known: it began with 1, and no gap was too great
    std::uint64_t good_ = 0, good_outside_ = 0; // size at which a claim held last; one of an anchor
    std::optional<std::uint64_t> failed_at_;    // the first size since at which one did not
    std::optional<std::size_t> own_failed_;     // the first since of the log's own, in claims_
    std::uint64_t hole_ = 0, tile_hole_ = 0;    // the first unknown leaf since; that of this tile
    std::vector<FirstBad> holes_, others_;
    bool cut_ = false;                         // it ends before what is claimed of it
    bool heaped_ = false;                      // the problems, of which there are too many
    std::uint64_t last_told_ = 0;              // of all problems
    std::uint64_t told_before_ = 0;            // how many there were before this row
    std::uint64_t signed_to_ = 0;              // the newest checkpoint's size
    unsigned searches_ = 0;                    // for two that are swapped
    std::vector<Searched> searched_;           // by claims
    std::vector<Hash> leaves_, stored_leaves_; // of the tile: of texts; of rows
    bool alike_ = true;                        // these two
    Edge tiles_, stored_tiles_;
    Decisions decisions_;
    std::vector<Tile> doubtful_;
    struct Span {
        std::int64_t min = INT64_MAX, max = INT64_MIN;
    };
    Span unsigned_;
    std::array<Span, 9> spans_{};                                  // of the node of each level that grows
    std::vector<std::pair<std::uint64_t, std::uint64_t>> missing_; // texts
    std::map<std::uint64_t, std::uint64_t> told_drops_;            // sequence of the event -> through
    std::string opened_, last_event_;
    std::uint64_t opened_at_ = 0, told_elsewhere_ = 0;
    std::map<int, std::uint64_t> held_;
    std::map<int, Refuted> refuted_;
};

} // namespace owhale::cli::verify
