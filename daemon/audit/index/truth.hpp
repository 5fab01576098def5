// Reads audit.db for the index: events in order, bodies, words, and where a time lies.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/database.hpp"
#include "store/statements.hpp"

namespace owhale::audit::index {

// A row of `events`.
struct Facts {
    std::uint64_t seq = 0;
    std::int64_t time = 0; // µs
    std::uint64_t event = 0, principal = 0, verb = 0, outcome = 0;
    std::string run; // 16 bytes or empty
};

// Sequences, both inclusive.
struct Span {
    std::uint64_t first = 1, last = 0;
};
// Times in µs, the second exclusive.
struct Times {
    std::int64_t since = std::numeric_limits<std::int64_t>::min();
    std::int64_t until = std::numeric_limits<std::int64_t>::max();
    bool has(std::int64_t time) const { return time >= since && time < until; }
    bool all() const {
        return since == std::numeric_limits<std::int64_t>::min() && until == std::numeric_limits<std::int64_t>::max();
    }
};

class Truth {
public:
    static Result<Truth> open(const std::string& path);

    Result<std::uint64_t> last();
    Result<std::uint64_t> dropped();             // bodies up to there are gone, or go
    Result<std::string> hash(std::uint64_t seq); // hex; "" when there is no such event
    Result<std::optional<std::string>> body(std::uint64_t seq);
    Result<std::string> word(std::uint64_t number);
    // The number of a word; none: the log never had it.
    Result<std::vector<std::uint64_t>> number(const std::string& word);
    // Of all of them that the log has.
    Result<std::vector<std::uint64_t>> numbers(std::span<const std::string_view> words);
    // The number of a principal; of a device its id may be the beginning or the end of one (a whole one is taken as it is). Of such a
    // part invalid_value when the log has none, or several.
    Result<std::vector<std::uint64_t>> principal(const std::string& name);

    // Events of the span with this time, in the order asked for, until `take` answers true; the bodies too, if asked for.
    template <typename Take> Result<bool> each(Span span, bool newest_first, bool bodies, Take take);
    // Where events of these times may be, in the order of sequences: nothing outside of the spans has one. By blocks of
    // 256 events, which know their first and last time; the newest, incomplete block counts always.
    Result<std::vector<Span>> spans(Times times, Span within);

    // One state of the file for all that is asked until the guard goes.
    class Snapshot {
    public:
        explicit Snapshot(store::Database& database) : database_(database) {}
        Snapshot(const Snapshot&) = delete;
        Snapshot& operator=(const Snapshot&) = delete;
        ~Snapshot() { (void)database_.execute("COMMIT"); }

    private:
        store::Database& database_;
    };
    Status begin() { return database_->execute("BEGIN"); }
    Snapshot ending() { return Snapshot(*database_); }

private:
    explicit Truth(std::unique_ptr<store::Database> database)
        : database_(std::move(database)), statements_(*database_) {}
    struct Block {
        std::uint64_t level, index;
    };
    Status look_into(Block block, Times times, Span within, std::vector<Span>& out);
    static const char* sql_of(bool newest_first, bool bodies);
    std::unique_ptr<store::Database> database_; // stays where it is: the statements point to it
    store::Statements statements_;
};

template <typename Take> Result<bool> Truth::each(Span span, bool newest_first, bool bodies, Take take) {
    if (span.first > span.last) return false;
    auto* statement = TRY(statements_.use(sql_of(newest_first, bodies)));
    auto row = statement->with(span.first, span.last);
    while (TRY(row.next())) {
        const auto number = [&row](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
        Facts facts{number(0), row.integer(1), number(2), number(3), number(4), number(5), row.blob(6)};
        if (take(facts, bodies && !row.null(7) ? std::optional<std::string>(row.text(7)) : std::nullopt)) return true;
    }
    return false;
}

} // namespace owhale::audit::index
