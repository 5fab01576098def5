// The list of facts, and what the text of a path alone says about the place of a run.
#include "policy/normal/facts.hpp"

#include <algorithm>

#include "policy/normal/paths.hpp"
#include "policy/request.hpp"

namespace owhale::policy {
namespace {

constexpr std::array<std::string_view, 19> kSystemFolders = {
    "/bin",  "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64",      "/proc",  "/root", "/run",
    "/sbin", "/sys",  "/usr", "/var", "/tmp", "/home",  "/lost+found", "/media", "/mnt"};

bool is_system(std::string_view path) {
    if (path.starts_with("/tmp/") || path.starts_with("/mnt/") || path.starts_with("/media/")) return false;
    if (path.starts_with("/home/") || path.starts_with("/root/")) return false;
    if (path.starts_with("/usr/src/") || path.starts_with("/var/www/") || path.starts_with("/var/tmp/")) return false;
    return std::ranges::any_of(kSystemFolders, [&](auto folder) { return is_below(path, folder); });
}

bool may_be_workspace(std::string_view path, std::string_view home) {
    if (path == "/" || is_system(path)) return false;
    if (path.starts_with("/home/") && path.find('/', 6) == std::string_view::npos) return false;
    if (home.empty()) return true;
    if (is_below(home, path)) return false; // the home, and what holds it
    const bool dotted = is_below(path, home) && path.substr(home.size() + 1).starts_with(".");
    return !dotted;
}

} // namespace

bool is_fact(std::string_view name) {
    return std::ranges::any_of(kFacts, [&](const FactRow& row) { return row.name == name; });
}

Facts facts_of_path(std::string cwd, std::string home) {
    Facts facts;
    facts.cwd = absolute_path(cwd, "/");
    facts.home = home.empty() ? "" : absolute_path(home, "/");
    if (may_be_workspace(facts.cwd, facts.home)) facts.workspace = facts.cwd;
    return facts;
}

} // namespace owhale::policy
