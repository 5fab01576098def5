#include "sandbox/environment.hpp"

#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::string_view kUsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const std::string* explicit_path(const api::RunRequest& request) {
    if (!request.env) return nullptr;
    const auto found = request.env->find("PATH");
    return found == request.env->end() ? nullptr : &found->second;
}

} // namespace

bool View::shows(std::string_view path) const {
    return is_within_any(path, folders) || is_within_any(path, private_);
}

std::string wanted_path(const api::RunRequest& request) {
    if (const auto* path = explicit_path(request)) return *path;
    return request.path && !request.path->empty() ? *request.path : std::string(kUsualPath);
}

std::string search_path(const api::RunRequest& request, const View& view) {
    if (const auto* path = explicit_path(request)) return *path;
    std::string out;
    for (const auto& folder : split_search_path(wanted_path(request))) {
        if (!folder.starts_with('/') || !view.shows(folder)) continue;
        if (!out.empty()) out += ':';
        out += folder;
    }
    return out.empty() ? std::string(kUsualPath) : out;
}

std::vector<std::string> make_environment(const Profile& profile, const Setting& setting, const std::string& path,
                                          const std::map<std::string, std::string>& wanted) {
    auto env = profile.env;
    env["HOME"] = setting.home;
    env["USER"] = env["LOGNAME"] = setting.user;
    env["SHELL"] = setting.shell;
    env["PATH"] = path;
    env["PWD"] = setting.cwd;
    if (setting.tty) env.emplace("TERM", "xterm-256color");
    if (setting.idmapped) {
        // git notes each file's uid in its index: without this, every status inside would rewrite an index that the next
        // one outside finds stale again.
        env["GIT_CONFIG_COUNT"] = "1";
        env["GIT_CONFIG_KEY_0"] = "core.checkStat";
        env["GIT_CONFIG_VALUE_0"] = "minimal";
    }
    for (const auto& [name, value] : wanted) env[name] = value;
    std::vector<std::string> out;
    out.reserve(env.size());
    for (const auto& [name, value] : env) out.push_back(name + "=" + value);
    return out;
}

} // namespace owhale::sandbox
