// STATE/audit-index.db: what finds events quickly. Disposable: made from audit.db, and made again whenever it is missing,
// damaged, of another log, or of another version.
//
// Words are kept by partition, a table of FTS5 for each 262,144 events: what is searched, merged, or dropped with old
// bodies is never more than one. Which sequences a partition has is in `partitions`; what is in none is not indexed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.hpp"

namespace owhale::audit::index {

constexpr unsigned kPartitionBits = 18;
constexpr std::uint64_t kPartition = std::uint64_t{1} << kPartitionBits; // events

inline std::uint64_t partition_of(std::uint64_t seq) {
    return (seq - 1) >> kPartitionBits;
}
inline std::uint64_t first_of(std::uint64_t partition) {
    return (partition << kPartitionBits) + 1;
}
inline std::uint64_t last_of(std::uint64_t partition) {
    return (partition + 1) << kPartitionBits;
}
// Its FTS5 table.
std::string table_of(std::uint64_t partition);

// The file's name beside the log's `path`.
std::string index_path(const std::string& dir);

// Opens or makes it. Fails with conflict when it is of another version, else with state_unavailable.
Result<store::Database> open_index(const std::string& path);
// A connection that only reads.
Result<store::Database> open_index_to_read(const std::string& path);
// Takes it away with its write-ahead log. No connection to it may be open in this process.
void remove_index(const std::string& path);

// Whether an error of the index at `path` means that the file is no good; false for others' errors, a full disk, a lock.
bool is_damaged(const Error& error, const std::string& path);

// What the index has of which log.
struct Standing {
    std::uint64_t through = 0; // the last event; 0: none
    std::string first, last;   // leaf hashes of event 1 and of `through`, hex
};
Result<Standing> standing(store::Database& index);

struct Partition {
    std::uint64_t number = 0;
    std::uint64_t through = 0; // the last event in it
    std::uint64_t dropped = 0; // bodies up to there were gone when it was made
    bool whole = false;        // merged, nothing is added any more
};
// Newest first.
Result<std::vector<Partition>> partitions(store::Database& index);

} // namespace owhale::audit::index
