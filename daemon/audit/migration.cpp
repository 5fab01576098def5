#include "audit/migration.hpp"

#include <chrono>

#include "audit/damaged.hpp"
#include "audit/ledger.hpp"
#include "audit/moment.hpp"
#include "audit/tiles.hpp"
#include "base/log.hpp"

namespace owhale::audit {
namespace {

constexpr std::chrono::seconds kTold{2}; // how often a long one says how far it is

std::unexpected<Error> damaged(std::int64_t seq, const std::string& path) {
    return damaged_log("the audit log cannot be brought to its new form: event " + std::to_string(seq) +
                           " is not what its hash says, or the one before it is missing",
                       path, back_or_anew(path));
}

class Progress {
public:
    explicit Progress(std::int64_t all) : all_(all) {}
    void at(std::int64_t seq) {
        const auto now = std::chrono::steady_clock::now();
        if (now - told_ < kTold) return;
        told_ = now;
        log::info("the audit log is brought to its new form",
                  {{"events", std::to_string(seq)}, {"of", std::to_string(all_)}});
    }

private:
    std::int64_t all_;
    std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

struct Old {
    explicit Old(const store::Statement::Use& row)
        : time(row.text(2)), event(row.text(3)), principal(row.text(4)), verb(row.text(5)), outcome(row.text(6)),
          run(row.text(7)), json(row.text(8)) {}
    std::string time, event, principal, verb, outcome, run, json;
};

Status move_one(Ledger& ledger, const store::Statement::Use& row, const std::string& path) {
    const Old old(row);
    const auto hash = hash_in(row, 1);
    const auto seq = static_cast<std::uint64_t>(row.integer(0));
    const auto time = moment_of(old.time);
    if (!time || seq != ledger.size() + 1 || hash != leaf_hash(old.json)) return damaged(row.integer(0), path);
    const Entry entry{*time, old.event, old.principal, old.verb, old.outcome, old.run, old.json, hash};
    CHECK(ledger.add(entry));
    return {};
}

Result<std::int64_t> count(store::Database& database) {
    auto last = TRY(database.prepare("SELECT coalesce(max(seq), 0) FROM events_001"));
    auto row = last.with();
    CHECK(row.next());
    return row.integer(0);
}

} // namespace

Status move_events(store::Database& database) {
    {
        Progress progress(TRY(count(database)));
        const auto ledger = TRY(Ledger::open(database));
        auto old = TRY(database.prepare(
            "SELECT seq, hash, time, event, principal, verb, outcome, run, json FROM events_001 ORDER BY seq"));
        auto row = old.with();
        while (TRY(row.next())) {
            CHECK(move_one(*ledger, row, database.path()));
            progress.at(row.integer(0));
        }
        CHECK(ledger->settle());
    }
    return database.execute("DROP TABLE events_001");
}

} // namespace owhale::audit
