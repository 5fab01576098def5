// Verifies a whole log, or some of its events, and holds it against what is kept outside of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/verify/claims.hpp"
#include "cli/verify/report.hpp"

namespace owhale::cli::verify {

struct Request {
    std::vector<Kept> kept;
    std::optional<merkle::NoteKey> pinned;                        // the key that it must be signed with
    std::optional<merkle::NoteKey> expected;                      // of a log without events: whose it was
    std::optional<std::pair<std::uint64_t, std::uint64_t>> range; // these events alone
    bool progress = false;
    bool ends_early = false; // an export: that more is known than it holds is no fault of its
};

// STATE/audit.db. Fails when it cannot be looked at; one that SQLite takes for damaged is found to be not whole.
Result<Report> examine_database(const std::string& path, const Request& request);
// A log that is not there, or has not one byte: nothing when nobody knows that it had events.
Result<std::optional<Report>> examine_nothing(const Request& request);

// An export's lines, in pieces: the next one, "" at the end.
using Pieces = std::function<Result<std::string>()>;
struct Exported {
    std::uint64_t first = 1, total = 0; // the sequence that it begins with; events, 0: unknown
    std::uint64_t last = 0;             // it goes as far as this, or was cut off; 0: unknown
    std::optional<merkle::NoteKey> key; // that is said to be the log's
    std::string note;                   // a checkpoint over it
    std::vector<std::string> former;    // checkpoints over parts of it, which narrow what is found
};
Result<Report> examine_export(const Pieces& pieces, const Exported& exported, const Request& request);
// A file that an export was written to.
Result<Report> examine_file(const std::string& path, const Request& request);

} // namespace owhale::cli::verify
