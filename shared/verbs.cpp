#include "shared/verbs.hpp"

#include <array>

namespace owhale {
namespace {

constexpr std::array kVerbs = {
    Verb{"health", "GET", "/v1/health", "none", false, "Answers while owhaled serves.", "", "Health"},
    Verb{"openapi", "GET", "/openapi.json", "none", false, "This API, as OpenAPI 3.1.", "", ""},
    Verb{"status", "GET", "/v1/status", "system_read", false, "Version, mode, uptime, counts.", "", "ServerStatus"},
    Verb{"whoami", "GET", "/v1/whoami", "none", false, "Who the caller is, and what it may do.", "", "Whoami"},
    Verb{"doctor", "GET", "/v1/doctor", "system_read", false,
         "What the cage has of the kernel, and what is lost without it.", "", "Doctor"},
    Verb{"config.show", "GET", "/v1/config", "system_read", false, "The settings in force and where each came from.",
         "", "ConfigList"},
    Verb{"profiles.list", "GET", "/v1/profiles", "system_read", false, "The profiles by name.", "", "ProfileList"},
    Verb{"profiles.show", "GET", "/v1/profiles/{name}", "system_read", false, "One profile, as owhaled reads it.", "",
         "Profile"},
    Verb{"runs.create", "POST", "/v1/runs", "runs_create", false, "Runs a command, a script or code in a cage.",
         "RunRequest", "Run"},
    Verb{"runs.list", "GET", "/v1/runs", "runs_read", false, "The caller's runs, newest first.", "", "RunList"},
    Verb{"runs.show", "GET", "/v1/runs/{id}", "runs_read", true, "One run with its receipt.", "", "Run"},
    Verb{"runs.wait", "GET", "/v1/runs/{id}/wait", "runs_read", true,
         "Answers when the run has ended (Prefer: wait=N bounds it).", "", "Run"},
    Verb{"runs.output", "GET", "/v1/runs/{id}/output", "runs_read", true, "Kept output of one stream, from an offset.",
         "", ""},
    Verb{"runs.why", "GET", "/v1/runs/{id}/why", "runs_read", true,
         "A guess why the run failed, and what would change it.", "", "Why"},
    Verb{"runs.attach", "GET", "/v1/runs/{id}/attach", "runs_control", true,
         "WebSocket, v5.channel.k8s.io: live streams.", "", ""},
    Verb{"runs.exec", "POST", "/v1/runs/{id}/exec", "runs_control", true, "Runs a command in a running run's cage.",
         "ExecRequest", "Run"},
    Verb{"runs.signal", "POST", "/v1/runs/{id}/signal", "runs_control", true, "Sends a signal.", "SignalRequest",
         "Run"},
    Verb{"runs.kill", "POST", "/v1/runs/{id}/kill", "runs_control", true, "Ends the run: SIGTERM, then SIGKILL.",
         "KillRequest", "Run"},
    Verb{"runs.remove", "DELETE", "/v1/runs/{id}", "runs_control", true,
         "Removes an ended run's record and kept output.", "", ""},
    Verb{"boxes.list", "GET", "/v1/boxes", "boxes", false, "The caller's boxes.", "", "BoxList"},
    Verb{"boxes.show", "GET", "/v1/boxes/{id}", "boxes", true, "One box.", "", "Box"},
    Verb{"boxes.reset", "DELETE", "/v1/boxes/{id}", "boxes", true, "Empties a box; refused while a run uses it.", "",
         ""},
    Verb{"audit.list", "GET", "/v1/audit", "audit_read", false, "Audit events, newest first.", "", "AuditList"},
    Verb{"audit.show", "GET", "/v1/audit/{seq}", "audit_read", true, "One audit event.", "", "AuditEntry"},
};

} // namespace

std::span<const Verb> verbs() {
    return kVerbs;
}

const Verb* find_verb(std::string_view name) {
    for (const auto& verb : kVerbs)
        if (verb.name == name) return &verb;
    return nullptr;
}

} // namespace owhale
