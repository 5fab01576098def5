#include "spawner/disks.hpp"

#include <algorithm>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/files.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxMountinfo = 4u << 20;

std::string number_of(dev_t device) {
    return std::to_string(major(device)) + ":" + std::to_string(minor(device));
}

std::string_view next_word(std::string_view& line) {
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

// A partition's disk is the folder above it in sysfs.
std::string whole_disk(dev_t device) {
    const auto own = "/sys/dev/block/" + number_of(device);
    struct stat st{};
    if (::stat((own + "/partition").c_str(), &st) != 0) return number_of(device);
    auto text = read_file(own + "/../dev", 64).value_or("");
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

} // namespace

// proc_pid_mountinfo(5): id, parent, MAJOR:MINOR, root, mount point, options, optional fields, "-", type, source, options.
dev_t mounted_from(dev_t device, std::string_view mountinfo) {
    const auto wanted = number_of(device);
    while (!mountinfo.empty()) {
        auto line = mountinfo.substr(0, mountinfo.find('\n'));
        mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
        next_word(line);
        next_word(line);
        if (next_word(line) != wanted) continue;
        const auto dash = line.find(" - ");
        if (dash == std::string_view::npos) continue;
        line.remove_prefix(dash + 3);
        next_word(line);
        const std::string source(next_word(line));
        struct stat st{};
        if (source.starts_with('/') && ::stat(source.c_str(), &st) == 0 && S_ISBLK(st.st_mode)) return st.st_rdev;
    }
    return 0;
}

std::vector<std::string> disks_behind(const std::vector<int>& folders) {
    std::vector<dev_t> devices;
    for (const int folder : folders) {
        struct stat st{};
        if (folder >= 0 && ::fstat(folder, &st) == 0) devices.push_back(st.st_dev);
    }
    std::ranges::sort(devices);
    devices.erase(std::ranges::unique(devices).begin(), devices.end());
    std::vector<std::string> disks;
    for (auto device : devices) {
        if (major(device) == 0)
            device = mounted_from(device, read_file("/proc/self/mountinfo", kMaxMountinfo).value_or(""));
        if (auto disk = device == 0 ? std::string() : whole_disk(device); !disk.empty())
            disks.push_back(std::move(disk));
    }
    std::ranges::sort(disks);
    disks.erase(std::ranges::unique(disks).begin(), disks.end());
    return disks;
}

} // namespace owhale::spawner
