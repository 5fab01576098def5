// Paths by their text alone.
#include "policy/normal/paths.hpp"

#include <vector>

#include "policy/normal/value.hpp"

namespace owhale::policy {
namespace {

// False: it climbed above what is known.
bool fold(std::vector<std::string_view>& parts, std::string_view part) {
    if (part.empty() || part == ".") return true;
    if (part != "..") {
        parts.push_back(part);
        return true;
    }
    if (parts.empty()) return true; // "/.." is "/"
    const bool many = parts.back().find(kHole) != std::string_view::npos;
    parts.pop_back();
    return !many;
}

} // namespace

std::string absolute_path(std::string_view path, std::string_view cwd) {
    if (path.starts_with(kHole)) return std::string(path);
    const std::string whole = path.starts_with('/') ? std::string(path) : std::string(cwd) + "/" + std::string(path);
    if (whole.starts_with(kHole)) return whole;
    std::vector<std::string_view> parts;
    std::string_view rest = whole;
    bool known = true;
    while (!rest.empty()) {
        const auto slash = rest.find('/');
        known = fold(parts, rest.substr(0, slash)) && known;
        rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    }
    if (!known) return std::string(kHole);
    std::string out;
    for (const auto part : parts) out.append("/").append(part);
    return out.empty() ? "/" : out;
}

bool is_below(std::string_view path, std::string_view folder) {
    if (folder.empty()) return false;
    if (folder == "/") return path.starts_with('/');
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string_view base_name(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

std::string parent_path(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string join_path(std::string_view folder, std::string_view name) {
    return folder == "/" ? "/" + std::string(name) : std::string(folder) + "/" + std::string(name);
}

} // namespace owhale::policy
