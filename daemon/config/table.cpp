#include "config/table.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "config/lists.hpp"
#include "config/severities.hpp"
#include "config/units.hpp"

namespace owhale::config {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kTiB = 1ull << 40;
constexpr std::uint64_t kYear = 366ull * 86'400'000;
constexpr std::uint64_t kSecond = 1000;

constexpr std::array kTable = {
    Setting{"mode", Kind::choice, "local", &Settings::mode, 0, 0,
            "Security mode, local or strict; SECURITY_MODE sets it too."},
    Setting{"state-dir", Kind::path, "", &Settings::state_dir, 0, 0, "Folder of the databases, keys and kept output."},
    Setting{"runtime-dir", Kind::path, "", &Settings::runtime_dir, 0, 0, "Folder of the socket."},
    Setting{"socket", Kind::path, "", &Settings::socket, 0, 0, "Unix socket that clients connect to."},
    Setting{"profile-dir", Kind::path, "", &Settings::profile_dir, 0, 0, "Folder of the profiles."},
    Setting{"policy-dir", Kind::path, "", &Settings::policy_dir, 0, 0,
            "Folder of the administrator's rules; read again on SIGHUP and by owhalectl policy reload."},
    Setting{"spawner", Kind::path, "", &Settings::spawner, 0, 0, "Program that builds the cages."},
    Setting{"spawner-config", Kind::path, "/etc/owhaled/spawner.conf", &Settings::spawner_config, 0, 0,
            "The spawner's own ceilings and rights; may be absent."},
    Setting{"user", Kind::text, "", &Settings::user, 0, 0,
            "User, by name or number, as whom the broker runs; not when rootless."},
    Setting{"max-body", Kind::size, "1M", &Settings::max_body, 4096, 64 * kMiB, "Largest request body."},
    Setting{"max-connections", Kind::count, "2048", &Settings::max_connections, 1, 65536, "Connections open at once."},
    Setting{"max-connections-per-uid", Kind::count, "1024", &Settings::max_connections_per_uid, 1, 65536,
            "Connections open at once from one user."},
    Setting{"max-runs", Kind::count, "256", &Settings::max_runs, 1, 65536, "Runs live at once."},
    Setting{"max-runs-per-principal", Kind::count, "64", &Settings::max_runs_per_principal, 1, 65536,
            "Runs live at once of one principal."},
    Setting{"memory", Kind::size, "", &Settings::memory, kMiB, 1024 * kTiB,
            "Memory of a run that asks for none; default 75 % of this machine's."},
    Setting{"pids", Kind::count, "4096", &Settings::pids, 1, 4'194'304,
            "Processes and threads of a run that asks for none."},
    Setting{"output-limit", Kind::size, "0", &Settings::output_limit, 0, 1024 * kTiB,
            "Output that ends a run; 0 is no limit."},
    Setting{"keep-output", Kind::size, "8M", &Settings::keep_output, 0, 1024 * kMiB,
            "Output kept of each stream of a run."},
    Setting{
        "redact-live", Kind::choice, "", &Settings::redact_live, 0, 0,
        "on or off: secrets are masked in live output too, not only in what is kept; default off, in strict mode on."},
    Setting{"keep-days", Kind::count, "7", &Settings::keep_days, 0, 36'500, "Days for which ended runs are kept."},
    Setting{"keep-bytes", Kind::size, "1G", &Settings::keep_bytes, 0, 1024 * kTiB,
            "Output kept of one principal's runs."},
    Setting{"run-timeout", Kind::time, "", &Settings::run_timeout, 0, kYear,
            "Wall time of a run that asks for none; 0 is no limit; default 0, in strict mode 1h."},
    Setting{"code-timeout", Kind::time, "5m", &Settings::code_timeout, 0, kYear, "The same for code; 0 is no limit."},
    Setting{"kill-grace", Kind::time, "10s", &Settings::kill_grace, 0, 600 * kSecond,
            "Time between SIGTERM and SIGKILL."},
    Setting{"box-idle", Kind::time, "1h", &Settings::box_idle, kSecond, kYear,
            "Time after which an unused box, with its /tmp and caches, is emptied."},
    Setting{"tcp", Kind::text, "", &Settings::tcp, 0, 0,
            "Address and port for TCP, or off; default 127.0.0.1:7717, rootless off. Beyond loopback TLS is a must."},
    Setting{"tls", Kind::choice, "", &Settings::tls, 0, 0,
            "on or off, for TCP; default off on loopback in local mode, else on."},
    Setting{"tls-cert", Kind::text, "", &Settings::tls_cert, 0, 0,
            "PEM file of the certificate chain; without one owhaled makes its own."},
    Setting{"tls-key", Kind::text, "", &Settings::tls_key, 0, 0, "PEM file of the certificate's key."},
    Setting{"hosts", Kind::text, "", &Settings::hosts, 0, 0, "Further names that TCP clients may call owhaled by."},
    Setting{"trusted-proxies", Kind::text, "", &Settings::trusted_proxies, 0, 0,
            "Addresses of proxies whose X-Forwarded-For is believed; none by default."},
    Setting{"accounts-dir", Kind::path, "", &Settings::accounts_dir, 0, 0,
            "Folder of the TCP accounts' own folders; not when rootless."},
    Setting{"unix-roles", Kind::text, "", &Settings::unix_roles, 0, 0,
            "Roles of users and groups on the socket, such as \"alice=agent,auditor @sudo=admin *=agent\"."},
    Setting{"max-connections-per-address", Kind::count, "64", &Settings::max_connections_per_address, 1, 65536,
            "TCP connections open at once from one address (IPv6: one /64), or of one user of this machine."},
    Setting{"login-rate", Kind::count, "10", &Settings::login_rate, 1, 1'000'000,
            "Logins a minute from one peer, and to one account."},
    Setting{"api-rate", Kind::count, "3000", &Settings::api_rate, 1, 1'000'000'000,
            "Requests a minute of one uid or token."},
    Setting{"api-burst", Kind::count, "500", &Settings::api_burst, 1, 1'000'000, "Of these, how many at once."},
    Setting{"anonymous-rate", Kind::count, "60", &Settings::anonymous_rate, 1, 1'000'000'000,
            "Requests a minute of one TCP address without a token."},
    Setting{"session-ttl", Kind::time, "7d", &Settings::session_ttl, 60 * kSecond, kYear, "Life of a login."},
    Setting{"key-rotation", Kind::time, "30d", &Settings::key_rotation, 3600 * kSecond, kYear,
            "Age at which the key that signs tokens is replaced."},
    Setting{"argon2-memory", Kind::size, "64M", &Settings::argon2_memory, 8 * kMiB, 4096 * kMiB,
            "Memory that hashing one password takes (Argon2id)."},
    Setting{"argon2-passes", Kind::count, "3", &Settings::argon2_passes, 1, 64, "Passes over that memory."},
    Setting{"approval-expiry", Kind::text, "", &Settings::approval_expiry, 0, 0,
            "Time after which an unanswered question has expired, for all or by severity: \"10m critical=1h\"; default "
            "10m, in strict mode 30m."},
    Setting{"quorum", Kind::text, "1", &Settings::quorum, 0, 0,
            "How many people have to agree, for all or by severity: \"critical=2\"."},
    Setting{"approver-severity", Kind::choice, "high", &Settings::approver_severity, 0, 0,
            "Severity up to which the role approver decides; admins decide everything."},
    Setting{"approval-burst", Kind::count, "20", &Settings::approval_burst, 1, 1000,
            "Unanswered questions of one principal that are shown; further ones wait without being announced."},
    Setting{"prompt-budget", Kind::count, "30", &Settings::prompt_budget, 1, 1'000'000,
            "Questions of one principal in an hour; further ones wait without being announced."},
    Setting{
        "egress", Kind::choice, "on", &Settings::egress, 0, 0,
        "on or off: off leaves owhaled itself without the right to connect anywhere, so no run has a scoped network."},
    Setting{"network", Kind::choice, "none", &Settings::network, 0, 0,
            "none or scoped: the network of a run that asks for none."},
    Setting{"dns", Kind::text, "", &Settings::dns, 0, 0,
            "DNS servers that owhaled asks, such as \"192.0.2.53 [2001:db8::53]:5353\"; default those of "
            "/etc/resolv.conf."},
    Setting{"hosts-dir", Kind::path, "", &Settings::hosts_dir, 0, 0,
            "Folder of the administrator's lists of hosts; read again on SIGHUP."},
    Setting{"net-bytes", Kind::size, "0", &Settings::net_bytes, 0, 1024 * kTiB,
            "Bytes that one run may move over the network; 0 is no limit."},
    Setting{"net-connections", Kind::count, "100000", &Settings::net_connections, 1, 1'000'000'000,
            "Connections that one run may make."},
    Setting{"net-connections-at-once", Kind::count, "1024", &Settings::net_connections_at_once, 1, 65536,
            "Connections of one run that are open at once."},
    Setting{"vault-key", Kind::choice, "auto", &Settings::vault_key, 0, 0,
            "auto, credential, file, passphrase or off: where the vault's master key comes from."},
    Setting{"vault-key-file", Kind::path, "", &Settings::vault_key_file, 0, 0,
            "File of the master key, mode 0600; made at the first start."},
    Setting{"audit-journal", Kind::choice, "checkpoints", &Settings::audit_journal, 0, 0,
            "off, checkpoints or all: what of the audit log is copied to journald."},
    Setting{"audit-journal-socket", Kind::path, "/run/systemd/journal/socket", &Settings::audit_journal_socket, 0, 0,
            "Socket of the journald that gets it."},
    Setting{
        "audit-heads", Kind::path, "", &Settings::audit_heads, 0, 0,
        "File that the spawner notes the audit log's tree heads in; outside of the state folder, but when rootless."},
    Setting{"audit-retention", Kind::time, "0", &Settings::audit_retention, 0, 100 * kYear,
            "Age at which the bodies of audit events are dropped; their hashes stay; 0 is never."},
    Setting{"log-level", Kind::choice, "info", &Settings::log_level, 0, 0,
            "error, warning, info or debug; SIGHUP reads it again."},
};

// Choices that no mode changes.
Status check_words(std::string_view key, const std::string& value) {
    const std::string_view choices = key == "egress"          ? "on, off"
                                     : key == "network"       ? "none, scoped"
                                     : key == "audit-journal" ? "off, checkpoints, all"
                                                              : "auto, credential, file, passphrase, off";
    const auto at = (", " + std::string(choices) + ",").find(", " + value + ",");
    if (!value.empty() && at != std::string::npos) return {};
    return fail(Code::invalid_value, "\"" + value + "\" is not one of the choices",
                "use one of: " + std::string(choices));
}

Status check_choice(std::string_view key, const std::string& value) {
    constexpr std::array<std::string_view, 4> levels = {"error", "warning", "info", "debug"};
    if (key == "tls" || key == "redact-live") {
        if (value == "on" || value == "off") return {};
        return fail(Code::invalid_value, "\"" + value + "\" is not one of the choices", "use one of: on, off");
    }
    if (key == "egress" || key == "network" || key == "vault-key" || key == "audit-journal")
        return check_words(key, value);
    if (key == "approver-severity") {
        if (std::ranges::find(kSeverities, value) != kSeverities.end()) return {};
        return fail(Code::invalid_value, "\"" + value + "\" is not one of the choices",
                    "use one of: none, low, medium, high, critical");
    }
    if (key == "mode" ? find_mode(value) != nullptr : std::ranges::find(levels, value) != levels.end()) return {};
    return fail(Code::invalid_value, "\"" + value + "\" is not one of the choices",
                "use one of: " + (key == "mode" ? mode_names() : "error, warning, info, debug"));
}

Result<std::string> check_path(const std::string& value);

// Texts with a form of their own, in the one spelling that the rest of the program reads.
Result<std::string> check_text(std::string_view key, const std::string& value) {
    if (key == "tcp") {
        const auto endpoint = TRY(parse_endpoint(value));
        return endpoint ? to_text(*endpoint) : value;
    }
    if (key == "hosts") CHECK(parse_hosts(value));
    if (key == "trusted-proxies") CHECK(parse_proxies(value));
    if (key == "approval-expiry") CHECK(parse_expiry(value, {}));
    if (key == "quorum") CHECK(parse_quorum(value));
    if (key == "unix-roles") CHECK(check_unix_roles(value));
    if ((key == "tls-cert" || key == "tls-key") && !value.empty()) return check_path(value);
    return value;
}

Result<std::string> check_path(const std::string& value) {
    const auto control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
    if (value.empty() || value[0] != '/' || std::ranges::any_of(value, control))
        return fail(Code::invalid_value, "\"" + value + "\" is not an absolute path", "begin it with /");
    auto path = std::filesystem::path(value).lexically_normal().string();
    if (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

Result<std::uint64_t> check_number(const Setting& setting, const std::string& value) {
    const bool time = setting.kind == Kind::time;
    const auto number = time                         ? static_cast<std::uint64_t>(TRY(parse_duration(value)).count())
                        : setting.kind == Kind::size ? TRY(parse_size(value))
                                                     : TRY(parse_count(value));
    if (number >= setting.least && number <= setting.most) return number;
    const auto show = [&](std::uint64_t n) {
        if (setting.kind == Kind::count) return std::to_string(n);
        return time ? format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(n))) : format_size(n);
    };
    return fail(Code::invalid_value, value + " is out of range",
                "use " + show(setting.least) + " to " + show(setting.most));
}

} // namespace

std::span<const Setting> table() {
    return kTable;
}

const Setting* find_setting(std::string_view key) {
    const auto at = std::ranges::find(kTable, key, &Setting::key);
    return at == kTable.end() ? nullptr : &*at;
}

std::vector<std::string_view> keys() {
    std::vector<std::string_view> all;
    for (const auto& setting : kTable) all.push_back(setting.key);
    return all;
}

std::string environment_name(std::string_view key) {
    std::string name = "OWHALE_";
    for (const char c : key) name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    return name;
}

std::string_view placeholder(const Setting& setting) {
    constexpr std::array<std::string_view, 6> names = {"WORD", "TEXT", "PATH", "SIZE", "TIME", "N"};
    return names[static_cast<std::size_t>(setting.kind)];
}

Status assign(Settings& settings, const Setting& setting, const std::string& value) {
    if (const auto* text = std::get_if<std::string Settings::*>(&setting.member)) {
        if (setting.kind == Kind::choice) CHECK(check_choice(setting.key, value));
        settings.*(*text) = setting.kind == Kind::path   ? TRY(check_path(value))
                            : setting.kind == Kind::text ? TRY(check_text(setting.key, value))
                                                         : value;
        return {};
    }
    const auto number = TRY(check_number(setting, value));
    if (const auto* plain = std::get_if<std::uint64_t Settings::*>(&setting.member))
        settings.*(*plain) = number;
    else
        settings.*std::get<std::chrono::milliseconds Settings::*>(setting.member) =
            std::chrono::milliseconds(static_cast<std::int64_t>(number));
    return {};
}

std::string value_text(const Settings& settings, const Setting& setting) {
    if (const auto* text = std::get_if<std::string Settings::*>(&setting.member)) return settings.*(*text);
    if (const auto* time = std::get_if<std::chrono::milliseconds Settings::*>(&setting.member))
        return format_duration(settings.*(*time));
    const auto number = settings.*std::get<std::uint64_t Settings::*>(setting.member);
    return setting.kind == Kind::size ? format_size(number) : std::to_string(number);
}

} // namespace owhale::config
