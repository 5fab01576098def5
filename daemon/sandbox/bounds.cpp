#include "sandbox/bounds.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "sandbox/paths.hpp"
#include "sandbox/request_network.hpp"

namespace owhale::sandbox {
namespace {

// What a run may ask for without its parent's profile: to look, not to change.
constexpr std::string_view kNarrowProfile = "readonly";

std::string plain(const std::string& path) {
    auto text = std::filesystem::path(path).lexically_normal().string();
    if (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

std::unexpected<Error> outside(const Fence& fence, const std::string& path) {
    return fail(Code::forbidden, path + " lies outside " + fence.folder + ", where " + fence.whose + " work",
                "work in " + fence.folder + " or below it");
}

Status hold_profile(api::RunRequest& request, const std::string& bound) {
    if (!request.profile) request.profile = bound;
    if (*request.profile == bound) return {};
    return fail(Code::forbidden, "this token's runs use the profile " + bound + " alone", "leave the profile out");
}

// By name, before any lookup: a run learns nothing about folders that it does not see.
Status hold_place(const std::optional<std::string>& path, const Parent& parent) {
    if (!path) return {};
    const auto given = plain(*path);
    if (!parent.workspace.empty() && is_within(given, parent.workspace)) return {};
    if (parent.workspace.empty())
        return fail(Code::forbidden, "run " + parent.id + " has no workspace to share",
                    "leave cwd and workspace out: the run gets a private folder");
    return outside({parent.workspace, "runs of run " + parent.id}, given);
}

Status hold_to_parent(api::RunRequest& request, const Parent& parent) {
    if (request.run_as) return fail(Code::forbidden, "a run's runs have its uid", "leave run_as out");
    if (!request.profile) request.profile = parent.profile;
    if (*request.profile != parent.profile && *request.profile != kNarrowProfile)
        return fail(Code::forbidden, "a run's runs use its own profile, " + parent.profile + ", or readonly",
                    "leave the profile out");
    if (request.net.value_or("none") == "host" && !parent.net_host)
        return fail(Code::net_host_denied, "run " + parent.id + " has not the host's network itself", "use net none");
    const bool quiet = !request.net && !wants_scope(request);
    if (quiet && !parent.net_host && !parent.scope) request.net = "none"; // whatever the setting says
    CHECK(hold_place(request.cwd, parent));
    CHECK(hold_place(request.workspace, parent));
    request.home.reset();
    if (parent.workspace.empty() || request.cwd || request.workspace) return {};
    request.cwd = is_within(parent.cwd, parent.workspace) ? parent.cwd : parent.workspace;
    return {};
}

struct LimitRow {
    std::string_view name;
    std::uint64_t RunLimits::* limit;
    bool (*asked)(const api::RunRequest&);
};

template <auto Member> bool asked_limit(const api::RunRequest& request) {
    return request.limits && (*request.limits.*Member).has_value();
}

constexpr std::array kLimits = {
    LimitRow{"memory", &RunLimits::memory, asked_limit<&api::Limits::memory>},
    LimitRow{"pids", &RunLimits::pids, asked_limit<&api::Limits::pids>},
    LimitRow{"cpus", &RunLimits::cpu_milli, asked_limit<&api::Limits::cpus>},
    LimitRow{"io", &RunLimits::io, asked_limit<&api::Limits::io>},
    LimitRow{"file_size", &RunLimits::file_size, asked_limit<&api::Limits::file_size>},
    LimitRow{"open_files", &RunLimits::open_files, asked_limit<&api::Limits::open_files>},
    LimitRow{"output", &RunLimits::output, asked_limit<&api::Limits::output>},
};

} // namespace

std::string account_folder(const Caller& caller, const wire::Ready& ready) {
    const std::string all(ready.accounts_dir, ::strnlen(ready.accounts_dir, sizeof ready.accounts_dir));
    if (caller.account == 0 || ready.account_uids == 0 || all.empty()) return {};
    return join(all, std::to_string(ready.account_uids + caller.account));
}

Status check_account(const Caller& caller, const wire::Ready& ready) {
    if (caller.account == 0 || ready.account_uids != 0) return {};
    return fail(Code::unsupported,
                "a rootless owhaled runs nothing for TCP accounts: their commands would run with its own user's rights",
                "use its Unix socket, or run owhaled as root");
}

std::vector<Fence> fences(const Caller& caller, const wire::Ready& ready) {
    std::vector<Fence> all;
    if (auto folder = account_folder(caller, ready); !folder.empty())
        all.push_back({std::move(folder), "this account's runs"});
    if (!caller.cwd.empty()) all.push_back({caller.cwd, "this token's runs"});
    if (caller.asker && !caller.asker->workspace.empty())
        all.push_back({caller.asker->workspace, "runs of run " + caller.asker->id});
    return all;
}

Status apply_bounds(api::RunRequest& request, const Caller& caller, const wire::Ready& ready) {
    if (caller.asker) return hold_to_parent(request, *caller.asker);
    if (!caller.profile.empty()) CHECK(hold_profile(request, caller.profile));
    if (request.cwd || request.workspace) return {};
    auto folder = caller.cwd.empty() ? account_folder(caller, ready) : caller.cwd;
    if (!folder.empty()) request.cwd = std::move(folder);
    return {};
}

Status hold_limits(RunLimits& limits, const api::RunRequest& request, const Parent& parent) {
    for (const auto& row : kLimits) {
        const auto most = parent.limits.*row.limit;
        auto& value = limits.*row.limit;
        if (most == 0 || (value != 0 && value <= most)) continue;
        if (row.asked(request))
            return fail(Code::limit_over_ceiling,
                        "limits." + std::string(row.name) + " is over the " + std::to_string(most) + " of run " +
                            parent.id,
                        "ask for less, or leave it out");
        value = most;
    }
    if (parent.left_ms == 0 || (limits.wall_ms != 0 && limits.wall_ms <= parent.left_ms)) return {};
    if (request.timeout_ms)
        return fail(Code::limit_over_ceiling,
                    "timeout_ms is over the " + std::to_string(parent.left_ms) + " that run " + parent.id + " has left",
                    "ask for less, or leave it out: it ends with that run");
    limits.wall_ms = parent.left_ms;
    return {};
}

Status check_fence(const std::string& folder, const std::string& real) {
    if (folder == real) return {};
    return fail(Code::forbidden, "this token is bound to " + folder + ", and a link stands in that path",
                "make a token for the folder itself: `realpath` says its path");
}

Status check_places(const std::string& cwd, const Decision& decision, const std::vector<Fence>& fences) {
    for (const auto& fence : fences)
        for (const auto* path : {&cwd, &decision.path})
            if (!path->empty() && !is_within(*path, fence.folder)) return outside(fence, *path);
    return {};
}

bool may_write_git(const Caller& caller, const GitOutside& git) {
    const auto& fence = caller.asker ? caller.asker->fence : caller.cwd;
    if (fence.empty()) return true;
    return is_within(git.git, fence) && (git.common.empty() || is_within(git.common, fence));
}

Status check_entry(const std::string& profile, const std::string& cwd, const api::Run& target) {
    if (!profile.empty() && target.profile != profile)
        return fail(Code::forbidden,
                    "this token's runs use the profile " + profile + " alone; that run has " + target.profile,
                    "start one of your own");
    if (cwd.empty()) return {};
    for (const auto* path : {&target.cwd, &target.workspace})
        if (!path->empty() && !is_within(*path, cwd)) return outside({cwd, "this token's runs"}, *path);
    return {};
}

} // namespace owhale::sandbox
