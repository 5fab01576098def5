#include "sandbox/workspace_register.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::ptrdiff_t kMostOfOne = 256;

void tell(audit::Event& event, const api::Workspace& entry) {
    event.outcome = "ok";
    event.data["workspace"] = entry.id;
    event.data["path"] = entry.path;
    event.data["uid"] = entry.uid;
}

} // namespace

Error unknown_workspace() {
    return {Code::not_found, "there is no such workspace", "`owhalectl workspaces ls` lists them"};
}

Status WorkspaceRegister::load() {
    auto row = TRY(statements_.use("SELECT id, path, uid, by, created FROM workspaces ORDER BY id"))->with();
    while (TRY(row.next())) {
        api::Workspace entry{row.text(0), row.text(1), static_cast<std::uint32_t>(row.integer(2)), row.text(3),
                             rfc3339(row.integer(4))};
        entries_[entry.id] = std::move(entry);
    }
    return {};
}

std::vector<std::string> WorkspaceRegister::of(std::uint32_t uid) const {
    std::vector<std::string> out;
    for (const auto& [id, entry] : entries_)
        if (entry.uid == uid) out.push_back(entry.path);
    return out;
}

std::vector<api::Workspace> WorkspaceRegister::entries() const {
    std::vector<api::Workspace> out;
    for (const auto& [id, entry] : entries_) out.push_back(entry);
    return out;
}

std::optional<api::Workspace> WorkspaceRegister::entry(const std::string& id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

const api::Workspace* WorkspaceRegister::find(std::uint32_t uid, const std::string& path) const {
    for (const auto& [id, entry] : entries_)
        if (entry.uid == uid && entry.path == path) return &entry;
    return nullptr;
}

Status WorkspaceRegister::store(const api::Workspace& entry, std::int64_t created) {
    return TRY(statements_.use("INSERT INTO workspaces (id, uid, path, by, created) VALUES (?1, ?2, ?3, ?4, ?5)"))
        ->with(entry.id, static_cast<std::int64_t>(entry.uid), entry.path, entry.by, created)
        .run();
}

awaitable<Result<api::Workspace>> WorkspaceRegister::add(std::string path, std::uint32_t uid, audit::Event event) {
    if (const auto* known = find(uid, path)) co_return *known;
    const auto theirs = [&](const auto& each) { return each.second.uid == uid; };
    if (std::ranges::count_if(entries_, theirs) >= kMostOfOne)
        co_return fail(Code::invalid_value, "uid " + std::to_string(uid) + " has 256 workspaces already",
                       "`owhalectl workspaces rm` removes some; one above them all does, too");
    const auto now = wall_clock_us();
    api::Workspace entry{to_string(make_uuid()), std::move(path), uid, event.principal, rfc3339(now)};
    tell(event, entry);
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    if (const auto* known = find(uid, entry.path)) co_return *known; // somebody did meanwhile
    CO_CHECK(store(entry, now));
    entries_[entry.id] = entry;
    co_return entry;
}

awaitable<Status> WorkspaceRegister::remove(std::string id, audit::Event event) {
    const auto known = entry(id);
    if (!known) co_return std::unexpected(unknown_workspace());
    tell(event, *known);
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    auto statement = statements_.use("DELETE FROM workspaces WHERE id = ?1");
    if (!statement) co_return std::unexpected(statement.error());
    CO_CHECK((*statement)->with(id).run());
    entries_.erase(id);
    co_return Status{};
}

} // namespace owhale::sandbox
