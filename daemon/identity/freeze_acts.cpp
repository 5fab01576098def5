#include "identity/freeze_acts.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "identity/names.hpp"

namespace owhale::identity {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kMostReason = 1024; // bytes
constexpr std::size_t kMostRows = 4096;

api::Freeze shown(const FreezeRow& row) {
    api::Freeze out;
    out.principal = row.principal;
    out.since = rfc3339(row.since);
    out.by = row.by;
    if (!row.reason.empty()) out.reason = row.reason;
    return out;
}

bool is_uid(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !text.empty() && text.size() <= 10 && std::ranges::all_of(text, digit) &&
           (text.size() == 1 || text.front() != '0');
}

Status check_principal(const std::string& principal) {
    constexpr std::string_view kUnix = "unix:", kUser = "user:";
    if (principal == kEverybody) return {};
    if (principal.starts_with(kUnix) && is_uid(std::string_view(principal).substr(kUnix.size()))) return {};
    if (principal.starts_with(kUser) && check_name(principal.substr(kUser.size()))) return {};
    return fail(Code::invalid_value, "the principal is none of unix:UID, user:NAME and *",
                "as in unix:1000; a run is frozen with whoever made it, and ended alone by `owhalectl runs kill`");
}

// As a person, one answers for the uid on whose Unix connection one is.
bool is_own(const Principal& who, const std::string& principal) {
    if (principal == who.person()) return true;
    return who.kind == Kind::user && !who.for_agent && who.uid != static_cast<uid_t>(-1) &&
           principal == "unix:" + std::to_string(who.uid);
}

std::string of(const std::string& principal) {
    return principal == kEverybody ? "everybody" : principal;
}

Status may_freeze(const Principal& who, const std::string& principal) {
    if (who.may(Permission::freeze, is_own(who, principal))) return {};
    return fail(Code::forbidden, who.name + " may not freeze " + of(principal) + ", only " + who.name,
                "`owhalectl freeze --principal " + who.name + "`; or, as an admin or approver, owhalectl login first");
}

Status may_thaw(const Principal& who, const FreezeRow& row) {
    if (who.may(Permission::freeze, false)) return {};
    if (who.kind == Kind::user && !who.for_agent && is_own(who, row.principal) && is_own(who, row.by)) return {};
    return fail(Code::forbidden, of(row.principal) + " was frozen by " + row.by + ": " + who.name + " cannot undo that",
                "an admin or approver may: owhalectl login");
}

boost::json::object data_of(const FreezeRow& row) {
    boost::json::object data{{"frozen", row.principal}};
    if (!row.reason.empty()) data["reason"] = row.reason;
    return data;
}

} // namespace

api::FreezeList FreezeActs::list(const Principal& who) const {
    const bool all = who.may(Permission::freeze, false);
    api::FreezeList out;
    for (const auto& row : core_.freezes.all())
        if (all || row.principal == kEverybody || is_own(who, row.principal)) out.freezes.push_back(shown(row));
    return out;
}

awaitable<Result<FreezeActs::Pressed>> FreezeActs::set(Asker asker, api::FreezeRequest request) {
    const auto principal = request.principal.value_or(std::string(kEverybody));
    CO_CHECK(check_principal(principal));
    if (request.reason && request.reason->size() > kMostReason)
        co_return fail(Code::invalid_value, "the reason is longer than 1 KiB");
    CO_CHECK(core_.still(asker, Permission::freeze));
    CO_CHECK(may_freeze(asker.who, principal));
    if (const auto before = core_.freezes.find(principal)) co_return Pressed{shown(*before), {}};
    if (core_.freezes.all().size() >= kMostRows)
        co_return fail(Code::conflict, "the table of who is frozen is full", "freeze everybody, or thaw some");
    const FreezeRow row{principal, wall_clock_us(), asker.who.name, request.reason.value_or("")};
    constexpr audit::EventName event("freeze.set");
    const auto noted = co_await core_.journal.note(event, asker, data_of(row));
    const auto stored =
        core_.freezes.set(row); // whatever the log says: nobody waits for a disk with the button pressed
    const auto kept = !noted ? noted : stored;
    if (!kept)
        log::error("a freeze holds, but only until owhaled ends",
                   {{"frozen", principal}, {"why", to_line(kept.error())}});
    co_return Pressed{shown(row), kept};
}

awaitable<Status> FreezeActs::thaw(Asker asker, std::string principal) {
    CO_CHECK(check_principal(principal));
    const auto turn = co_await core_.turn_of(asker, Permission::freeze);
    if (!turn) co_return std::unexpected(turn.error());
    const auto row = core_.freezes.find(principal);
    if (!row) co_return fail(Code::not_found, of(principal) + " is not frozen", "`owhalectl freeze ls` lists who is");
    CO_CHECK(may_thaw(asker.who, *row));
    constexpr audit::EventName event("freeze.thaw");
    CO_CHECK(co_await core_.journal.note(event, asker, data_of(*row)));
    CO_CHECK(core_.still(asker, Permission::freeze)); // while it was written down
    co_return core_.freezes.thaw(principal);
}

} // namespace owhale::identity
