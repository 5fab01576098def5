#include "sandbox/gitconfig.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace owhale::sandbox {
namespace {

constexpr std::array<std::string_view, 14> kDroppedSections = {"credential", "http",   "https",     "url",  "include",
                                                               "includeif",  "gpg",    "sendemail", "imap", "remote",
                                                               "github",     "gitlab", "hub",       "lfs"};
// In any section: they ask for a key, a program or a path that the cage does not have, or hold a secret.
constexpr std::array<std::string_view, 9> kDroppedKeys = {
    "gpgsign", "signingkey", "token", "password", "oauthtoken", "sshcommand", "askpass", "hookspath", "fsmonitor"};

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\r");
    return from == std::string_view::npos ? std::string_view{} : text.substr(from);
}

template <std::size_t N> bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string section_of(std::string_view header) { // "[remote \"x\"]" -> "remote"
    const auto name = header.substr(1, header.find_first_of(" \t\"].", 1) - 1);
    return lower(name);
}

std::string key_of(std::string_view line) {
    return lower(line.substr(0, line.find_first_of(" \t=")));
}

} // namespace

std::string without_credentials(std::string_view config) {
    std::string out;
    bool dropped = true; // until the first section
    bool dropped_line = false, continued = false;
    while (!config.empty()) {
        const auto end = std::min(config.find('\n'), config.size());
        const auto line = config.substr(0, end);
        config.remove_prefix(std::min(end + 1, config.size()));
        const auto text = trimmed(line);
        if (!continued && text.starts_with('[')) {
            dropped = contains(kDroppedSections, section_of(text));
            // A key on the header's own line is not looked at, and goes.
            if (!dropped) (out += text.substr(0, text.rfind(']') + 1)) += '\n';
            dropped_line = true;
        } else if (!continued) {
            dropped_line = contains(kDroppedKeys, key_of(text));
        }
        continued = line.ends_with('\\');
        if (dropped || dropped_line) continue;
        out += line;
        out += '\n';
    }
    return out;
}

} // namespace owhale::sandbox
