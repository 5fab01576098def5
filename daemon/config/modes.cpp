#include "config/modes.hpp"

#include <array>

#include "config/settings.hpp"
#include "config/units.hpp"

namespace owhale::config {
namespace {

using namespace std::chrono_literals;

constexpr std::array kModes = {
    Mode{"local", true, true, true, true, false, false, false, "*=agent", true, true, true, true, 10min, 0ms},
    Mode{"strict", false, false, false, false, true, true, true, "", false, false, false, false, 30min, 1h},
};

std::string tcp_now(const Settings& settings) {
    if (settings.tcp == "off") return "off";
    return settings.tcp + (settings.tls == "on" ? ", TLS 1.3 only" : ", plain HTTP");
}

std::string roles_now(const Settings& settings) {
    const std::string_view own = settings.unix_roles;
    const std::string mode(settings.rules->socket_roles.empty() ? "none but root" : settings.rules->socket_roles);
    return own.empty() ? mode : std::string(own) + ", then " + mode;
}

std::string time_words(std::chrono::milliseconds time) {
    return time == 0ms ? "no limit" : format_duration(time);
}

std::string timeout_now(const Settings& settings) {
    return time_words(settings.run_timeout);
}

std::string live_now(const Settings& settings) {
    return settings.redact_live == "on" ? "masked" : "as written";
}

std::string expiry_now(const Settings& settings) {
    return settings.approval_expiry;
}

constexpr std::array kDifferences = {
    Difference{"first-account", "Who can log in before there is any account.", "default_account",
               &Mode::default_account, "admin with the password admin, good for changing it alone",
               "nobody: root makes the first account with owhalectl setup", nullptr},
    Difference{"socket-roles", "What a uid may do on the Unix socket that no row of the access table names.",
               "socket_roles", &Mode::socket_roles, "", "", roles_now},
    Difference{"tcp", "What TCP clients have to speak; beyond loopback it is TLS in either mode.", "plain_tcp",
               &Mode::plain_tcp, "plain HTTP is permitted on loopback", "TLS 1.3 only", tcp_now},
    Difference{"workspace", "Which folders a run may write.", "own_folder_is_workspace", &Mode::own_folder_is_workspace,
               "the caller's own folder", "registered ones only", nullptr},
    Difference{"tracing", "Whether a run's processes may trace each other (gdb, strace, LeakSanitizer).", "tracing",
               &Mode::tracing, "yes, inside the run", "no: ptrace and its like are refused", nullptr},
    Difference{"missing-layer", "What happens when the kernel lacks an isolation layer.", "missing_layer_refuses",
               &Mode::missing_layer_refuses, "the run is refused", "a warning, and the receipt says so", nullptr},
    Difference{"unknown-command", "What happens to a command that no rule knows.", "unknown_command_asks",
               &Mode::unknown_command_asks, "it asks",
               "it is allowed under a ceiling: no network but what was asked for, writes in the workspace only",
               nullptr},
    Difference{"redact-live", "Secrets in live output; in what is kept they are masked in either mode.", "redacts_live",
               &Mode::redacts_live, "masked", "as written", live_now},
    Difference{"own-human", "Whether a person decides what runs with that person's own uid or token asked.",
               "own_human_decides", &Mode::own_human_decides, "yes, with step-up, where no quorum counts",
               "no: it takes another person", nullptr},
    Difference{"reveal", "Whether a person reads a value of their own back from the vault.", "reveals_secrets",
               &Mode::reveals_secrets, "yes, with step-up", "never: it can be used, replaced and removed", nullptr},
    Difference{"unknown-host", "What happens when a run with a scoped network tries a host that no list knows.",
               "asks_for_hosts", &Mode::asks_for_hosts, "it is a question, and the connection waits",
               "it is refused, unless the profile says `asks = true`", nullptr},
    Difference{"box-publish", "Whether `box publish` opens a port of a run that lives already.", "publishes_live",
               &Mode::publishes_live, "yes, on loopback", "no: `run -p` asks before the run starts", nullptr},
    Difference{"approval-expiry", "When a question that nobody answers has expired.", "approval_expiry",
               &Mode::approval_expiry, "", "", expiry_now},
    Difference{"run-timeout", "Wall time of a run that asks for none.", "run_timeout", &Mode::run_timeout, "", "",
               timeout_now},
};

} // namespace

std::span<const Difference> differences() {
    return kDifferences;
}

std::string words_for(const Difference& row, const Mode& mode) {
    if (const auto* flag = std::get_if<bool Mode::*>(&row.choice)) return std::string(mode.**flag ? row.yes : row.no);
    if (const auto* time = std::get_if<std::chrono::milliseconds Mode::*>(&row.choice)) return time_words(mode.**time);
    const auto text = mode.*std::get<std::string_view Mode::*>(row.choice);
    return std::string(text.empty() ? "none but root" : text);
}

std::string words_now(const Difference& row, const Settings& settings) {
    return row.now != nullptr ? row.now(settings) : words_for(row, *settings.rules);
}

std::span<const Mode> modes() {
    return kModes;
}

const Mode* find_mode(std::string_view name) {
    for (const auto& mode : kModes)
        if (mode.name == name) return &mode;
    return nullptr;
}

std::string mode_names() {
    std::string names;
    for (const auto& mode : kModes) (names += names.empty() ? "" : ", ") += mode.name;
    return names;
}

} // namespace owhale::config
