// What holds a caller's runs beside its request: the words of a token, an account's own folder, the run that asks.
#pragma once

#include <string>
#include <vector>

#include "sandbox/limits.hpp"
#include "sandbox/mount_list.hpp"
#include "sandbox/runs.hpp"
#include "sandbox/workspace.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

struct Parent { // a run that asks for a run
    std::string id, profile, cwd;
    std::string workspace; // "" none
    bool writable = false, net_host = false;
    RunLimits limits;
    std::uint64_t left_ms = 0;                                // until it ends by its own timeout; 0: no timeout
    std::string fence;                                        // of the token that it was made with, "" none
    std::vector<std::shared_ptr<const ProjectFile>> projects; // whose rules hold for it
    std::optional<api::NetScope> scope;                       // of a scoped network
};

// The folder that a TCP client's account works in; "" for everybody else, and rootless.
std::string account_folder(const Caller& caller, const wire::Ready& ready);

// unsupported: a rootless owhaled has no uid to tell an account's runs from its own user's.
Status check_account(const Caller& caller, const wire::Ready& ready);

// The folder at or below which cwd and workspace have to lie.
struct Fence {
    std::string folder;
    std::string whose; // "this token's runs", "this account's runs", "runs of run 0192…"
};
std::vector<Fence> fences(const Caller& caller, const wire::Ready& ready);

// Before anything is looked up: what the request does not say becomes the bound's, what it says beyond is forbidden
// (net_host_denied for the network).
Status apply_bounds(api::RunRequest& request, const Caller& caller, const wire::Ready& ready);
// A parent's limits: what was not asked for gives way, what was is limit_over_ceiling.
Status hold_limits(RunLimits& limits, const api::RunRequest& request, const Parent& parent);
// A token's folder has to be reached without links: its own runs can make one, and a fence that follows it moves. Tokens
// narrow by name (identity/bounds.hpp), so that this holds the fences of all its makers too.
Status check_fence(const std::string& folder, const std::string& real);
// Of resolved paths. Nothing of the host's that is shown lies outside; forbidden names the fence.
Status check_places(const std::string& cwd, const Decision& decision, const std::vector<Fence>& fences);
// Whether a git folder beside the workspace may be written: not outside of the token's folder, the asking run's included.
bool may_write_git(const Caller& caller, const GitOutside& git);
// Of a run that is to be controlled or entered by a token with these bounds ("" none): it lies within them.
Status check_entry(const std::string& profile, const std::string& cwd, const api::Run& target);

} // namespace owhale::sandbox
