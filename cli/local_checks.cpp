#include "cli/local_checks.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/userns_limits.hpp"
#include "cli/exit_codes.hpp"
#include "cli/upgrade.hpp"

namespace owhale::cli {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

// The first bytes of a small file, without the line's end; "" when it cannot be read.
std::string first_line(const char* path) {
    const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
    std::array<char, 256> text{};
    const auto count = file ? ::read(file.get(), text.data(), text.size()) : -1;
    const std::string_view all(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return std::string(all.substr(0, all.find('\n')));
}

std::string on_path(std::string_view program) {
    std::string_view folders = "/usr/local/bin:/usr/bin:/bin";
    while (!folders.empty()) {
        const auto colon = folders.find(':');
        const auto path = std::string(folders.substr(0, colon)) + "/" + std::string(program);
        if (::access(path.c_str(), X_OK) == 0) return path;
        folders.remove_prefix(colon == std::string_view::npos ? folders.size() : colon + 1);
    }
    return {};
}

api::Check socket_check(const Where& where, const Error* unreachable) {
    std::string paths;
    for (const auto& one : where.sockets) paths += (paths.empty() ? "" : ", ") + one.path + " (" + one.source + ")";
    if (where.host) paths = where.host->url() + " (" + where.host->source + ")";
    if (unreachable == nullptr) return {"owhaled", "ok", "answers", "", ""};
    const auto detail =
        unreachable->message + (unreachable->errnum != 0 ? std::string(": ") + ::strerror(unreachable->errnum) : "");
    return {"owhaled", "missing", detail + "; looked at " + paths, "everything: nothing runs in a cage",
            unreachable->next.empty() ? std::string(next_step(unreachable->code)) : unreachable->next};
}

api::Check runtime_folder_check() {
    const auto folder = variable("XDG_RUNTIME_DIR");
    if (::geteuid() == 0) return {"runtime folder", "ok", "root uses /run/owhaled", "", ""};
    if (!folder.empty() && ::access(folder.c_str(), W_OK) == 0) return {"runtime folder", "ok", folder, "", ""};
    return {"runtime folder", "weaker", folder.empty() ? "XDG_RUNTIME_DIR is not set" : folder + " is not writable",
            "a rootless owhaled of yours has no usual place for its socket",
            "log in through PAM (su -l, ssh), or set XDG_RUNTIME_DIR to a 0700 folder of yours"};
}

// What the daemon will say of this folder, as a guess: see DESIGN, "Workspace".
api::Check folder_check() {
    std::array<char, 4096> buffer{};
    if (::getcwd(buffer.data(), buffer.size()) == nullptr)
        return {"this folder", "missing", "gone, or out of reach", "runs from here", "go to a folder that exists"};
    const std::string folder(buffer.data()), home = variable("HOME");
    struct stat info{};
    const bool own = ::stat(".", &info) == 0 && info.st_uid == ::geteuid();
    const bool home_itself = folder == home || (home.size() > folder.size() &&
                                                (home + "/").starts_with(folder == "/" ? folder : folder + "/"));
    if (own && !home_itself && folder != "/") return {"this folder", "ok", folder + " can be a workspace", "", ""};
    return {"this folder", "weaker", folder + (home_itself ? " is your home, or above it" : " is not yours"),
            "runs from here cannot write in it",
            "go to a project's folder below your home, or name one with --workspace"};
}

struct Language {
    std::string_view name, program, package;
};
constexpr std::array<Language, 6> kLanguages = {{{"python", "python3", "python3"},
                                                 {"javascript", "node", "nodejs"},
                                                 {"typescript", "esbuild", "esbuild"},
                                                 {"bash", "bash", "bash"},
                                                 {"perl", "perl", "perl"},
                                                 {"ruby", "ruby", "ruby"}}};

// TypeScript is made into JavaScript, which node runs.
bool is_there(const Language& language) {
    return !on_path(language.program).empty() && (language.name != "typescript" || !on_path("node").empty());
}

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

api::Check languages_check() {
    std::vector<std::string> there, missing;
    for (const auto& language : kLanguages) (is_there(language) ? there : missing).emplace_back(language.name);
    if (missing.empty()) return {"languages", "ok", listed(there), "", ""};
    return {"languages", "weaker", listed(there), "owhalectl code for " + listed(missing),
            "install " + listed(missing_language_packages())};
}

api::Check container_check() {
    const bool docker = exists("/.dockerenv"), podman = exists("/run/.containerenv");
    const bool wsl = first_line("/proc/sys/kernel/osrelease").find("icrosoft") != std::string::npos;
    if (wsl)
        return {"surroundings", "weaker", "Windows Subsystem for Linux", "cgroup limits, on version 1",
                "use WSL 2 with systemd=true in /etc/wsl.conf"};
    if (!docker && !podman) return {"surroundings", "ok", "no container seen", "", ""};
    return {"surroundings", "weaker", docker ? "a Docker container" : "a Podman container",
            "namespaces, unless the container may make them; limits by cgroup",
            "start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined --cap-add "
            "SYS_ADMIN --cgroupns private -v /sys/fs/cgroup:/sys/fs/cgroup:rw"};
}

api::Check kernel_check() {
    utsname name{};
    ::uname(&name);
    int major = 0, minor = 0;
    std::sscanf(name.release, "%d.%d", &major, &minor);
    if (major > 6 || (major == 6 && minor >= 1)) return {"kernel", "ok", name.release, "", ""};
    return {"kernel", "weaker", name.release, "the floor is 6.1, Debian 12's: older ones are not tested",
            "boot a newer kernel"};
}

api::Check namespaces_check() {
    const auto limits = read_userns_limits();
    if (const auto all = hindrance(limits, true); !all.what.empty())
        return {"user namespaces", "missing", all.what, "every cage", all.fix};
    if (const auto users = hindrance(limits, false); !users.what.empty())
        return {"user namespaces", "weaker", users.what, "a rootless owhaled", users.fix};
    return {"user namespaces", "ok", "allowed", "", ""};
}

api::Check landlock_check() {
    const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi >= 2) return {"Landlock", "ok", "ABI " + std::to_string(abi), "", ""};
    return {"Landlock", "missing", abi < 0 ? ::strerror(errno) : "ABI 1", "the second wall around the file system",
            "boot with lsm=landlock,… on a kernel of 6.1 or newer"};
}

api::Check cgroup_check() {
    const auto controllers = first_line("/sys/fs/cgroup/cgroup.controllers");
    if (exists("/sys/fs/cgroup/cgroup.controllers"))
        return {"cgroup v2", "ok", controllers.empty() ? "mounted, without controllers" : controllers, "", ""};
    return {"cgroup v2", "weaker", "not mounted at /sys/fs/cgroup", "limits by cgroup: a sampler stands in",
            "boot with systemd.unified_cgroup_hierarchy=1"};
}

api::Check seccomp_check() {
    if (::prctl(PR_GET_SECCOMP) >= 0) return {"seccomp", "ok", "in the kernel", "", ""};
    return {"seccomp", "missing", "not in this kernel", "the filter of system calls",
            "boot a kernel with CONFIG_SECCOMP_FILTER"};
}

} // namespace

std::vector<std::string> missing_language_packages() {
    std::vector<std::string> out;
    for (const auto& language : kLanguages)
        if (on_path(language.program).empty()) out.emplace_back(language.package);
    return out;
}

std::vector<api::Check> local_checks(const Where& where, const Error* unreachable) {
    std::vector<api::Check> checks = {socket_check(where, unreachable)};
    if (where.host) return checks; // its folders and programs are not ours
    for (auto& check : upgrade_checks()) checks.push_back(std::move(check));
    for (const auto& check : {runtime_folder_check, folder_check, languages_check}) checks.push_back(check());
    if (unreachable == nullptr) return checks;
    for (const auto& check :
         {container_check, kernel_check, namespaces_check, cgroup_check, landlock_check, seccomp_check})
        checks.push_back(check());
    return checks;
}

} // namespace owhale::cli
