#include "identity/freezes.hpp"

#include "base/clock.hpp"
#include "base/whole_seconds.hpp"

namespace owhale::identity {

Result<Freezes> Freezes::open(store::Database& database) {
    Freezes freezes(database);
    CHECK(freezes.load());
    return freezes;
}

Status Freezes::load() {
    auto row = TRY(statements_.use("SELECT principal, since, by, reason FROM freezes"))->with();
    while (TRY(row.next())) rows_[row.text(0)] = {row.text(0), row.integer(1), row.text(2), row.text(3)};
    return {};
}

Status Freezes::set(const FreezeRow& row) {
    rows_.insert_or_assign(row.principal, row);
    return TRY(statements_.use("INSERT OR REPLACE INTO freezes (principal, since, by, reason) VALUES (?1, ?2, ?3, ?4)"))
        ->with(row.principal, row.since, row.by, row.reason)
        .run();
}

Status Freezes::thaw(const std::string& principal) {
    CHECK(TRY(statements_.use("DELETE FROM freezes WHERE principal = ?1"))->with(principal).run());
    rows_.erase(principal);
    return {};
}

std::optional<FreezeRow> Freezes::find(const std::string& principal) const {
    const auto at = rows_.find(principal);
    return at == rows_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<FreezeRow> Freezes::all() const {
    std::vector<FreezeRow> out;
    for (const auto& [principal, row] : rows_) out.push_back(row);
    return out;
}

std::optional<FreezeRow> Freezes::holding(const std::string& principal) const {
    auto own = find(principal);
    return own ? own : find(std::string(kEverybody));
}

Status Freezes::admits(const std::string& principal) const {
    const auto row = holding(principal);
    if (!row) return {};
    const bool all = row->principal == kEverybody;
    return fail(Code::frozen,
                (all ? "everybody is" : row->principal + " is") + " frozen since " +
                    whole_seconds(rfc3339(row->since)) + " by " + row->by +
                    (row->reason.empty() ? "" : ": " + row->reason),
                "a person lets it go on: owhalectl thaw" + (all ? "" : " --principal " + row->principal));
}

} // namespace owhale::identity
