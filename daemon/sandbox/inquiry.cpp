#include "sandbox/inquiry.hpp"

#include "sandbox/environment.hpp"
#include "sandbox/paths.hpp"
#include "sandbox/run.hpp"

namespace owhale::sandbox {
namespace {

std::map<std::string, std::string> as_map(const std::vector<std::string>& environment) {
    std::map<std::string, std::string> out;
    for (const auto& entry : environment) {
        const auto equals = entry.find('=');
        if (equals != std::string::npos) out[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
    return out;
}

void note_real(policy::Facts& facts, const std::string& asked, const std::string& real) {
    if (!asked.empty() && !real.empty() && asked != real) facts.real[asked] = real;
}

// The environment's own variables that follow from the profile and the place, as the plan makes them.
std::map<std::string, std::string> environment_of(const Prepared& prepared) {
    const auto& looked = prepared.looked;
    const Setting setting{looked.home,       looked.held.resolution.user,          "/bin/sh",
                          looked.mounts.cwd, prepared.request.tty.value_or(false), false};
    return as_map(make_environment(*prepared.profile, setting, search_path(prepared.request, looked.mounts.view),
                                   prepared.request.env.value_or(std::map<std::string, std::string>{})));
}

} // namespace

policy::Request inquiry_of(const api::RunRequest& request) {
    policy::Request out;
    if (request.argv) out.argv = *request.argv;
    out.script = request.script;
    out.language = request.language.value_or("");
    out.code = request.code;
    if (request.args) out.args = *request.args;
    out.net = request.net.value_or("none");
    return out;
}

policy::Facts inquiry_facts(const Prepared& prepared) {
    const auto& looked = prepared.looked;
    const auto& resolution = looked.held.resolution;
    policy::Facts facts;
    facts.cwd = resolution.cwd.empty() ? looked.mounts.cwd : resolution.cwd; // behind links, as the workspace is
    facts.workspace = looked.decision.path;
    facts.home = resolution.facts.home.mode != 0 ? resolution.home : looked.home;
    facts.env = environment_of(prepared);
    note_real(facts, prepared.request.cwd.value_or(""), resolution.cwd);
    note_real(facts, prepared.request.workspace.value_or(""), resolution.workspace);
    note_real(facts, resolution.program, resolution.program_real);
    return facts;
}

policy::Facts inquiry_facts(const Prepared& prepared, const Run& target,
                            const std::map<std::string, std::string>& added) {
    policy::Facts facts;
    facts.cwd = prepared.looked.mounts.cwd;
    facts.workspace = target.record.workspace;
    facts.env = as_map(target.cage.environment);
    for (const auto& [name, value] : added) facts.env[name] = value;
    if (const auto home = facts.env.find("HOME"); home != facts.env.end()) facts.home = home->second;
    const auto& resolution = prepared.looked.held.resolution;
    note_real(facts, resolution.program, resolution.program_real);
    return facts;
}

} // namespace owhale::sandbox
