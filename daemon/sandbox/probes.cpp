#include "sandbox/probes.hpp"

namespace owhale::sandbox {
namespace {

using enum wire::ProbeBase;
using wire::kProbeMount;
using wire::kProbeRead;

void add_git_outside(std::vector<ProbeRow>& rows) {
    rows.push_back({Purpose::git_outside, kBaseGit, kProbeMount, ""});
    rows.push_back({Purpose::git_outside, kBaseGit, kProbeRead, "gitdir"}); // a worktree's link back
    rows.push_back({Purpose::git_outside, kBaseGit, kProbeRead, "config"}); // a submodule's core.worktree
    rows.push_back({Purpose::git_common, kBaseGitCommon, kProbeMount, ""});
}

} // namespace

wire::List Probes::strings() const {
    wire::List out;
    out.reserve(3 * rows.size());
    for (const auto& row : rows) {
        out.push_back(std::to_string(row.base));
        out.push_back(std::to_string(row.flags));
        out.push_back(row.path);
    }
    return out;
}

wire::PathFact Probes::fact(const Resolution& resolution, std::size_t index) {
    return index < resolution.probes.size() ? resolution.probes[index] : wire::PathFact{};
}

std::optional<std::size_t> Probes::find(Purpose purpose, wire::ProbeBase base, std::string_view path) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].purpose == purpose && rows[i].base == base && rows[i].path == path) return i;
    return std::nullopt;
}

Probes make_probes(const Profile& profile, const Tables& tables, std::string_view needs) {
    Probes probes;
    auto& rows = probes.rows;
    rows.push_back({Purpose::git_file, kBaseHome, kProbeRead, ".gitconfig"});
    rows.push_back({Purpose::git_file, kBaseHome, kProbeRead, ".config/git/config"});
    rows.push_back({Purpose::git_entry, kBaseWorkspace, 0, ".git"});
    rows.push_back({Purpose::needs, kBaseAbsolute, 0, "/bin/bash"});
    add_git_outside(rows);
    rows.push_back({Purpose::project_policy, kBaseWorkspace, kProbeRead, ".owhaled.toml"});
    for (const auto& path : tables.protected_files) rows.push_back({Purpose::protected_file, kBaseWorkspace, 0, path});
    for (const auto& path : tables.git_protected)
        for (const auto base : {kBaseGit, kBaseGitCommon}) rows.push_back({Purpose::protected_file, base, 0, path});
    if (profile.unix_sockets)
        for (const auto& path : tables.sockets) rows.push_back({Purpose::socket, kBaseWorkspace, 0, path});
    if (!needs.empty()) rows.push_back({Purpose::needs, kBaseAbsolute, 0, std::string(needs)});
    for (const auto& path : profile.state)
        if (rows.size() < wire::kMaxProbes) rows.push_back({Purpose::state, kBaseHome, kProbeMount, path});
    for (const auto& path : profile.toolchains) {
        if (rows.size() >= wire::kMaxProbes) break; // the loader allows 96 of them
        rows.push_back({Purpose::toolchain, kBaseHome, kProbeMount, path});
    }
    return probes;
}

Fd take_read(const Probes&, Resolution& resolution, std::size_t probe) {
    for (auto& [index, fd] : resolution.reads)
        if (index == probe) return std::move(fd);
    return {};
}

Fd take_read(const Probes& probes, Resolution& resolution, wire::ProbeBase base, std::string_view path) {
    for (auto& [index, fd] : resolution.reads) {
        const auto& row = probes.rows[index];
        if (row.base == base && row.path == path) return std::move(fd);
    }
    return {};
}

} // namespace owhale::sandbox
