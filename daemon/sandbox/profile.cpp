#include "sandbox/profile.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/toml_reader.hpp"
#include "config/units.hpp"
#include "sandbox/digest.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/paths.hpp"
#include "sandbox/profile_network.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::array<std::string_view, 3> kFilters = {"default", "build", "strict"};

using Amount = std::optional<std::uint64_t>;

Status read_size(const TomlReader& reader, std::string_view key, Amount& to) {
    const auto text = TRY(reader.amount(key));
    if (!text) return {};
    const auto value = config::parse_size(*text);
    if (!value) return reader.wrong(key, value.error().message);
    to = *value;
    return {};
}

Status read_count(const TomlReader& reader, std::string_view key, Amount& to) {
    const auto text = TRY(reader.amount(key));
    if (!text) return {};
    const auto value = config::parse_count(*text);
    if (!value || *value == 0) return reader.wrong(key, "must be a whole number above 0");
    to = *value;
    return {};
}

Status read_limits(const TomlReader& reader, ProfileLimits& to) {
    CHECK(reader.only({"memory", "pids", "cpus", "io", "file_size", "open_files", "timeout", "box"}));
    CHECK(read_size(reader, "memory", to.memory));
    CHECK(read_size(reader, "io", to.io));
    if (to.io && *to.io < kLeastIo) return reader.wrong("io", "must be at least 64K, bytes a second");
    CHECK(read_size(reader, "file_size", to.file_size));
    CHECK(read_size(reader, "box", to.box));
    CHECK(read_count(reader, "pids", to.pids));
    CHECK(read_count(reader, "open_files", to.open_files));
    if (const auto cpus = TRY(reader.number("cpus"))) {
        if (!(*cpus >= 0.01 && *cpus <= 1024)) return reader.wrong("cpus", "must be between 0.01 and 1024");
        to.cpu_milli = static_cast<std::uint64_t>(std::llround(*cpus * 1000));
    }
    if (const auto text = TRY(reader.amount("timeout"))) {
        const auto value = config::parse_duration(*text);
        if (!value) return reader.wrong("timeout", value.error().message);
        to.timeout = *value;
    }
    return {};
}

Status read_filter(const TomlReader& reader, std::string& to) {
    const auto filter = TRY(reader.string("filter"));
    if (!filter) return {};
    if (std::find(kFilters.begin(), kFilters.end(), *filter) == kFilters.end())
        return reader.wrong("filter", "must be one of default, build, strict");
    to = *filter;
    return {};
}

Status read_workspace(const TomlReader& reader, bool& writable) {
    const auto text = TRY(reader.string("workspace"));
    if (!text) return {};
    if (*text != "writable" && *text != "readonly") return reader.wrong("workspace", "must be writable or readonly");
    writable = *text == "writable";
    return {};
}

using PathTest = bool (*)(std::string_view);

Status add_paths(const TomlReader& reader, std::string_view key, PathTest valid, std::string_view must_be,
                 std::vector<std::string>& to) {
    for (auto& path : TRY(reader.strings(key))) {
        if (!valid(path)) return reader.wrong(key, "`" + path + "` must be " + std::string(must_be));
        if (std::find(to.begin(), to.end(), path) == to.end()) to.push_back(std::move(path));
    }
    return {};
}

// Of what a resolve asks about: the spawner ends over a broker that asks for more than 192 paths, or for names that no
// file can have.
Status check_asked(const TomlReader& reader, std::string_view key, const std::vector<std::string>& paths,
                   std::size_t most) {
    constexpr std::size_t kMaxName = 255;
    if (paths.size() > most) return reader.wrong(key, "has more than " + std::to_string(most) + " entries");
    for (const auto& path : paths)
        if (path.size() > kMaxName) return reader.wrong(key, "has an entry of more than 255 bytes");
    return {};
}

constexpr std::string_view kAbsolute = "absolute, without . and ..";
constexpr std::string_view kRelative = "relative, without . and ..";

bool is_env_name(std::string_view name) {
    return !name.empty() && name.find('=') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

Status read_env(const TomlReader& reader, std::map<std::string, std::string>& to) {
    for (auto& [name, value] : TRY(reader.all_strings())) {
        if (!is_env_name(name)) return reader.wrong(name, "is not a variable's name");
        to[name] = value;
    }
    return {};
}

Status read_members(const TomlReader& reader, Profile& to) {
    CHECK(reader.only({"description", "extends", "filter", "workspace", "unix_sockets", "daemon", "agents", "state",
                       "system", "toolchains", "env", "limits", "network"}));
    if (auto text = TRY(reader.string("description"))) to.description = *text;
    if (auto text = TRY(reader.string("extends"))) to.extends = *text;
    CHECK(read_filter(reader, to.filter));
    CHECK(read_workspace(reader, to.workspace_writable));
    if (const auto flag = TRY(reader.boolean("unix_sockets"))) to.unix_sockets = *flag;
    if (const auto flag = TRY(reader.boolean("daemon"))) to.daemon = *flag;
    if (const auto flag = TRY(reader.boolean("agents"))) to.agents = *flag;
    CHECK(add_paths(reader, "state", is_clean_relative, kRelative, to.state));
    CHECK(add_paths(reader, "system", is_clean_absolute, kAbsolute, to.system));
    CHECK(add_paths(reader, "toolchains", is_clean_relative, kRelative, to.toolchains));
    Status status;
    if (const auto env = reader.table("env", status)) CHECK(read_env(*env, to.env));
    if (const auto limits = reader.table("limits", status)) CHECK(read_limits(*limits, to.limits));
    if (const auto network = reader.table("network", status)) CHECK(read_network(*network, to.name, to.network));
    return status;
}

// AF_UNIX is the filter's to permit: a profile cannot say one thing and load the other.
Status check_sockets(const TomlReader& reader, const Profile& profile) {
    if (profile.daemon && !profile.unix_sockets)
        return reader.wrong("daemon", "needs unix_sockets = true: owhaled's socket in the cage is one");
    if (profile.unix_sockets == (profile.filter == "build")) return {};
    return reader.wrong("unix_sockets", profile.unix_sockets
                                            ? "needs filter = \"build\""
                                            : "filter = \"build\" permits them: say unix_sockets = true");
}

} // namespace

Result<std::string> profile_extends(std::string_view file, std::string_view text) {
    const auto table = TRY(parse_toml(Code::profile_invalid, file, text));
    return TRY(TomlReader(Code::profile_invalid, file, table).string("extends")).value_or("");
}

Result<Profile> parse_profile(std::string_view name, std::string_view file, std::string_view text,
                              const Profile* base) {
    const auto table = TRY(parse_toml(Code::profile_invalid, file, text));
    const TomlReader reader(Code::profile_invalid, file, table);
    Profile profile = base != nullptr ? *base : Profile{};
    profile.name = name;
    profile.description.clear();
    profile.source = file;
    profile.text = text;
    profile.digest = sha256_hex(base != nullptr ? base->digest + "\n" + profile.text : profile.text);
    CHECK(read_members(reader, profile));
    CHECK(check_sockets(reader, profile));
    return profile;
}

Result<Tables> parse_tables(std::string_view file, std::string_view text) {
    const auto table = TRY(parse_toml(Code::profile_invalid, file, text));
    const TomlReader reader(Code::profile_invalid, file, table);
    CHECK(reader.only({"credentials", "protected", "git_protected", "system", "sockets", "hidden"}));
    Tables tables;
    CHECK(add_paths(reader, "credentials", is_clean_relative, kRelative, tables.credentials));
    CHECK(add_paths(reader, "protected", is_clean_relative, kRelative, tables.protected_files));
    CHECK(add_paths(reader, "git_protected", is_clean_relative, kRelative, tables.git_protected));
    CHECK(add_paths(reader, "system", is_clean_absolute, kAbsolute, tables.system));
    CHECK(add_paths(reader, "sockets", is_clean_relative, kRelative, tables.sockets));
    CHECK(add_paths(reader, "hidden", is_clean_absolute, kAbsolute, tables.hidden));
    CHECK(check_asked(reader, "protected", tables.protected_files, 64));
    CHECK(check_asked(reader, "git_protected", tables.git_protected, 8));
    CHECK(check_asked(reader, "sockets", tables.sockets, 24));
    return tables;
}

} // namespace owhale::sandbox
