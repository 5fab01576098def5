// Defaults that depend on the machine, the user or another setting.
#include <algorithm>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <unistd.h>

#include "config/endpoint.hpp"
#include "config/table.hpp"
#include "config/units.hpp"

namespace owhale::config {
namespace {

constexpr std::string_view kReservedUid = "1899999999"; // nobody's: outside the ranges of Debian and of systemd

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::string folder_of_program() {
    char path[PATH_MAX];
    const auto length = ::readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0) return {};
    return std::filesystem::path(std::string(path, static_cast<std::size_t>(length))).parent_path().string();
}

// The XDG specification has relative values ignored.
std::string absolute_environment(const char* name) {
    const char* value = ::getenv(name);
    return value != nullptr && value[0] == '/' ? value : "";
}

Result<std::string> home() {
    if (auto path = absolute_environment("HOME"); !path.empty()) return path;
    const auto* user = ::getpwuid(::geteuid());
    if (user != nullptr && user->pw_dir[0] == '/') return std::string(user->pw_dir);
    return fail(Code::config_invalid, "this user has no home folder", "set HOME, or give --state-dir");
}

Result<std::string> state_dir(const Settings& settings) {
    if (!settings.rootless) return std::string("/var/lib/owhaled");
    if (const auto state = absolute_environment("XDG_STATE_HOME"); !state.empty()) return state + "/owhaled";
    return TRY(home()) + "/.local/state/owhaled";
}

Result<std::string> runtime_dir(const Settings& settings) {
    if (!settings.rootless) return std::string("/run/owhaled");
    if (const auto runtime = absolute_environment("XDG_RUNTIME_DIR"); !runtime.empty()) return runtime + "/owhaled";
    const auto usual = "/run/user/" + std::to_string(::geteuid());
    if (::access(usual.c_str(), W_OK) == 0) return usual + "/owhaled";
    return fail(Code::config_invalid, "there is no folder for the socket: XDG_RUNTIME_DIR is not set",
                "set it, or give --runtime-dir with a folder that only you can write");
}

std::string spawner() {
    const auto beside = folder_of_program();
    for (const auto& path : {beside + "/owhale-spawner", beside + "/spawner/owhale-spawner"})
        if (exists(path)) return path;
    return OWHALE_LIBEXECDIR "/owhale-spawner";
}

std::string profile_dir() {
    if (exists(OWHALE_PROFILEDIR)) return OWHALE_PROFILEDIR;
    const auto source = std::filesystem::path(folder_of_program()).parent_path().parent_path().string() + "/profiles";
    return exists(source) ? source : OWHALE_PROFILEDIR;
}

// Below the folder of owhaled's configuration.
Result<std::string> beside_config(const Settings& settings, const std::string& name) {
    if (!settings.rootless) return "/etc/owhaled/" + name;
    if (const auto config = absolute_environment("XDG_CONFIG_HOME"); !config.empty())
        return config + "/owhaled/" + name;
    return TRY(home()) + "/.config/owhaled/" + name;
}

std::string user(const Settings& settings) {
    if (settings.rootless) return std::to_string(::geteuid());
    return ::getpwnam("owhaled") != nullptr ? "owhaled" : std::string(kReservedUid);
}

// Where the mode lets TCP do without, it does: a self-signed certificate on loopback protects from nobody.
Result<std::string> tls(const Settings& settings) {
    const auto endpoint = TRY(parse_endpoint(settings.tcp));
    const bool far = endpoint && !is_loopback(endpoint->address);
    return std::string(find_mode(settings.mode)->plain_tcp && !far ? "off" : "on");
}

std::string memory() {
    const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    constexpr std::uint64_t mib = 1u << 20;
    return std::to_string(std::max<std::uint64_t>(pages * page / 4 * 3 / mib, 1)) + "M";
}

} // namespace

Result<std::string> computed_default(std::string_view key, const Settings& settings) {
    if (key == "state-dir") return state_dir(settings);
    if (key == "runtime-dir") return runtime_dir(settings);
    if (key == "socket") return settings.runtime_dir + "/owhaled.sock";
    if (key == "profile-dir") return profile_dir();
    if (key == "policy-dir") return beside_config(settings, "policy.d");
    if (key == "hosts-dir") return beside_config(settings, "hosts.d");
    if (key == "vault-key-file") return beside_config(settings, "vault.key");
    if (key == "redact-live") return std::string(find_mode(settings.mode)->redacts_live ? "on" : "off");
    if (key == "spawner") return spawner();
    if (key == "user") return user(settings);
    if (key == "memory") return memory();
    if (key == "tcp") return std::string(settings.rootless ? "off" : "127.0.0.1:7717");
    if (key == "tls") return tls(settings);
    if (key == "accounts-dir") return settings.state_dir + "-accounts";
    if (key == "audit-heads") return settings.state_dir + (settings.rootless ? "/audit.heads" : "-anchor/heads");
    for (const auto* none : {"tls-cert", "tls-key", "hosts", "trusted-proxies", "unix-roles", "dns"})
        if (key == none) return std::string();
    if (key == "approval-expiry") return format_duration(find_mode(settings.mode)->approval_expiry);
    if (key == "run-timeout") return format_duration(find_mode(settings.mode)->run_timeout);
    return fail(Code::internal, "the setting " + std::string(key) + " has no default");
}

} // namespace owhale::config
