// What a resolve asks about beyond cwd, workspace and program, and what the answers mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/profile.hpp"
#include "sandbox/spawner_channel.hpp"

namespace owhale::sandbox {

enum class Purpose {
    toolchain,
    protected_file,
    git_file,
    git_outside,
    git_common,
    needs,
    git_entry,
    socket,
    project_policy,
    state,
    code
};

struct ProbeRow {
    Purpose purpose;
    wire::ProbeBase base;
    std::uint32_t flags;
    std::string path; // as the wire has it
};

struct Probes {
    std::vector<ProbeRow> rows;
    // The wire's second list.
    wire::List strings() const;
    // The fact of a probe; mode 0 when it was not answered.
    static wire::PathFact fact(const Resolution& resolution, std::size_t index);
    std::optional<std::size_t> find(Purpose purpose, wire::ProbeBase base, std::string_view path) const;
};

// `needs`: a second program that must be there, absolute, "" none.
Probes make_probes(const Profile& profile, const Tables& tables, std::string_view needs);
// Takes the descriptor of a kProbeRead probe; empty when there is none.
Fd take_read(const Probes& probes, Resolution& resolution, wire::ProbeBase base, std::string_view path);
Fd take_read(const Probes& probes, Resolution& resolution, std::size_t probe);

} // namespace owhale::sandbox
