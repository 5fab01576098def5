#include "sandbox/run_rows.hpp"

#include "sandbox/state.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

Result<api::Run> decode_record(const std::string& text) {
    auto run = codec::decode<api::Run>(text);
    if (!run) return fail(Code::state_unavailable, "a run's record is damaged: " + run.error().message);
    return run;
}

Result<std::vector<api::Run>> records(store::Statement::Use rows) {
    std::vector<api::Run> out;
    while (TRY(rows.next())) out.push_back(TRY(decode_record(rows.text(0))));
    return out;
}

Result<std::vector<std::string>> ids(store::Statement::Use rows) {
    std::vector<std::string> out;
    while (TRY(rows.next())) out.push_back(rows.text(0));
    return out;
}

} // namespace

Result<store::Statement*> RunRows::use(const char* sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) found = statements_.emplace(sql, TRY(database_->prepare(sql))).first;
    return &found->second;
}

Status RunRows::insert(const api::Run& run, std::int64_t created_us) {
    return TRY(use("INSERT INTO runs (id, principal, state, live, created, record) VALUES (?1, ?2, ?3, 1, ?4, ?5) "
                   "ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record"))
        ->with(run.id, run.principal, run.state, created_us, codec::to_text(run))
        .run();
}

Status RunRows::finish(const api::Run& run, std::int64_t ended_us, std::uint64_t kept) {
    return TRY(use("INSERT INTO runs (id, principal, state, live, created, ended, kept_bytes, record) "
                   "VALUES (?1, ?2, ?3, 0, ?4, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET state = excluded.state, live "
                   "= 0, "
                   "ended = excluded.ended, kept_bytes = excluded.kept_bytes, record = excluded.record"))
        ->with(run.id, run.principal, run.state, ended_us, kept, codec::to_text(run))
        .run();
}

Result<std::optional<api::Run>> RunRows::find(const std::string& id) {
    auto row = TRY(use("SELECT record FROM runs WHERE id = ?1"))->with(id);
    if (!TRY(row.next())) return std::nullopt;
    return TRY(decode_record(row.text(0)));
}

Result<std::vector<api::Run>> RunRows::list(const Filter& filter) {
    // One's own newest by the index, and the newest that one's runs asked for, of all runs' that were asked for by runs. Never
    // of all that is kept.
    constexpr const char* kOwn =
        "SELECT record FROM runs WHERE id IN (SELECT id FROM (SELECT id FROM runs WHERE principal = ?1 AND "
        "(?2 = '' OR state = ?2) AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4) UNION ALL "
        "SELECT id FROM (SELECT id FROM runs AS child WHERE principal > 'run:' AND principal < 'run;' AND "
        "(?2 = '' OR state = ?2) AND (?3 = '' OR id < ?3) AND EXISTS (SELECT 1 FROM runs AS parent WHERE "
        "parent.id = substr(child.principal, 5) AND parent.principal = ?1) ORDER BY id DESC LIMIT ?4)) "
        "ORDER BY id DESC LIMIT ?4";
    constexpr const char* kAny = "SELECT record FROM runs WHERE ?1 = '' AND (?2 = '' OR state = ?2) AND "
                                 "(?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4";
    auto* statement = TRY(use(filter.principal.empty() ? kAny : kOwn));
    return records(statement->with(filter.principal, filter.state, filter.before, filter.limit));
}

Result<std::vector<api::Run>> RunRows::live() {
    return records(TRY(use("SELECT record FROM runs WHERE live = 1"))->with());
}

Result<std::vector<std::string>> RunRows::children(const std::string& id, std::size_t limit) {
    return ids(
        TRY(use("SELECT id FROM runs WHERE principal = ?1 ORDER BY id DESC LIMIT ?2"))->with("run:" + id, limit));
}

Status RunRows::remove(const std::string& id) {
    return TRY(use("DELETE FROM runs WHERE id = ?1"))->with(id).run();
}

Result<std::uint64_t> RunRows::count() {
    auto row = TRY(use("SELECT count(*) FROM runs"))->with();
    return TRY(row.next()) ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

Result<std::vector<std::string>> RunRows::ended_before(std::int64_t us) {
    return ids(TRY(use("SELECT id FROM runs WHERE ended < ?1 ORDER BY ended LIMIT 1000"))->with(us));
}

Result<std::uint64_t> RunRows::kept_by(const std::string& principal) {
    auto row = TRY(use("SELECT coalesce(sum(kept_bytes), 0) FROM runs WHERE principal = ?1"))->with(principal);
    return TRY(row.next()) ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

Result<std::vector<std::string>> RunRows::over_quota(const std::string& principal, std::uint64_t most) {
    return ids(
        TRY(use("SELECT id FROM (SELECT id, sum(kept_bytes) OVER (ORDER BY id DESC) AS total, kept_bytes FROM runs "
                "WHERE principal = ?1 AND kept_bytes > 0) WHERE total > ?2"))
            ->with(principal, most));
}

Status RunRows::forget_output(const std::string& id) {
    return TRY(use("UPDATE runs SET kept_bytes = 0 WHERE id = ?1"))->with(id).run();
}

Result<std::optional<RunRows::Keyed>> RunRows::find_key(const std::string& principal, const std::string& key,
                                                        std::int64_t made_after_us) {
    CHECK(TRY(use("DELETE FROM run_keys WHERE made < ?1"))->with(made_after_us).run());
    auto row = TRY(use("SELECT run, request FROM run_keys WHERE principal = ?1 AND key = ?2"))->with(principal, key);
    if (!TRY(row.next())) return std::nullopt;
    return Keyed{row.text(0), row.text(1)};
}

Status RunRows::keep_key(const std::string& principal, const std::string& key, const Keyed& keyed,
                         std::int64_t made_us) {
    return TRY(use("INSERT OR REPLACE INTO run_keys (principal, key, request, run, made) VALUES (?1, ?2, ?3, ?4, ?5)"))
        ->with(principal, key, keyed.request, keyed.run, made_us)
        .run();
}

} // namespace owhale::sandbox
