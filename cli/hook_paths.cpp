#include "cli/hook_paths.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "cli/agents.hpp"
#include "cli/escape.hpp"
#include "cli/patch_files.hpp"
#include "policy/request.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostPath = 4096;
constexpr int kMostLinks = 40; // as the kernel: path_resolution(7)

using Parts = std::deque<std::string>;

Parts parts_of(std::string_view path) {
    Parts parts;
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        if (end > 0) parts.emplace_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

std::string normal(std::string_view path) {
    std::string out;
    for (const auto& part : parts_of(path)) {
        if (part == "..")
            out = out.empty() ? out : parent_of(out);
        else if (part != ".")
            out += "/" + part;
    }
    return out.empty() ? "/" : out;
}

std::unexpected<Error> unclear(const std::string& path, const std::string& why) {
    return fail(Code::invalid_value, escaped(path.substr(0, 200)) + " " + why, "name the file by another path");
}

// As path_resolution(7) has it, where folders that are not there are taken as they stand: they may be made.
Result<std::string> follow(const std::string& path) {
    auto rest = parts_of(path);
    std::string out;
    int links = 0;
    while (!rest.empty()) {
        const auto part = rest.front();
        rest.pop_front();
        if (part == ".") continue;
        if (part == "..") {
            if (!out.empty()) out = parent_of(out);
            continue;
        }
        const auto here = out + "/" + part;
        std::array<char, PATH_MAX> target{};
        const auto size = ::readlink(here.c_str(), target.data(), target.size());
        if (size < 0 && errno != EINVAL && errno != ENOENT && errno != ENOTDIR)
            return unclear(path, "cannot be looked at");
        if (size < 0) {
            out = here;
            continue;
        }
        if (++links > kMostLinks || static_cast<std::size_t>(size) == target.size())
            return unclear(path, "leads through too many links");
        const auto next = parts_of({target.data(), static_cast<std::size_t>(size)});
        if (target[0] == '/') out.clear();
        rest.insert(rest.begin(), next.begin(), next.end());
    }
    return out.empty() ? "/" : out;
}

char small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string small(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return small(c); });
    return text;
}

bool is_below(std::string_view path, std::string_view folder) {
    return !folder.empty() && path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// "/a/b/.git/hooks/x" holds "/.git/hooks" as whole parts.
bool holds(const std::string& path, std::string_view parts) {
    const auto wanted = "/" + small(std::string(parts));
    for (auto at = path.find(wanted); at != std::string::npos; at = path.find(wanted, at + 1)) {
        const auto end = at + wanted.size();
        if (end == path.size() || path[end] == '/') return true;
    }
    return false;
}

bool lets_code_run(const std::string& path) {
    const auto lower = small(path);
    const bool listed =
        std::ranges::any_of(protected_files(), [&](std::string_view name) { return holds(lower, name); });
    return listed || lower.ends_with("/.git") || std::ranges::any_of(git_files(), [&](std::string_view name) {
               return holds(lower, ".git/" + std::string(name)) || (holds(lower, ".git/modules") && holds(lower, name));
           });
}

bool is_credential(const std::string& path, const std::string& home) {
    if (!is_below(path, home)) return false;
    const auto lower = small(path.substr(home.size()));
    return std::ranges::any_of(credential_files(), [&](std::string_view name) {
        return is_below(std::string_view(lower).substr(std::min<std::size_t>(1, lower.size())),
                        small(std::string(name)));
    });
}

// What is there belongs to whoever looks: here to us, there to the agent.
bool is_kernel_view(const std::string& path) {
    return is_below(path, "/proc") || is_below(path, "/sys") || is_below(path, "/dev");
}

bool is_device_for_all(const std::string& path) {
    return path == "/dev/null" || path == "/dev/zero" || path == "/dev/random" || path == "/dev/urandom";
}

} // namespace

Result<Located> locate(const std::string& path, const std::string& folder, const std::string& home) {
    if (path.empty() || path.size() > kMostPath) return unclear(path, "is no path of 1 to 4096 bytes");
    // Some tools strip it, so that they would write another file than was looked at.
    if (trimmed(path) != path) return unclear(path, "begins or ends with a blank");
    auto whole = path;
    if ((path == "~" || path.starts_with("~/")) && !home.empty())
        whole = home + path.substr(1);
    else if (!path.starts_with('/'))
        whole = folder + "/" + path;
    Located out{normal(whole), {}};
    // /proc/self is another one for the agent.
    out.real = is_kernel_view(out.named) ? out.named : TRY(follow(whole));
    return out;
}

std::string workspace_around(const std::string& folder, const std::string& home) {
    struct stat found{};
    for (auto at = folder; !at.empty(); at = parent_of(at)) {
        if (::lstat((at + "/.git").c_str(), &found) != 0) continue;
        if (auto good = policy::facts_of_path(at, home).workspace; !good.empty()) return good;
        break;
    }
    return policy::facts_of_path(folder, home).workspace;
}

PathRuling rule_write(const Located& where, const std::string& workspace, const std::string& home) {
    using enum PathRuling::Kind;
    for (const auto& path : {where.named, where.real}) {
        if (is_device_for_all(path)) continue;
        if (is_credential(path, home)) return {deny, path + " holds credentials"};
        if (lets_code_run(path))
            return {ask, path + " decides what later runs without being asked for, and without a cage"};
    }
    // Only where it leads: a folder that is reached by a link of the person's own is no other place.
    if (is_below(where.real, workspace) || is_device_for_all(where.real)) return {};
    return {ask,
            where.real + (workspace.empty() ? " is in no workspace" : " is outside of the workspace " + workspace)};
}

PathRuling rule_read(const Located& where, const std::string& home) {
    using enum PathRuling::Kind;
    for (const auto& path : {where.named, where.real}) {
        if (is_credential(path, home)) return {deny, path + " holds credentials"};
        if (is_kernel_view(path) && !is_device_for_all(path))
            return {ask, path + " is the agent's own view of the kernel"};
    }
    return {};
}

} // namespace owhale::cli
