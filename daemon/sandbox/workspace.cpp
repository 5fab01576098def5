#include "sandbox/workspace.hpp"

#include <algorithm>
#include <array>

#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

// System folders of which a folder below may be somebody's workspace, though they themselves never are.
constexpr std::array<std::string_view, 8> kNeverThemselves = {"/home", "/media", "/mnt", "/opt",
                                                              "/srv",  "/tmp",   "/var", "/var/tmp"};
constexpr std::array<std::string_view, 2> kPrivate = {"/tmp", "/var/tmp"}; // the box stands there

bool is_home_dot_folder(std::string_view path, std::string_view home) {
    return is_within(path, home) && path != home && below(path, home).starts_with('.');
}

bool holds_credentials(std::string_view path, const WorkspaceRules& rules) {
    for (const auto& entry : rules.tables.credentials)
        if (is_within(path, join(rules.home, entry))) return true;
    return false;
}

// What it says of itself is told before that owhaled lies in it: that is true of / and of a home, too.
std::string hidden_by_itself(std::string_view path, std::uint32_t uid, const WorkspaceRules& rules) {
    if (path == "/") return "it is the root folder";
    if (is_within_any(path, rules.own)) return "it belongs to owhaled itself";
    if (is_within_any(path, rules.tables.hidden) || is_within_any(path, rules.tables.system))
        return "it is a system folder";
    if (std::find(kPrivate.begin(), kPrivate.end(), path) != kPrivate.end()) return "every box has its own";
    if (rules.home.empty()) return {};
    if (path == rules.home) return "it is your home itself";
    if (is_within(rules.home, path)) return "your home lies in it";
    if (is_home_dot_folder(path, rules.home) && below(path, rules.home).find('/') == std::string_view::npos)
        return "it is a dot-folder of your home";
    if (holds_credentials(path, rules)) return "it holds credentials";
    if (uid != rules.owner_uid && parent(path) == parent(rules.home) && parent(path) != "/")
        return "it is somebody else's home";
    return {};
}

// Reasons for which nothing of the folder is shown at all; "" when there is none.
std::string hidden_because(std::string_view path, std::uint32_t uid, const WorkspaceRules& rules) {
    if (auto why = hidden_by_itself(path, uid, rules); !why.empty()) return why;
    for (const auto& own : rules.own)
        if (is_within(own, path)) return "owhaled's own files lie in it (" + own + ")";
    return {};
}

std::string readonly_because(std::string_view path, std::uint32_t uid, bool named, const WorkspaceRules& rules) {
    if (!rules.account_folder.empty() && is_within(path, rules.account_folder) && uid == rules.owner_uid) return {};
    if (std::find(kNeverThemselves.begin(), kNeverThemselves.end(), path) != kNeverThemselves.end() ||
        (is_within(path, "/var") && !is_within(path, "/var/tmp") && !is_within(path, "/var/www") &&
         !is_within(path, rules.home)))
        return "it is a system folder";
    if (uid != rules.owner_uid) return "it belongs to uid " + std::to_string(uid);
    if (is_within_any(path, rules.registered)) return {};
    if (!rules.home.empty() && is_home_dot_folder(path, rules.home) && !named)
        return "it lies in a dot-folder of your home; --workspace names it";
    if (!rules.own_folder_is_workspace)
        return "in strict mode only registered workspaces are writable: `owhalectl workspaces add` makes it one";
    return {};
}

} // namespace

Judgement judge(std::string_view path, std::uint32_t path_uid, bool named, const WorkspaceRules& rules) {
    if (auto why = hidden_because(path, path_uid, rules); !why.empty()) return {Access::hidden, std::move(why)};
    if (auto why = readonly_because(path, path_uid, named, rules); !why.empty())
        return {Access::readonly, std::move(why)};
    return {Access::writable, {}};
}

Decision decide_workspace(const Places& places, const WorkspaceRules& rules) {
    Decision decision;
    const auto workspace = judge(places.workspace, places.workspace_uid, places.workspace_named, rules);
    const auto cwd = judge(places.cwd, places.cwd_uid, false, rules);
    decision.reason = workspace.reason;
    if (workspace.access == Access::writable) {
        decision.path = places.workspace;
        decision.writable = true;
        // A cwd beside a named workspace is shown, never writable.
        decision.cwd = cwd.access == Access::writable ? Access::readonly : cwd.access;
        return decision;
    }
    if (places.workspace_named) {
        decision.refused = true;
        return decision;
    }
    if (places.workspace != places.cwd && cwd.access == Access::writable) {
        decision.retry_with_cwd = true;
        return decision;
    }
    if (workspace.access == Access::readonly) {
        decision.path = places.workspace;
        return decision;
    }
    if (cwd.access == Access::readonly) decision.path = places.cwd;
    if (!cwd.reason.empty()) decision.reason = cwd.reason;
    return decision;
}

} // namespace owhale::sandbox
