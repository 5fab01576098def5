// Room for a write-ahead log ahead of its frames. A commit that makes the file longer waits for the disk once more, for its inode;
// in the first minutes after a start every commit would.
#pragma once

#include <string>

namespace owhale::store {

// Lengthens PATH-wal with zeros to what a log has before it begins anew (SQLite's 1,000 pages), so that later frames take no new
// block. Recovery ends at the first frame that has not the log's salt (https://sqlite.org/fileformat2.html, 4.3). Between two
// transactions, of the thread that writes. What fails is no error: then the log grows as it does.
void make_log_room(const std::string& path);

} // namespace owhale::store
