#include "spawner/cgroups.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "sandbox/plan.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

// "key value" in one of the kernel's flat files; 0 when it is not there.
std::uint64_t value_of(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
            std::uint64_t value = 0;
            std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
            return value;
        }
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return 0;
}

std::uint64_t number_after(std::string_view text, std::string_view key) {
    std::uint64_t value = 0;
    const auto at = text.find(key);
    if (at != std::string_view::npos) std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
    return value;
}

// "some avg10=… avg60=… avg300=… total=MICROSECONDS" (Documentation/accounting/psi.rst).
std::optional<std::uint64_t> stalled(std::string_view text) {
    if (!text.starts_with("some ")) return std::nullopt;
    return number_after(text.substr(0, text.find('\n')), " total=");
}

// A line a disk: "MAJOR:MINOR rbytes=… wbytes=… rios=… …". Absent without the controller; empty when no disk was used.
void add_disks(CgroupUsage& usage, std::string_view text) {
    usage.disk_read = usage.disk_written = 0;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        *usage.disk_read += number_after(line, " rbytes=");
        *usage.disk_written += number_after(line, " wbytes=");
    }
}

std::uint64_t number_in(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void read_members(const std::string& folder, std::vector<int>& pids) {
    const auto text = read_file(folder + "/cgroup.procs", kMaxFile).value_or("");
    const char* at = text.data();
    const char* const end = at + text.size();
    for (int pid = 0; at < end;) {
        const auto [next, error] = std::from_chars(at, end, pid);
        if (error != std::errc{}) break;
        pids.push_back(pid);
        at = next + 1;
    }
}

} // namespace

Result<Cgroup> Cgroup::create(const std::string& parent, const std::string& name) {
    Cgroup cgroup;
    cgroup.path_ = parent + "/" + name;
    if (::mkdir(cgroup.path_.c_str(), 0755) != 0) return fail_errno(cgroup.path_);
    cgroup.folder_.reset(::open(cgroup.path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!cgroup.folder_) return fail_errno(cgroup.path_);
    return cgroup;
}

int Cgroup::set(const char* file, const std::string& value) const {
    const Fd fd(::openat(folder_.get(), file, O_WRONLY | O_CLOEXEC));
    if (!fd) return errno;
    return ::write(fd.get(), value.data(), value.size()) < 0 ? errno : 0;
}

std::string Cgroup::read(const char* file) const {
    const Fd fd(::openat(folder_.get(), file, O_RDONLY | O_CLOEXEC));
    if (!fd) return {};
    return read_all(fd.get(), kMaxFile).value_or("");
}

CgroupUsage Cgroup::usage() const {
    CgroupUsage usage;
    usage.memory_peak = number_in(read("memory.peak")); // Linux 5.19
    usage.pids_peak = number_in(read("pids.peak"));     // Linux 6.1
    usage.oom_kills = oom_kills();
    usage.pids_refused = pids_refused();
    if (struct stat st{}; ::fstatat(folder_.get(), "io.stat", &st, 0) == 0) add_disks(usage, read("io.stat"));
    usage.cpu_stalled = stalled(read("cpu.pressure"));
    usage.memory_stalled = stalled(read("memory.pressure"));
    usage.io_stalled = stalled(read("io.pressure"));
    return usage;
}

std::uint32_t Cgroup::oom_kills() const {
    return static_cast<std::uint32_t>(value_of(read("memory.events"), "oom_kill"));
}

std::uint32_t Cgroup::pids_refused() const {
    return static_cast<std::uint32_t>(value_of(read("pids.events"), "max"));
}

// On 64 bits the kernel's number of a cgroup is its folder's inode number (kernfs).
std::uint64_t Cgroup::id() const {
    struct stat st{};
    return folder_ && ::fstat(folder_.get(), &st) == 0 ? st.st_ino : 0;
}

std::vector<int> Cgroup::members() const {
    std::vector<int> pids;
    read_members(path_, pids);
    // Not a range-for: its step throws.
    std::error_code gone;
    using Folders = std::filesystem::recursive_directory_iterator;
    for (Folders at(path_, gone); !gone && at != Folders(); at.increment(gone)) {
        std::error_code ignored;
        if (at->is_directory(ignored)) read_members(at->path(), pids);
    }
    return pids;
}

bool Cgroup::remove() const {
    return ::rmdir(path_.c_str()) == 0 || errno == ENOENT;
}

std::uint32_t enable_controllers(const std::string& base) {
    struct Controller {
        const char* name;
        std::uint32_t bit;
    };
    std::uint32_t enabled = 0;
    for (const auto& [name, bit] : {Controller{"memory", 1}, Controller{"pids", 2}, Controller{"cpu", 4},
                                    Controller{"io", wire::kIoController}}) {
        const Fd fd(::open((base + "/cgroup.subtree_control").c_str(), O_WRONLY | O_CLOEXEC));
        const auto word = std::string("+") + name;
        if (fd && ::write(fd.get(), word.data(), word.size()) > 0) enabled |= bit;
    }
    return enabled;
}

} // namespace owhale::spawner
