#include "transport/router.hpp"

#include <algorithm>
#include <optional>

#include "shared/nearest.hpp"

namespace owhale::transport {
namespace {

using identity::Permission;

std::optional<Permission> permission_of(std::string_view name) {
    if (name == "none") return Permission::none;
    const auto& all = identity::permissions();
    const auto row = std::ranges::find(all, name, &identity::PermissionRow::name);
    if (row == all.end()) return std::nullopt;
    return row->permission;
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) { // begins with a slash
        const auto end = std::min(path.find('/', 1), path.size());
        parts.push_back(path.substr(1, end - 1));
        path.remove_prefix(end);
    }
    return parts;
}

bool is_param(std::string_view part) {
    return part.starts_with('{');
}

bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string>& segments) {
    return std::ranges::equal(pattern, segments, [](std::string_view part, const std::string& segment) {
        return is_param(part) ? !segment.empty() : part == segment;
    });
}

// The pattern with the caller's own segments in its parameters, to measure how far off the path is.
std::string filled(const std::vector<std::string_view>& pattern, const std::vector<std::string>& segments) {
    std::string path;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool given = is_param(pattern[i]) && i < segments.size() && !segments[i].empty();
        (path += '/') += given ? std::string_view(segments[i]) : pattern[i];
    }
    return path;
}

Response refuse_method(const std::string& method, const std::string& path, const std::string& allow) {
    auto response = problem({Code::method_not_allowed, method + " is not for " + path, "Use " + allow + ".", 0, {}});
    response.headers.emplace_back("Allow", allow);
    return response;
}

} // namespace

Result<Router> Router::make(std::vector<Route> routes) {
    Router router;
    for (const auto& verb : verbs()) {
        const auto permission = permission_of(verb.permission);
        if (!permission) return fail(Code::internal, "the verb " + std::string(verb.name) + " names no permission");
        router.entries_.push_back({&verb, split(verb.path), *permission, {verb.name, {}, {}}});
    }
    for (auto& route : routes) {
        const auto entry =
            std::ranges::find(router.entries_, route.verb, [](const Entry& one) { return one.verb->name; });
        const std::string name(route.verb);
        if (entry == router.entries_.end()) return fail(Code::internal, "the verb table has no row for " + name);
        if (entry->route.handler || entry->route.upgrade || entry->route.stream)
            return fail(Code::internal, name + " has two routes");
        entry->route = std::move(route);
    }
    return router;
}

std::expected<Match, Response> Router::find(const std::string& method, const Target& target) const {
    const std::string_view wanted = method == "HEAD" ? "GET" : std::string_view(method);
    std::string allow;
    for (const auto& entry : entries_) {
        if (!fits(entry.pattern, target.segments)) continue;
        if (entry.verb->method != wanted) {
            (allow += allow.empty() ? "" : ", ") += entry.verb->method;
            continue;
        }
        Match match{entry.verb, &entry.route, entry.permission, {}};
        for (std::size_t i = 0; i < entry.pattern.size(); ++i)
            if (const auto part = entry.pattern[i]; is_param(part))
                match.params.emplace(part.substr(1, part.size() - 2), target.segments[i]);
        return match;
    }
    if (!allow.empty()) return std::unexpected(refuse_method(method, target.path, allow));
    return std::unexpected(missing(target));
}

Response Router::missing(const Target& target) const {
    std::vector<std::string> paths;
    for (const auto& entry : entries_) paths.push_back(filled(entry.pattern, target.segments));
    const std::vector<std::string_view> known(paths.begin(), paths.end());
    const auto close = nearest(target.path, known);
    const auto next = close ? "Did you mean " + std::string(*close) + "?" : "GET /openapi.json lists every path.";
    return problem({Code::not_found, "there is no " + target.path.substr(0, 200), next, 0, {}});
}

} // namespace owhale::transport
