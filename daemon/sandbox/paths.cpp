#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

bool clean_parts(std::string_view path) {
    for (std::size_t at = 0; at <= path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto part = path.substr(at, end - at);
        if (part.empty() || part == "." || part == "..") return false;
        at = end + 1;
    }
    return path.find('\0') == std::string_view::npos;
}

} // namespace

bool is_clean_absolute(std::string_view path) {
    return path == "/" || (path.starts_with('/') && clean_parts(path.substr(1)));
}

bool is_clean_relative(std::string_view path) {
    return !path.empty() && clean_parts(path);
}

bool is_within(std::string_view path, std::string_view folder) {
    if (folder.empty()) return false;
    if (folder == "/") return path.starts_with('/');
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool is_within_any(std::string_view path, std::span<const std::string> folders) {
    for (const auto& folder : folders)
        if (is_within(path, folder)) return true;
    return false;
}

std::string join(std::string_view base, std::string_view relative) {
    std::string out(base);
    if (relative.empty()) return out;
    if (!out.ends_with('/')) out += '/';
    out += relative;
    return out;
}

std::string_view below(std::string_view path, std::string_view folder) {
    if (folder == "/") return path.substr(1);
    return path.size() == folder.size() ? std::string_view{} : path.substr(folder.size() + 1);
}

std::string_view parent(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return {};
    return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::vector<std::string> split_search_path(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(':', at), text.size());
        if (end > at) out.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

} // namespace owhale::sandbox
