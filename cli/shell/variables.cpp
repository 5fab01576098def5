#include "cli/shell/variables.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/events.hpp"

namespace owhale::cli::shell {
namespace {

constexpr std::size_t kMostEnvironment = std::size_t{4} << 20;

// Of the session outside, or set anew in the cage.
constexpr std::array<std::string_view, 22> kOutside = {
    "HOME",       "PATH",     "PWD",   "OLDPWD",  "SHELL",  "SHLVL",      "USER",    "LOGNAME",
    "MAIL",       "TERM",     "_",     "TMP",     "TMPDIR", "TEMP",       "DISPLAY", "WAYLAND_DISPLAY",
    "XAUTHORITY", "HOSTNAME", "LINES", "COLUMNS", "TMUX",   "COMP_WORDS",
};
// These choose what a shell, a loader or an interpreter runs before the script, or name sockets and keys.
constexpr std::array<std::string_view, 19> kPrefixes = {
    "BASH_ENV", "BASH_FUNC_", "BASHOPTS", "SHELLOPTS",      "ENV",     "PROMPT_COMMAND", "PS1",  "PS4",
    "IFS",      "CDPATH",     "LD_",      "GLIBC_TUNABLES", "OWHALE_", "SSH_",           "GPG_", "DBUS_",
    "XDG_",     "GCONV_PATH", "SUDO_",
};

bool matches(std::string_view name, std::string_view pattern) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

bool is_kept_out(const std::string& name) {
    if (looks_secret(name) || std::ranges::find(kOutside, name) != kOutside.end()) return true;
    return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
        return prefix.ends_with('_') ? name.starts_with(prefix) : name == prefix;
    });
}

bool is_asked_for(const std::string& name, const std::string& asked) {
    std::istringstream words(asked);
    return std::any_of(std::istream_iterator<std::string>(words), {},
                       [&](const std::string& pattern) { return matches(name, pattern); });
}

Variables read_block(std::string_view block) {
    Variables out;
    while (!block.empty()) {
        const auto end = block.find('\0');
        const auto entry = block.substr(0, end);
        block.remove_prefix(end == std::string_view::npos ? block.size() : end + 1);
        if (const auto equals = entry.find('='); equals != std::string_view::npos && equals > 0)
            out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return out;
}

Variables own_variables() {
    Variables out;
    for (const auto& name : own_names())
        if (auto value = own_variable(name); value && !name.empty()) out.emplace(name, *std::move(value));
    return out;
}

// What it was started with; nothing of ours counts as set for us when that cannot be read.
Variables parents_variables(const Variables& own) {
    std::ifstream file("/proc/" + std::to_string(::getppid()) + "/environ", std::ios::binary);
    std::string block(kMostEnvironment, '\0');
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    block.resize(static_cast<std::size_t>(file.gcount()));
    return block.empty() ? own : read_block(block);
}

bool is_this_program(const std::string& path) {
    struct stat one{}, us{};
    return ::stat(path.c_str(), &one) == 0 && ::stat("/proc/self/exe", &us) == 0 && one.st_dev == us.st_dev &&
           one.st_ino == us.st_ino;
}

} // namespace

std::vector<std::string> passed_on(const Variables& own, const Variables& parents, const std::string& asked) {
    std::vector<std::string> out;
    for (const auto& [name, value] : own) {
        if (!is_utf8(name + value)) continue;
        const auto theirs = parents.find(name);
        const bool set_for_us = theirs == parents.end() || theirs->second != value;
        if ((set_for_us && !is_kept_out(name)) || is_asked_for(name, asked)) out.push_back(name + "=" + value);
    }
    return out;
}

std::vector<std::string> variables_for_this_command() {
    const auto own = own_variables();
    return passed_on(own, parents_variables(own), own_variable("OWHALE_SH_ENV").value_or(""));
}

std::string path_without_us(const std::string& path) {
    std::string out;
    std::istringstream folders(path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (is_this_program(folder + "/bash") || is_this_program(folder + "/sh")) continue;
        out += (out.empty() ? "" : ":") + folder;
    }
    return out;
}

} // namespace owhale::cli::shell
