#include "run_cgroup.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/files.hpp"

namespace owhale {
namespace {

constexpr std::size_t kMaxProcFile = 1 << 20;

bool put(const std::string& path, const std::string& text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Where cgroup2 is mounted: "" when it is not. proc_pid_mountinfo(5): the type follows " - ".
std::string find_mount() {
    std::istringstream lines(read_file("/proc/self/mountinfo", kMaxProcFile).value_or(""));
    for (std::string line; std::getline(lines, line);) {
        if (line.find(" - cgroup2 ") == std::string::npos) continue;
        std::istringstream fields(line);
        std::string field;
        for (int i = 0; i < 5; ++i) fields >> field;
        return field;
    }
    return {};
}

std::string own_cgroup() {
    std::istringstream lines(read_file("/proc/self/cgroup", kMaxProcFile).value_or(""));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("0::")) return line.substr(3);
    return "/";
}

// systemd marks a unit's cgroup that Delegate= gave away (systemd.resource-control(5)).
bool delegated(const std::string& path) {
    char value[8];
    for (const char* name : {"trusted.delegate", "user.delegate"})
        if (::getxattr(path.c_str(), name, value, sizeof value) > 0 && value[0] == '1') return true;
    return false;
}

bool hand_down(const std::string& path) {
    bool any = false;
    for (const char* controller : {"+memory", "+pids", "+cpu", "+io"})
        any |= put(path + "/cgroup.subtree_control", controller);
    return any;
}

void remove_below(const std::string& path) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
        if (entry.is_directory(ignored)) {
            remove_below(entry.path());
            ::rmdir(entry.path().c_str());
        }
}

} // namespace

RunCgroup::RunCgroup(bool rootless) {
    const auto mount = find_mount();
    if (mount.empty()) return;
    const auto own = mount + own_cgroup();
    if (delegated(own) || rootless) {
        base_ = own.ends_with('/') ? own.substr(0, own.size() - 1) : own;
    } else {
        base_ = mount + "/owhaled-" + std::to_string(::getpid());
        // One that a killed supervisor of the same pid left is ours now: pids are not in use twice.
        own_base_ = ::mkdir(base_.c_str(), 0755) == 0 || errno == EEXIST;
        if (!own_base_) return;
    }
    // No process may sit beside the groups that get controllers: ours go into a leaf.
    const auto leaf = base_ + "/owhaled";
    if ((::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) ||
        !put(leaf + "/cgroup.procs", std::to_string(::getpid())))
        return;
    if (own_base_) hand_down(mount);
    hand_down(base_);
    const auto runs = base_ + "/runs";
    if (::mkdir(runs.c_str(), 0755) != 0 && errno != EEXIST) return;
    runs_ = runs;
    kill_all(); // what an earlier supervisor, killed, left in a delegated folder
}

void RunCgroup::kill_all() const {
    if (runs_.empty()) return;
    put(runs_ + "/cgroup.kill", "1");
    for (int i = 0; i < 100; ++i) {
        remove_below(runs_);
        std::error_code ignored;
        bool left = false;
        for (const auto& entry : std::filesystem::directory_iterator(runs_, ignored))
            left |= entry.is_directory(ignored);
        if (!left) return;
        ::usleep(10'000);
    }
}

RunCgroup::~RunCgroup() {
    kill_all();
    if (!own_base_) return;
    // Back to where we came from is the root: a group with a process in it cannot be removed.
    put(std::filesystem::path(base_).parent_path() / "cgroup.procs", std::to_string(::getpid()));
    ::rmdir(runs_.c_str());
    ::rmdir((base_ + "/owhaled").c_str());
    ::rmdir(base_.c_str());
}

} // namespace owhale
