#include "config/settings.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/endpoint.hpp"
#include "config/loaded.hpp"
#include "config/sources.hpp"
#include "config/table.hpp"
#include "config/units.hpp"

namespace owhale::config {
namespace {

std::string default_config_file(bool rootless) {
    if (!rootless) return "/etc/owhaled/owhaled.conf";
    const char* config = ::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && config[0] == '/') return std::string(config) + "/owhaled/owhaled.conf";
    const char* home = ::getenv("HOME");
    return home != nullptr && home[0] == '/' ? std::string(home) + "/.config/owhaled/owhaled.conf" : "";
}

// A file that was named must be there; the default one may be absent.
Result<Found> read_named_file(const std::string& path, bool named, std::vector<Error>& mistakes) {
    if (path.empty()) return Found{};
    auto found = read_config_file(path, mistakes);
    if (!found && !named && found.error().errnum == ENOENT) return Found{};
    if (!found && found.error().code == Code::system) {
        auto error = found.error();
        error.code = Code::config_invalid;
        if (error.next.empty()) error.next = "check the path and its mode";
        return std::unexpected(std::move(error));
    }
    return found;
}

struct Gathered {
    Found found;
    std::string config_file;
    std::vector<std::string> warnings;
    std::vector<Error> mistakes;
};

Gathered gather(CommandLine line, bool rootless) {
    Gathered all;
    auto environment = read_environment(all.warnings, all.mistakes);
    const char* variable = ::getenv("OWHALE_CONFIG");
    const bool by_variable = variable != nullptr && *variable != '\0';
    const bool named = line.config || by_variable;
    all.config_file = line.config ? *line.config : by_variable ? variable : default_config_file(rootless);
    std::error_code ignored;
    if (named) all.config_file = std::filesystem::absolute(all.config_file, ignored).string();
    auto file = read_named_file(all.config_file, named, all.mistakes);
    if (!file) all.mistakes.push_back(file.error());
    if (!named && ::access(all.config_file.c_str(), F_OK) != 0) all.config_file.clear();
    // The first to bring a key wins.
    all.found = std::move(line.found);
    all.found.merge(environment);
    if (file) all.found.merge(*file);
    return all;
}

std::unexpected<Error> at_source(Error error, const Given& given) {
    error.message = given.source + ": " + error.message;
    error.code = given.source.starts_with("--") ? Code::bad_request : Code::config_invalid;
    return std::unexpected(std::move(error));
}

// A relative path means the current folder on the command line and in the environment, and nothing in a file.
std::string made_absolute(const Setting& setting, const Given& given) {
    if (setting.kind != Kind::path || given.value.empty() || given.source.starts_with('/')) return given.value;
    std::error_code ignored;
    const auto path = std::filesystem::absolute(given.value, ignored);
    return ignored ? given.value : path.string();
}

Status apply(Settings& settings, const Setting& setting, const Found& found) {
    const auto at = found.find(setting.key);
    if (at != found.end()) {
        if (auto done = assign(settings, setting, made_absolute(setting, at->second)); !done)
            return at_source(std::move(done).error(), at->second);
    } else {
        CHECK(assign(settings, setting,
                     setting.fallback.empty() ? TRY(computed_default(setting.key, settings))
                                              : std::string(setting.fallback)));
    }
    settings.rows.push_back({std::string(setting.key), value_text(settings, setting),
                             at == found.end() ? "default" : at->second.source, std::string(setting.help)});
    return {};
}

// With the default in the place of what is wrong. A default that follows from another setting's can be wrong for that one's
// sake: it is no mistake of its own then.
void apply_all(Settings& settings, Found& found, std::vector<Error>& mistakes) {
    for (const auto& setting : table()) {
        auto done = apply(settings, setting, found);
        if (done) continue;
        const auto at = found.find(setting.key);
        const bool given = at != found.end();
        if (given || mistakes.empty() || done.error().code == Code::config_invalid)
            mistakes.push_back(std::move(done).error());
        if (!given) continue;
        found.erase(at);
        (void)apply(settings, setting, found);
    }
}

Status find_user(Settings& settings) {
    if (settings.rootless) {
        settings.uid = ::geteuid();
        settings.gid = ::getegid();
        return {};
    }
    const auto number = parse_count(settings.user);
    const bool numeric = number && *number <= UINT_MAX - 1;
    const auto* entry = numeric ? ::getpwuid(static_cast<uid_t>(*number)) : ::getpwnam(settings.user.c_str());
    if (entry == nullptr && !numeric)
        return fail(Code::config_invalid, "user: there is no user \"" + settings.user + "\"",
                    "make it: adduser --system --group " + settings.user);
    settings.uid = entry != nullptr ? entry->pw_uid : static_cast<uid_t>(*number);
    settings.gid = entry != nullptr ? entry->pw_gid : static_cast<gid_t>(*number);
    if (settings.uid == 0 || settings.gid == 0)
        return fail(Code::config_invalid, "user: the broker does not run as root", "name a user without privileges");
    return {};
}

// Who gives a certificate wants TLS, unless they said otherwise.
void choose_tls(Settings& settings) {
    const auto row = std::ranges::find(settings.rows, "tls", &Row::key);
    if (row != settings.rows.end() && row->source == "default")
        row->value = settings.tls = "on";
    else if (settings.tcp != "off")
        settings.warnings.push_back("tls-cert is set, but tls is off: TCP serves in the clear");
}

// Passwords and tokens travel over TCP: in the clear they may do so inside this machine at most.
Status check_tcp(Settings& settings) {
    if (settings.tls_cert.empty() != settings.tls_key.empty())
        return fail(Code::config_invalid, "tls-cert and tls-key belong together, and only one of them is set",
                    "set both, or neither: owhaled then makes a certificate of its own");
    const auto endpoint = TRY(parse_endpoint(settings.tcp));
    if (!settings.tls_cert.empty() && settings.tls == "off") choose_tls(settings);
    if (!endpoint || settings.tls == "on") {
        if (!endpoint && !settings.tls_cert.empty())
            settings.warnings.push_back("tls-cert is set, but tcp is off: nothing serves TLS");
        return {};
    }
    if (!settings.rules->plain_tcp)
        return fail(Code::config_invalid, "tls: in the mode " + settings.mode + " TCP speaks TLS only",
                    "set tls = on, or tcp = off");
    if (!is_loopback(endpoint->address))
        return fail(Code::config_invalid,
                    "tcp: " + settings.tcp +
                        " is reachable from other machines, which would send passwords and "
                        "tokens in the clear",
                    "set tls = on, or listen on 127.0.0.1");
    return {};
}

Status check_whole(const Settings& settings) {
    if (settings.socket.size() >= sizeof(sockaddr_un::sun_path))
        return fail(Code::config_invalid,
                    "socket: the path " + settings.socket + " is longer than " +
                        std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes",
                    "choose a shorter --socket or --runtime-dir");
    if (settings.state_dir == "/" || settings.runtime_dir == "/")
        return fail(Code::config_invalid, "state-dir and runtime-dir cannot be /", "name a folder of owhaled's own");
    if (settings.max_body > settings.memory)
        return fail(Code::config_invalid, "max-body is larger than memory", "lower max-body");
    return {};
}

} // namespace

Loaded load_all(int argc, char** argv) {
    Loaded out;
    auto& settings = out.settings;
    settings.arguments.assign(argv, argv + argc);
    settings.rootless = ::geteuid() != 0;
    auto line = read_command_line(settings.arguments);
    if (!line) {
        out.mistakes.push_back(line.error());
        return out;
    }
    settings.action = line->action;
    settings.role = line->role;
    if (line->action == Action::help || line->action == Action::version) return out;
    auto all = gather(std::move(*line), settings.rootless);
    settings.config_file = std::move(all.config_file);
    settings.warnings = std::move(all.warnings);
    out.mistakes = std::move(all.mistakes);
    apply_all(settings, all.found, out.mistakes);
    settings.rules = find_mode(settings.mode);
    for (auto checked : {find_user(settings), check_tcp(settings), check_whole(settings)})
        if (!checked) out.mistakes.push_back(std::move(checked).error());
    return out;
}

Result<Settings> load(int argc, char** argv) {
    auto all = load_all(argc, argv);
    if (!all.mistakes.empty()) return std::unexpected(std::move(all.mistakes.front()));
    return std::move(all.settings);
}

Result<std::string> reload_log_level(const Settings& settings) {
    auto line = TRY(read_command_line(settings.arguments));
    // Read again by the name that was found at the start: by now the effective uid is another.
    if (!settings.config_file.empty()) line.config = settings.config_file;
    const auto all = gather(std::move(line), settings.rootless);
    if (!all.mistakes.empty()) return std::unexpected(all.mistakes.front());
    const auto* setting = find_setting("log-level");
    Settings fresh;
    CHECK(apply(fresh, *setting, all.found));
    return fresh.log_level;
}

} // namespace owhale::config
