#include "identity/bounds.hpp"

#include <algorithm>
#include <climits>
#include <filesystem>

#include "identity/names.hpp"

namespace owhale::identity {
namespace {

bool is_profile_name(const std::string& name) {
    constexpr std::size_t kLongest = 64;
    return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool is_at_or_below(const std::string& path, const std::string& folder) {
    return path == folder || folder == "/" || path.starts_with(folder + "/");
}

} // namespace

Result<std::string> narrow_profile(const std::string& makers, const std::optional<std::string>& wanted) {
    if (!wanted) return makers;
    if (!is_profile_name(*wanted))
        return fail(Code::invalid_value, "profile: that is no profile's name", "`owhalectl profiles ls` lists them");
    if (!makers.empty() && *wanted != makers)
        return fail(Code::forbidden, "the token that mints is bound to the profile " + makers,
                    "leave out the profile: the new token is bound to the same");
    return *wanted;
}

Result<std::string> narrow_cwd(const std::string& makers, const std::optional<std::string>& wanted) {
    if (!wanted) return makers;
    if (!wanted->starts_with('/') || !is_plain_text(*wanted, PATH_MAX - 1))
        return fail(Code::invalid_value, "cwd: that is no absolute path", "begin it with /");
    auto path = std::filesystem::path(*wanted).lexically_normal().string();
    if (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path != *wanted) return fail(Code::invalid_value, "cwd: the path is not in its shortest form", "write " + path);
    if (!makers.empty() && !is_at_or_below(path, makers))
        return fail(Code::forbidden, "the token that mints is bound to " + makers, "name a folder at or below it");
    return path;
}

} // namespace owhale::identity
