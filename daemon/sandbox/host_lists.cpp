#include "sandbox/host_lists.hpp"

#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <memory>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/toml_reader.hpp"
#include "sandbox/host_rule.hpp"
#include "sandbox/paths.hpp"
#include "shared/host_text.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxList = 64u << 10, kMaxSource = 1u << 20, kMaxLists = 256, kMaxHosts = 256;
constexpr auto kCode = Code::config_invalid;

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\"'<{[-");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

// "registry" of `registry=…`, `"registry": …`, `<registry>…`; of `@scope:registry=…` what follows the scope.
std::string_view key_of(std::string_view line) {
    if (line.starts_with('@')) line.remove_prefix(std::min(line.find(':') + 1, line.size()));
    return line.substr(0, line.find_first_of(" \t=:\"'>"));
}

bool is_comment(std::string_view line) {
    return line.empty() || line.starts_with('#') || line.starts_with(';') || line.starts_with("//") ||
           line.starts_with("!--");
}

// Of XML: what no <!-- comment --> and no blocked <mirror> holds; other text as it is.
std::string without_unread(std::string_view text) {
    std::string out(text);
    if (const auto first = text.find_first_not_of(" \t\r\n"); first == text.npos || text[first] != '<') return out;
    const auto cut = [&](std::string_view from, std::string_view to, std::string_view only) {
        for (auto at = out.find(from); at != std::string::npos; at = out.find(from, at)) {
            const auto end = out.find(to, at + from.size());
            const auto size = end == std::string::npos ? std::string::npos : end + to.size() - at;
            if (out.substr(at, size).find(only) == std::string::npos)
                at += from.size();
            else
                out.erase(at, size);
        }
    };
    cut("<!--", "-->", "");
    cut("<mirror>", "</mirror>", "<blocked>true</blocked>");
    return out;
}

// The host and port of each "scheme://[user@]host[:port]" in a line.
void add_urls(std::string_view line, std::vector<api::HostRule>& to) {
    for (auto at = line.find("://"); at != std::string_view::npos; at = line.find("://", at + 3)) {
        const bool plain = line.substr(0, at).ends_with("http");
        const bool secure = line.substr(0, at).ends_with("https");
        auto authority = line.substr(at + 3);
        authority = authority.substr(0, authority.find_first_of("/ \t\"'<>,|;)]}\\\r?#"));
        if (const auto user = authority.rfind('@'); user != std::string_view::npos) authority.remove_prefix(user + 1);
        if (!plain && !secure) continue;
        auto rule = parse_host(authority);
        if (!rule) continue;
        if (!rule->ports) rule->ports = {static_cast<std::uint16_t>(secure ? 443 : 80)};
        if (auto good = checked(std::move(*rule))) to.push_back(std::move(*good));
    }
}

void take(HostList& list, std::vector<api::HostRule> hosts) {
    for (auto& rule : hosts) {
        rule.from = "list " + list.name;
        const auto covered = [&](const api::HostRule& other) { return covers(other, rule); };
        if (std::ranges::none_of(list.hosts, covered) && list.hosts.size() < kMaxHosts)
            list.hosts.push_back(std::move(rule));
    }
}

Status read_from(const TomlReader& from, HostList& list) {
    CHECK(from.only({"file", "keys", "variable"}));
    const auto file = TRY(from.string("file")), variable = TRY(from.string("variable"));
    const auto keys = TRY(from.strings("keys"));
    if (file.has_value() == variable.has_value()) return from.wrong("file", "give one of file and variable");
    if (file && (!is_clean_absolute(*file) || keys.empty()))
        return from.wrong("file", "must be absolute, with the keys whose lines hold URLs");
    list.looked.push_back(file ? *file : "$" + *variable);
    if (variable) {
        std::vector<api::HostRule> hosts;
        if (const char* value = std::getenv(variable->c_str())) add_urls(value, hosts);
        take(list, std::move(hosts));
        return {};
    }
    const auto text = read_trusted(*file, kMaxSource); // not there, or not root's: it says nothing
    if (text) take(list, hosts_in(*text, keys));
    return {};
}

Result<std::vector<std::string>> list_files(const std::string& folder) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), ::closedir);
    if (!listing && (errno == ENOENT || errno == ENOTDIR)) return names;
    if (!listing && errno == EACCES)
        return fail(kCode, "the folder of host lists " + folder + " may not be read",
                    "restart owhaled where the folder is newer than its start: what it may read is fixed then");
    if (!listing) return fail_errno("the folder of host lists " + folder);
    while (const auto* entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (name.size() > 5 && name.ends_with(".toml") && !name.starts_with('.')) names.emplace_back(name);
    }
    if (names.size() > kMaxLists) return fail(kCode, folder + " has more than 256 lists");
    std::ranges::sort(names);
    return names;
}

} // namespace

std::vector<api::HostRule> hosts_in(std::string_view given, const std::vector<std::string>& keys) {
    std::vector<api::HostRule> out;
    const auto text = without_unread(given);
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = trimmed(std::string_view(text).substr(at, end - at));
        at = end + 1;
        if (is_comment(line)) continue;
        if (std::ranges::find(keys, key_of(line)) != keys.end()) add_urls(line, out);
    }
    return out;
}

Result<HostList> read_host_list(std::string_view name, std::string_view file, std::string_view text) {
    const auto table = TRY(parse_toml(kCode, file, text));
    const TomlReader reader(kCode, file, table);
    CHECK(reader.only({"description", "hosts", "from"}));
    HostList list;
    list.name = name;
    if (!checked({"@" + list.name, {}, {}, {}, {}}))
        return reader.wrong("description", "the file's name must be a word in lower case, such as npm.toml");
    list.description = TRY(reader.string("description")).value_or("");
    for (const auto& host : TRY(reader.strings("hosts"))) {
        auto rule = parse_host(host);
        if (rule) rule = checked(std::move(*rule));
        if (!rule) return reader.wrong("hosts", rule.error().message);
        if (is_list(*rule)) return reader.wrong("hosts", "a list names no other list");
        take(list, {std::move(*rule)});
    }
    for (const auto& from : TRY(reader.tables("from"))) CHECK(read_from(from, list));
    return list;
}

Result<HostLists> read_host_folder(const std::string& folder) {
    HostLists out;
    for (const auto& file : TRY(list_files(folder))) {
        const auto path = join(folder, file);
        const auto text = TRY(read_trusted(path, kMaxList));
        auto list = TRY(read_host_list(std::string_view(file).substr(0, file.size() - 5), path, text));
        out[list.name] = std::move(list);
    }
    return out;
}

void add_lists(HostLists& to, const HostLists& more) {
    for (const auto& [name, list] : more) {
        auto& into = to[name];
        into.name = name;
        if (!list.description.empty()) into.description = list.description;
        take(into, list.hosts);
        into.looked.insert(into.looked.end(), list.looked.begin(), list.looked.end());
    }
}

} // namespace owhale::sandbox
