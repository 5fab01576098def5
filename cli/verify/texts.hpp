// The texts of events, read some ahead of their rows, so that their hashes are taken many at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/merkle/tree.hpp"
#include "cli/libsqlite.hpp"

namespace owhale::cli::verify {

class Texts {
public:
    // `statement` (seq, json) outlives it.
    Texts(const LibSqlite& sqlite, sqlite3* database, sqlite3_stmt* statement)
        : sqlite_(&sqlite), database_(database), statement_(statement) {}

    // Begins anew, once the statement is bound.
    void begin();
    void next();
    // SQLITE_ROW: there is one. SQLITE_DONE: there is none any more. Else it cannot be read, and why().
    int state() const { return at_ < ahead_.size() ? SQLITE_ROW : state_; }
    const std::string& why() const { return why_; }
    // Of the one that is there; good until next(). What is no text is as an empty one.
    std::uint64_t seq() const { return ahead_[at_].seq; }
    std::string_view json() const { return views_[at_]; }
    const audit::merkle::Hash& hash() const { return hashes_[at_]; }

private:
    struct Read {
        std::uint64_t seq = 0;
        std::size_t begin = 0, size = 0; // in bytes_
    };
    void read_on();
    void take_row();
    const LibSqlite* sqlite_;
    sqlite3* database_;
    sqlite3_stmt* statement_;
    int state_ = SQLITE_DONE;
    std::string why_;
    std::vector<Read> ahead_;
    std::size_t at_ = 0;
    std::string bytes_;
    std::vector<std::string_view> views_;
    std::vector<audit::merkle::Hash> hashes_;
};

} // namespace owhale::cli::verify
