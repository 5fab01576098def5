#include "identity/access.hpp"

#include <algorithm>
#include <charconv>

#include "identity/principal.hpp"

namespace owhale::identity {
namespace {

constexpr std::uint32_t kNobody = static_cast<std::uint32_t>(-1);

std::optional<std::uint32_t> id_of(std::string_view text) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || id == kNobody) return std::nullopt;
    if (text.size() > 1 && text[0] == '0') return std::nullopt; // one text for each id
    return id;
}

bool fits(const AccessRow& row, Subject::Kind kind, uid_t uid, gid_t gid, const std::vector<std::uint32_t>& groups) {
    if (row.subject.kind != kind) return false;
    if (kind == Subject::Kind::uid) return row.subject.id == uid;
    if (kind == Subject::Kind::gid)
        return row.subject.id == gid || std::ranges::find(groups, row.subject.id) != groups.end();
    return true;
}

} // namespace

Result<Subject> parse_subject(std::string_view text) {
    if (text == "*") return Subject{};
    for (const auto& [prefix, kind] : {std::pair{std::string_view("uid:"), Subject::Kind::uid},
                                       std::pair{std::string_view("gid:"), Subject::Kind::gid}})
        if (text.starts_with(prefix))
            if (const auto id = id_of(text.substr(prefix.size()))) return Subject{kind, *id};
    return fail(Code::invalid_value, "the subject is none of uid:N, gid:N and *",
                "numbers only: `id -u NAME` and `getent group NAME` tell them");
}

std::string text_of(const Subject& subject) {
    if (subject.kind == Subject::Kind::anyone) return "*";
    return (subject.kind == Subject::Kind::uid ? "uid:" : "gid:") + std::to_string(subject.id);
}

Result<Access> Access::open(store::Database& database, std::vector<AccessRow> configured, Standing standing) {
    Access access(database);
    access.configured_ = std::move(configured);
    // Whoever can edit the database need not ask it.
    const auto own = standing.rootless ? kAgent | kAuditor : kAdmin;
    access.own_.push_back({{Subject::Kind::uid, standing.rootless ? standing.uid : 0}, own, "mode", {}, ""});
    if (!standing.strict) access.mode_.push_back({{}, kAgent, "mode", {}, ""});
    CHECK(access.load());
    return access;
}

Status Access::load() {
    auto row = TRY(statements_.use("SELECT subject, roles, added, by FROM access ORDER BY added, subject"))->with();
    while (TRY(row.next()))
        set_up_.push_back({TRY(parse_subject(row.text(0))), static_cast<std::uint32_t>(row.integer(1)), "setup",
                           row.integer(2), row.text(3)});
    return {};
}

const AccessRow* Access::find(uid_t uid, gid_t gid, const std::vector<std::uint32_t>& groups) const {
    for (const auto& row : own_)
        if (row.subject.id == uid) return &row;
    for (const auto kind : {Subject::Kind::uid, Subject::Kind::gid, Subject::Kind::anyone})
        for (const auto* rows : {&configured_, &set_up_, &mode_})
            for (const auto& row : *rows)
                if (fits(row, kind, uid, gid, groups)) return &row;
    return nullptr;
}

std::vector<AccessRow> Access::all() const {
    auto out = own_;
    for (const auto kind : {Subject::Kind::uid, Subject::Kind::gid, Subject::Kind::anyone})
        for (const auto* rows : {&configured_, &set_up_, &mode_})
            std::ranges::copy_if(*rows, std::back_inserter(out),
                                 [&](const auto& row) { return row.subject.kind == kind; });
    return out;
}

void Access::put(AccessRow row) {
    std::erase_if(set_up_, [&](const auto& other) { return other.subject == row.subject; });
    set_up_.push_back(std::move(row));
}

Status Access::grant(const Subject& subject, std::uint32_t roles, const std::string& by, std::int64_t now) {
    constexpr std::size_t kMost = 4096;
    if (set_up_.size() >= kMost) return fail(Code::conflict, "the table of access is full", "name a group instead");
    CHECK(TRY(statements_.use("INSERT OR REPLACE INTO access (subject, roles, added, by) VALUES (?1, ?2, ?3, ?4)"))
              ->with(text_of(subject), roles, now, by)
              .run());
    put({subject, roles, "setup", now, by});
    return {};
}

bool Access::is_own(const Subject& subject) const {
    return std::ranges::any_of(own_, [&](const auto& row) { return row.subject == subject; });
}

Status Access::has(const Subject& subject) const {
    if (std::ranges::any_of(set_up_, [&](const auto& row) { return row.subject == subject; })) return {};
    return fail(Code::not_found, "setup made no row for " + text_of(subject),
                "rows of owhaled.conf are changed there; `owhalectl setup --show` lists all");
}

Status Access::remove(const Subject& subject) {
    CHECK(TRY(statements_.use("DELETE FROM access WHERE subject = ?1"))->with(text_of(subject)).run());
    std::erase_if(set_up_, [&](const auto& row) { return row.subject == subject; });
    return {};
}

} // namespace owhale::identity
