#include "spawner/disks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/files.hpp"

namespace owhale::spawner {
namespace {

constexpr auto kInMemory =
    std::to_array<std::string_view>({"bpf", "cgroup", "cgroup2", "debugfs", "devpts", "devtmpfs", "hugetlbfs", "mqueue",
                                     "proc", "ramfs", "securityfs", "sysfs", "tmpfs", "tracefs"});

std::string_view next_word(std::string_view& line) {
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

// "\040" is a blank (proc_pid_mountinfo(5)).
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        int octal = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 4], octal, 8).ptr == &text[i + 4]) {
            out += static_cast<char>(octal);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

// id, parent, MAJOR:MINOR, root, mount point, options, optional fields, "-", type, source, options.
std::optional<Mounted> read_line(std::string_view line) {
    Mounted out;
    next_word(line);
    next_word(line);
    const auto number = next_word(line);
    const auto* end = number.data() + number.size();
    const auto major = std::from_chars(number.data(), end, out.major);
    if (major.ec != std::errc{} || major.ptr == end || *major.ptr != ':') return {};
    if (std::from_chars(major.ptr + 1, end, out.minor).ptr != end) return {};
    next_word(line);
    out.point = unescaped(next_word(line));
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) return {};
    line.remove_prefix(dash + 3);
    out.type = next_word(line);
    out.source = unescaped(next_word(line));
    return out;
}

bool is_at_or_below(std::string_view path, std::string_view folder) {
    if (folder == "/") return true;
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string number_of(unsigned major, unsigned minor) {
    return std::to_string(major) + ":" + std::to_string(minor);
}

// A partition's disk is the folder above it in sysfs.
std::string whole_disk(const std::string& number) {
    const auto own = "/sys/dev/block/" + number;
    struct stat st{};
    if (::stat((own + "/partition").c_str(), &st) != 0) return number;
    auto text = read_file(own + "/../dev", 64).value_or("");
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

// "" for what lies in memory. btrfs has a number of its own, and a source that is a disk; of FUSE anybody says the source.
std::optional<std::string> disk_of(const Mounted& mounted) {
    if (mounted.major != 0) return whole_disk(number_of(mounted.major, mounted.minor));
    if (std::ranges::find(kInMemory, mounted.type) != kInMemory.end()) return std::string();
    struct stat st{};
    if (mounted.type.starts_with("fuse") || !mounted.source.starts_with("/dev/") ||
        ::stat(mounted.source.c_str(), &st) != 0 || !S_ISBLK(st.st_mode))
        return {};
    return whole_disk(number_of(::major(st.st_rdev), ::minor(st.st_rdev)));
}

} // namespace

std::vector<Mounted> read_mountinfo(std::string_view text) {
    std::vector<Mounted> out;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (auto read = read_line(line)) out.push_back(std::move(*read));
    }
    return out;
}

Result<std::vector<std::string>> disks_behind(const std::vector<std::string>& folders,
                                              const std::vector<Mounted>& mounts) {
    std::set<std::string> disks;
    const auto add = [&](const Mounted& mounted) -> Status {
        auto disk = disk_of(mounted);
        if (!disk || (mounted.major != 0 && disk->empty()))
            return fail(Code::unsupported, "limits.io cannot be held on " + mounted.point + ": " + mounted.type +
                                               " is on no disk of this machine");
        if (!disk->empty()) disks.insert(std::move(*disk));
        return {};
    };
    for (const auto& folder : folders) {
        const Mounted* over = nullptr; // of those at one place the last is on top
        for (const auto& mounted : mounts) {
            if (is_at_or_below(folder, mounted.point) &&
                (over == nullptr || mounted.point.size() >= over->point.size()))
                over = &mounted;
            if (mounted.point.size() > folder.size() && is_at_or_below(mounted.point, folder)) CHECK(add(mounted));
        }
        if (over == nullptr)
            return fail(Code::unsupported, "limits.io cannot be held: nothing says what " + folder + " is on");
        CHECK(add(*over));
    }
    return std::vector(disks.begin(), disks.end());
}

} // namespace owhale::spawner
