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

// Where the header ends, behind its bracket: [name], [name.sub], [name "sub"]; 0 where it is none. A bracket later in the line
// belongs to something else, such as a key.
std::size_t header_end(std::string_view text) {
    const auto is_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; };
    std::size_t at = 1;
    while (at < text.size() && is_name(static_cast<unsigned char>(text[at]))) ++at;
    if (at == 1) return 0;
    at = std::min(text.find_first_not_of(" \t", at), text.size());
    if (at < text.size() && text[at] == '"') {
        for (++at; at < text.size() && text[at] != '"'; ++at)
            if (text[at] == '\\') ++at;
        ++at;
    }
    return at < text.size() && text[at] == ']' ? at + 1 : 0;
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
            const auto header = text.substr(0, header_end(text));
            dropped = header.empty() || contains(kDroppedSections, section_of(header));
            // A key on the header's own line is not looked at, and goes.
            if (!dropped) (out += header) += '\n';
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
