// From a checked request and resolved facts to the message that makes the spawner run it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/uuid.hpp"
#include "config/settings.hpp"
#include "sandbox/command.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/mount_list.hpp"
#include "sandbox/network.hpp"

namespace owhale::sandbox {

// The request's limits over the profile's over the settings'. limit_over_ceiling names what is too high.
Result<RunLimits> choose_limits(const api::RunRequest& request, const Profile& profile, bool is_code,
                                const config::Settings& settings, const wire::Ready& ready);

struct PlanFacts {
    const api::RunRequest& request;
    const Command& command;
    const Profile& profile;
    const Resolution& resolution;
    const Probes& probes;
    const MountList& mounts;
    RunLimits limits;
    std::string program; // inside the cage
    std::string home;    // inside the cage
    std::string box_key;
    Uuid id{};
    std::uint64_t number = 0; // of the run on the wire
    bool daemon = false;      // a listener of its own
    bool tracing = true;      // the mode lets a run's processes trace each other
    const CageNet& cage_net;
    const std::map<std::string, std::string>& secret_env;
    const std::optional<api::NetScope>& scope;
};

struct Plan {
    wire::Run message{};
    wire::Blob blob;
    std::vector<std::string> environment;
};

// A file whose content was agreed to. Those that nobody but root can change (wire::PathFact::fixed) need not be named.
struct ApprovedFile {
    std::string path;     // inside the cage, absolute, without links
    std::string digest;   // SHA-256, 64 lower hex digits
    bool program = false; // this is what is executed: by this path, whatever link led to it; argv stays
};
// The spawner runs it only if the files are these, and from copies that nobody can change. invalid_value: too many.
Status hold_to_approved(Plan& plan, std::vector<ApprovedFile> files);

// The filter that is loaded for a profile: where the mode permits no tracing, the same without it.
std::string filter_for(const Profile& profile, bool tracing);

Result<Plan> make_plan(const PlanFacts& facts);

struct ExecFacts { // of a command that enters a live run's cage
    const Command& command;
    const std::vector<std::string>& environment; // the cage's
    const std::optional<std::map<std::string, std::string>>& added;
    std::string filter, cwd, program;
    std::uint64_t resolution = 0, join = 0, number = 0;
    Uuid id{};
    std::uint64_t wall_ms = 0;
    const api::RunRequest& request;
};
Plan make_exec_plan(const ExecFacts& facts);

// Runs of one principal, by tokens of one confinement, in one workspace with one profile share a box.
struct BoxFacts {
    std::string_view principal, fence; // fence: the folder that the token is held to, "" none
    std::uint32_t uid;
    std::string_view workspace, profile;
};
// Hex SHA-256 of "principal\0fence\0uid\0workspace\0profile".
std::string box_key(const BoxFacts& facts);
// HOME inside the cage: the real path where it can stand, else /tmp.
std::string cage_home(std::string_view home, const Tables& tables);

} // namespace owhale::sandbox
