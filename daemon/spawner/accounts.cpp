#include "spawner/accounts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>

namespace owhale::spawner {
namespace {

constexpr std::array<std::string_view, 28> kRootLike = {
    "root",    "daemon",       "sys",      "adm",    "disk",  "kmem", "tty",   "shadow",
    "sudo",    "wheel",        "admin",    "docker", "lxd",   "lxc",  "incus", "incus-admin",
    "libvirt", "libvirt-qemu", "kvm",      "podman", "staff", "utmp", "input", "systemd-journal",
    "netdev",  "wireshark",    "ssl-cert", "_ssh"};

using Fields = std::vector<std::string_view>;

Fields split(std::string_view line, char separator) {
    Fields fields;
    for (;;) {
        const auto at = line.find(separator);
        fields.push_back(line.substr(0, at));
        if (at == std::string_view::npos) return fields;
        line.remove_prefix(at + 1);
    }
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

// Calls `visit` with the fields of each line until it answers true.
template <typename Visit> void each_line(const char* path, std::size_t min_fields, Visit visit) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(::fopen(path, "re"), &::fclose);
    if (!file) return;
    char* line = nullptr;
    std::size_t capacity = 0;
    for (ssize_t n = 0; (n = ::getline(&line, &capacity, file.get())) > 0;) {
        std::string_view text(line, static_cast<std::size_t>(n));
        if (text.back() == '\n') text.remove_suffix(1);
        const auto fields = split(text, ':');
        if (fields.size() >= min_fields && visit(fields)) break;
    }
    ::free(line);
}

template <typename Match> std::optional<Account> find(Match match) {
    std::optional<Account> found;
    each_line("/etc/passwd", 7, [&](const Fields& f) {
        const auto uid = number(f[2]), gid = number(f[3]);
        if (!uid || !gid || !match(f[0], *uid)) return false;
        found = Account{std::string(f[0]), *uid, *gid, std::string(f[5])};
        return true;
    });
    return found;
}

} // namespace

std::optional<Account> find_account(std::uint32_t uid) {
    return find([uid](std::string_view, std::uint32_t u) { return u == uid; });
}

std::optional<Account> find_account(std::string_view name) {
    return find([name](std::string_view n, std::uint32_t) { return n == name; });
}

std::vector<std::uint32_t> groups_of(std::string_view user) {
    std::vector<std::uint32_t> groups;
    each_line("/etc/group", 4, [&](const Fields& f) {
        const auto members = split(f[3], ',');
        if (const auto gid = number(f[2]); gid && std::ranges::find(members, user) != members.end())
            groups.push_back(*gid);
        return false;
    });
    return groups;
}

bool root_like(std::uint32_t gid) {
    if (gid == 0) return true;
    bool found = false;
    each_line("/etc/group", 3, [&](const Fields& f) {
        if (number(f[2]) != gid) return false;
        found = std::ranges::find(kRootLike, f[0]) != kRootLike.end();
        return true;
    });
    return found;
}

} // namespace owhale::spawner
