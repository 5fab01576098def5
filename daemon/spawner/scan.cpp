#include "spawner/scan.hpp"

#include <algorithm>
#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "spawner/kernel.hpp"

namespace owhale::spawner {
namespace {

class Walk {
public:
    Walk(int workspace, const std::vector<std::string>& names)
        : workspace_(workspace), names_(names), deadline_(monotonic_ns() + kScanNs) {}

    Scan run() {
        // Breadth first: what lies near the top is found before the budget ends.
        for (queue_.push_back("."); !queue_.empty() && out_.complete; queue_.pop_front()) visit(queue_.front());
        return std::move(out_);
    }

private:
    void visit(const std::string& path) {
        const auto folder = open_folder(workspace_, path);
        if (!folder) return;
        const bool top = path == ".";
        while (const auto* entry = ::readdir(folder.get())) {
            const std::string_view name(entry->d_name);
            if (name == "." || name == "..") continue;
            if (++entries_ > kScanEntries || monotonic_ns() > deadline_) {
                out_.complete = false;
                return;
            }
            const auto below = top ? std::string(name) : path + "/" + std::string(name);
            judge(below, name, entry->d_type == DT_DIR, top);
        }
    }

    void judge(const std::string& path, std::string_view name, bool is_folder, bool top) {
        if (name == ".git") {
            if (!top) tell(is_folder ? 'g' : 'p', path);
            if (!is_folder) return;
            visit_modules(path + "/modules");
            visit_worktrees(path + "/worktrees");
        } else if (std::ranges::find(names_, name) != names_.end()) {
            if (!top) tell('p', path);
        } else if (is_folder && name != "node_modules") {
            queue_.push_back(path);
        }
    }

    bool has(const std::string& folder, const char* name) const {
        return ::faccessat(workspace_, (folder + "/" + name).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    }

    // Each linked worktree has a folder here, whose `commondir` says where its configuration is.
    void visit_worktrees(const std::string& path) {
        const auto folder = open_folder(workspace_, path);
        if (!folder) return;
        while (const auto* entry = ::readdir(folder.get())) {
            const std::string_view name(entry->d_name);
            if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
            tell('g', path + "/" + std::string(name));
        }
    }

    // Submodules keep their git folders here, under names that may have slashes.
    void visit_modules(const std::string& path, int depth = 0) {
        constexpr int kMaxDepth = 6;
        const auto folder = open_folder(workspace_, path);
        if (!folder || depth > kMaxDepth) return;
        while (const auto* entry = ::readdir(folder.get())) {
            const std::string_view name(entry->d_name);
            if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
            if (++entries_ > kScanEntries) {
                out_.complete = false;
                return;
            }
            const auto below = path + "/" + std::string(name);
            const bool is_git = has(below, "HEAD") || has(below, "config") || has(below, "hooks");
            if (is_git) tell('g', below);
            visit_modules(is_git ? below + "/modules" : below, depth + 1);
        }
    }

    void tell(char kind, const std::string& path) {
        if (out_.found.size() < kScanFinds)
            out_.found.push_back(kind + path);
        else
            out_.complete = false;
    }

    int workspace_;
    const std::vector<std::string>& names_;
    std::int64_t deadline_;
    std::size_t entries_ = 0;
    std::deque<std::string> queue_;
    Scan out_;
};

} // namespace

Folder open_folder(int workspace, const std::string& path) {
    constexpr std::uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    const int fd = kernel::openat2(workspace, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, kResolve);
    Folder folder(fd < 0 ? nullptr : ::fdopendir(fd), &::closedir);
    if (!folder && fd >= 0) ::close(fd);
    return folder;
}

Scan scan_workspace(int workspace, const std::vector<std::string>& names) {
    return Walk(workspace, names).run();
}

} // namespace owhale::spawner
