#include "approvals/rows.hpp"

#include "base/utf8.hpp"
#include "shared/codec.hpp"
#include "store/transaction.hpp"

namespace owhale::approvals {
namespace {

constexpr std::size_t kMostListed = 4096; // bytes of a command
constexpr const char* kCut = " \xe2\x80\xa6 (shown whole by itself)";

Result<api::Approval> decode(const std::string& text) {
    auto read = codec::decode<api::Approval>(text);
    if (!read) return fail(Code::state_unavailable, "a request's row cannot be read: " + read.error().message);
    return read;
}

// Of a command of a megabyte a list shows the beginning: hundreds of them are read and sent at once. In whole characters.
void shorten(std::vector<std::string>& words) {
    std::size_t left = kMostListed;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].size() < left) {
            left -= words[i].size() + 1;
            continue;
        }
        const bool last = i + 1 == words.size() && words[i].size() <= left;
        if (last) return;
        words[i].resize(size_to_cut(words[i], left));
        words[i] += kCut;
        words.resize(i + 1);
        return;
    }
}

api::Approval as_listed(const api::Approval& approval) {
    auto copy = approval;
    shorten(copy.command);
    copy.frozen.reset();
    copy.offer.reset();
    copy.environment.clear();
    copy.may_decide.reset();
    copy.why_not.reset();
    return copy;
}

// What a list leaves out, in the same message.
api::Approval as_detail(const api::Approval& approval) {
    api::Approval rest;
    rest.id = approval.id;
    rest.command = approval.command;
    rest.frozen = approval.frozen;
    rest.offer = approval.offer;
    rest.environment = approval.environment;
    return rest;
}

} // namespace

Status Rows::put_plea(const PleaRow& plea) {
    return TRY(statements_.use("INSERT INTO pleas (run, approval, waits, request) VALUES (?1, ?2, ?3, ?4)"))
        ->with(plea.run, plea.approval, plea.waits, plea.request)
        .run();
}

Status Rows::insert(const api::Approval& approval, const std::string& payer, std::int64_t expires,
                    const PleaRow& plea) {
    auto transaction = TRY(statements_.database().begin());
    CHECK(TRY(statements_.use("INSERT INTO approvals (id, principal, payer, state, digest, expires, throttled, "
                              "approval, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"))
              ->with(approval.id, approval.principal, payer, approval.state, approval.digest, expires,
                     approval.throttled, codec::to_text(as_listed(approval)), codec::to_text(as_detail(approval)))
              .run());
    CHECK(put_plea(plea));
    return transaction.commit();
}

Status Rows::join(const api::Approval& approval, const PleaRow& plea) {
    auto transaction = TRY(statements_.database().begin());
    CHECK(TRY(statements_.use("UPDATE approvals SET approval = ?2 WHERE id = ?1 AND state = 'pending'"))
              ->with(approval.id, codec::to_text(as_listed(approval)))
              .run());
    if (statements_.database().changes() != 1) return fail(Code::conflict, "the request has been answered meanwhile");
    CHECK(put_plea(plea));
    return transaction.commit();
}

Status Rows::change(const Change& change) {
    const auto& approval = change.approval;
    auto transaction = TRY(statements_.database().begin());
    CHECK(TRY(statements_.use("UPDATE approvals SET state = ?3, approval = ?4, expires = coalesce(?5, expires), "
                              "ended = ?6, throttled = ?7 WHERE id = ?1 AND state = ?2"))
              ->with(approval.id, name(change.from), approval.state, codec::to_text(as_listed(approval)),
                     change.expires, change.ended, approval.throttled)
              .run());
    if (statements_.database().changes() != 1) return fail(Code::conflict, "the request has changed meanwhile");
    if (change.decision != nullptr)
        CHECK(TRY(statements_.use("INSERT INTO decisions (approval, by, decision, counts, at, record) VALUES "
                                  "(?1, ?2, ?3, ?4, ?5, ?6)"))
                  ->with(approval.id, change.decision->by, change.decision->decision, change.decision->counts,
                         change.at, codec::to_text(*change.decision))
                  .run());
    for (const auto& run : change.gone) CHECK(forget_plea(run));
    return transaction.commit();
}

Status Rows::set_waits(const std::string& run, bool waits) {
    return TRY(statements_.use("UPDATE pleas SET waits = ?2 WHERE run = ?1"))->with(run, waits).run();
}

Status Rows::forget_plea(const std::string& run) {
    return TRY(statements_.use("DELETE FROM pleas WHERE run = ?1"))->with(run).run();
}

Result<std::optional<api::Approval>> Rows::find(const std::string& id) {
    auto row = TRY(statements_.use("SELECT approval FROM approvals WHERE id = ?1"))->with(id);
    if (!TRY(row.next())) return std::nullopt;
    return TRY(decode(row.text(0)));
}

Status Rows::add_detail(api::Approval& approval) {
    auto row = TRY(statements_.use("SELECT detail FROM approvals WHERE id = ?1"))->with(approval.id);
    if (!TRY(row.next())) return {};
    auto rest = TRY(decode(row.text(0)));
    if (!rest.command.empty()) approval.command = std::move(rest.command);
    approval.frozen = std::move(rest.frozen);
    approval.offer = std::move(rest.offer);
    approval.environment = std::move(rest.environment);
    return {};
}

Result<std::optional<PleaRow>> Rows::plea(const std::string& run) {
    auto row = TRY(statements_.use("SELECT approval, waits, request FROM pleas WHERE run = ?1"))->with(run);
    if (!TRY(row.next())) return std::nullopt;
    return PleaRow{run, row.text(0), row.integer(1) != 0, row.text(2)};
}

Result<std::vector<api::Approval>> Rows::list(const Filter& filter) {
    constexpr const char* kOwn = "SELECT approval FROM approvals WHERE principal = ?1 AND (?2 = '' OR state = ?2) AND "
                                 "(?3 = '' OR id < ?3) AND throttled <= ?4 ORDER BY id DESC LIMIT ?5";
    constexpr const char* kState = "SELECT approval FROM approvals WHERE ?1 = '' AND state = ?2 AND "
                                   "(?3 = '' OR id < ?3) AND throttled <= ?4 ORDER BY id DESC LIMIT ?5";
    constexpr const char* kAny = "SELECT approval FROM approvals WHERE ?1 = '' AND ?2 = '' AND "
                                 "(?3 = '' OR id < ?3) AND throttled <= ?4 ORDER BY id DESC LIMIT ?5";
    const auto* sql = !filter.principal.empty() ? kOwn : filter.state.empty() ? kAny : kState;
    auto row =
        TRY(statements_.use(sql))->with(filter.principal, filter.state, filter.before, filter.throttled, filter.limit);
    std::vector<api::Approval> out;
    while (TRY(row.next())) out.push_back(TRY(decode(row.text(0))));
    return out;
}

Result<std::uint64_t> Rows::pending(const std::string& principal) {
    auto row = TRY(statements_.use("SELECT count(*) FROM approvals WHERE state = 'pending' AND throttled = 0 AND "
                                   "(?1 = '' OR principal = ?1)"))
                   ->with(principal);
    return TRY(row.next()) ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

Result<std::vector<Rows::Live>> Rows::live() {
    std::vector<Live> out;
    auto row = TRY(statements_.use("SELECT approval, payer, expires FROM approvals WHERE ended IS NULL"))->with();
    while (TRY(row.next())) out.push_back({TRY(decode(row.text(0))), row.text(1), row.integer(2), {}, 0});
    for (auto& one : out) {
        auto plea =
            TRY(statements_.use("SELECT run, waits, length(CAST(request AS BLOB)) FROM pleas WHERE approval = ?1"))
                ->with(one.approval.id);
        while (TRY(plea.next())) {
            one.pleas.push_back({plea.text(0), one.approval.id, plea.integer(1) != 0, ""});
            one.bytes += static_cast<std::uint64_t>(plea.integer(2));
        }
    }
    return out;
}

Status Rows::remove_ended_before(std::int64_t us) {
    return TRY(statements_.use("DELETE FROM approvals WHERE ended < ?1"))->with(us).run();
}

} // namespace owhale::approvals
