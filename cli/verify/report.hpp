// What a verification of the audit log found.
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/merkle/tree.hpp"
#include "cli/output.hpp"

namespace owhale::cli::verify {

namespace merkle = owhale::audit::merkle;

struct Problem {
    std::uint64_t seq = 0;                // of the event, or the first of those it may be; 0: it is about none
    std::optional<std::uint64_t> through; // and the last
    // changed, missing, inserted, reordered, checkpoint_forged, checkpoint_missing, key_swapped, node_changed,
    // drop_invented, signature_wrong, rewritten, older_copy, emptied, unreadable, anchor_damaged
    std::string kind;
    std::string what;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (seq, through, kind, what))

// Whether it says that an event is not there as it was written; else it is about the tree, a checkpoint or a key.
bool of_events(const Problem& problem);

struct FirstBad {
    std::uint64_t seq = 0;
    std::optional<std::uint64_t> through; // it is one of those from `seq` to this one
};
BOOST_DESCRIBE_STRUCT(FirstBad, (), (seq, through))

// What the log was held against that is kept outside of it.
struct Anchor {
    std::string name;  // "heads", "journal", "remembered", "checkpoint"
    std::string state; // matches, beyond (not compared), older_copy, emptied, rewritten, other_log, damaged, absent
    std::optional<std::uint64_t> size; // the greatest that was held
    std::string detail;
    bool outside = true; // of the folder that the log lies in
};
BOOST_DESCRIBE_STRUCT(Anchor, (), (name, state, size, detail, outside))

struct Report {
    bool whole = false;
    std::uint64_t first = 0, last = 0, events = 0; // read
    std::string origin, key;                       // key: in C2SP's form of a verifier key
    std::string key_from;                          // "--key", "event 1"
    std::uint64_t checkpoints = 0;                 // its own that hold, or were not compared without signed_size
    std::optional<std::uint64_t> signed_size;      // of the newest that holds
    std::uint64_t refuted_checkpoints = 0;         // its own that do not hold
    std::optional<std::uint64_t> first_refuted;    // size of the first of them
    std::uint64_t unsigned_events = 0;             // after the newest that is signed, whether it holds or not
    std::uint64_t dropped = 0;                     // bodies gone by retention
    std::uint64_t signed_answers = 0;              // of devices, whose signatures hold
    std::uint64_t bad = 0;                         // problems in all
    std::optional<FirstBad> first_bad;             // as to_json() finds it
    // Those before it that nothing confirms: what is gone behind them is a reason for what is claimed not to hold, and one of
    // them may be another.
    std::optional<FirstBad> unconfirmed;
    std::vector<Problem> problems; // the first of them
    std::vector<Anchor> anchors;
    std::vector<std::string> notes;
    std::optional<std::string> note;                            // the newest checkpoint that holds, as it is signed
    std::vector<std::pair<std::uint64_t, merkle::Hash>> leaves; // of some events of an export, to be proved; not told
};
BOOST_DESCRIBE_STRUCT(Report, (),
                      (whole, first, last, events, origin, key, key_from, checkpoints, signed_size, refuted_checkpoints,
                       first_refuted, unsigned_events, dropped, signed_answers, bad, first_bad, unconfirmed, problems,
                       anchors, notes, note))

// Whether nothing of the log could be read, so that all there is to say is why.
bool is_unreadable(const Report& report);
// The first bad event, as exactly as all problems together say it; nothing of a log that is whole, or where no event is bad.
std::optional<FirstBad> first_bad(const Report& report);
std::string to_json(const Report& report);
Result<Report> report_of(std::string_view json);
// How the text speaks of the log.
struct Told {
    std::string ctl = "owhalectl"; // which asks this log's owhaled, with the options that it takes
    std::string log;               // options by which the same log is verified again, "--dir /srv/state"; "": none
    std::string folder, file; // where it lies: the real path of its state folder, or of an export; "": not known here
};
std::string as_text(const Look& look, const Report& report, const Told& told = {});

// 1234567 as "1,234,567".
std::string with_commas(std::uint64_t number);

} // namespace owhale::cli::verify
