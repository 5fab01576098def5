#include "shared/verbs.hpp"

#include <array>

namespace owhale {
namespace {

constexpr std::array kVerbs = {
    Verb{"health", "GET", "/v1/health", "none", false, "Answers while owhaled serves.", "", "Health", kUnmetered},
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
    Verb{"runs.show", "GET", "/v1/runs/{id}", "runs_read", true, "One run with its receipt.", "", "Run", kUnmetered},
    Verb{"runs.wait", "GET", "/v1/runs/{id}/wait", "runs_read", true,
         "Answers when the run has ended (Prefer: wait=N bounds it).", "", "Run", kUnmetered},
    Verb{"runs.output", "GET", "/v1/runs/{id}/output", "runs_read", true, "Kept output of one stream, from an offset.",
         "", "", kUnmetered},
    Verb{"runs.why", "GET", "/v1/runs/{id}/why", "runs_read", true,
         "A guess why the run failed, and what would change it.", "", "Why", kUnmetered},
    Verb{"runs.attach", "GET", "/v1/runs/{id}/attach", "runs_control", true,
         "WebSocket, v5.channel.k8s.io: live streams.", "", "", kUnmetered},
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
    Verb{"policy.rules", "GET", "/v1/policy/rules", "system_read", false, "The rules in force, in their order.", "",
         "PolicyRules"},
    Verb{"policy.rule", "GET", "/v1/policy/rules/{rule}", "system_read", false, "One rule, with its examples.", "",
         "PolicyRule"},
    Verb{"policy.check", "POST", "/v1/policy/check", "runs_create", false,
         "What the verdict on a run would be; nothing is run or recorded.", "CheckRequest", "Verdict"},
    Verb{"policy.reload", "POST", "/v1/policy/reload", "users", false,
         "Reads the administrator's rules again; on any error the old ones stay.", "", "PolicyLoaded", kStepUp},
    Verb{"jwks", "GET", "/.well-known/jwks.json", "none", false,
         "The public keys that tokens are signed with (RFC 7517).", "", "Jwks"},
    Verb{"mode.show", "GET", "/v1/mode", "system_read", false, "Everything in which the security modes differ.", "",
         "ModeTable"},
    Verb{"login", "POST", "/v1/login", "none", false, "Exchanges a name and a password for a token.", "LoginRequest",
         "Login", kLogin},
    Verb{"logout", "POST", "/v1/logout", "account", false, "Ends the session of the token that is shown.", "", ""},
    Verb{"password.change", "POST", "/v1/password", "account", false,
         "Changes the caller's password and ends its other sessions.", "PasswordRequest", "", kLogin},
    Verb{"stepup.open", "POST", "/v1/step-up", "account", false,
         "Opens a window of stepped-up rights on this connection alone.", "StepUpRequest", "StepUp", kLogin},
    Verb{"stepup.close", "DELETE", "/v1/step-up", "account", false, "Closes this connection's window.", "", ""},
    Verb{"sessions.list", "GET", "/v1/sessions", "sessions", false, "The caller's sessions, newest first.", "",
         "SessionList"},
    Verb{"sessions.revoke", "DELETE", "/v1/sessions/{id}", "sessions", true, "Ends one session at once.", "", ""},
    Verb{"sessions.revoke_all", "DELETE", "/v1/sessions", "sessions", false,
         "Ends all of an account's sessions but the one that asks.", "", "Revoked"},
    Verb{"tokens.create", "POST", "/v1/tokens", "tokens", false, "Mints a token for an agent, narrower than its maker.",
         "TokenRequest", "TokenMade", kNarrows},
    Verb{"tokens.list", "GET", "/v1/tokens", "tokens", false, "The caller's agent tokens, newest first.", "",
         "TokenList"},
    Verb{"tokens.show", "GET", "/v1/tokens/{id}", "tokens", true, "One agent token.", "", "Token"},
    Verb{"tokens.revoke", "DELETE", "/v1/tokens/{id}", "tokens", true,
         "Revokes a token, and those minted with it; runs that they started go on.", "", ""},
    Verb{"users.list", "GET", "/v1/users", "users", false, "The accounts.", "", "UserList"},
    Verb{"users.create", "POST", "/v1/users", "users", false, "Adds an account.", "UserRequest", "UserMade", kStepUp},
    Verb{"users.show", "GET", "/v1/users/{name}", "users", false, "One account.", "", "User"},
    Verb{"users.remove", "DELETE", "/v1/users/{name}", "users", false,
         "Removes an account, its sessions and its live runs.", "", "", kStepUp},
    Verb{"users.enable", "POST", "/v1/users/{name}/enable", "users", false, "Lets a disabled account log in again.", "",
         "User", kStepUp},
    Verb{"users.disable", "POST", "/v1/users/{name}/disable", "users", false,
         "Ends an account's sessions and live runs, and refuses new ones.", "", "User", kStepUp},
    Verb{"users.roles", "PUT", "/v1/users/{name}/roles", "users", false, "Replaces an account's roles.", "RolesRequest",
         "User", kStepUp},
    Verb{"users.reset", "POST", "/v1/users/{name}/reset", "users", false,
         "Gives an account a one-time password, which must be changed.", "", "OneTime", kStepUp},
    Verb{"access.list", "GET", "/v1/access", "system_read", false, "Which uids and groups hold which roles.", "",
         "AccessList"},
    Verb{"access.grant", "PUT", "/v1/access/{subject}", "users", false,
         "Gives roles on the Unix socket to `uid:N` or `gid:N`, at once.", "RolesRequest", "Access", kStepUp},
    Verb{"access.remove", "DELETE", "/v1/access/{subject}", "users", false, "Takes that row out again.", "", "",
         kStepUp},
    Verb{"keys.rotate", "POST", "/v1/keys/rotate", "users", false,
         "Signs new tokens with a new key; the old one is believed until its tokens have expired.", "", "KeyRotated",
         kStepUp},
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
