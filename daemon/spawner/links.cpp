#include "spawner/links.hpp"

#include <array>
#include <charconv>
#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "sandbox/scan_words.hpp"

namespace owhale::spawner {
namespace {

std::int64_t second_of(const std::vector<std::string>& names) {
    std::int64_t out = 0; // whatever there is counts as new
    if (names.size() > 1) std::from_chars(names[1].data(), names[1].data() + names[1].size(), out);
    return out;
}

std::string target_of(int folder, const char* name) {
    std::array<char, kMostOfTarget> text{};
    const auto n = ::readlinkat(folder, name, text.data(), text.size());
    return "-> " + (n < 0 ? "?" : std::string(text.data(), static_cast<std::size_t>(n)));
}

std::string what_is(int folder, const char* name, mode_t mode) {
    if (S_ISLNK(mode)) return target_of(folder, name);
    if (S_ISFIFO(mode)) return "(a fifo)";
    return S_ISSOCK(mode) ? "(a socket)" : "(a device)";
}

class Walk {
public:
    Walk(int top, std::int64_t since) : top_(top), since_(since), deadline_(monotonic_ns() + kLinkNs) {}

    Scan run() {
        for (queue_.push_back("."); !queue_.empty() && !over_; queue_.pop_front()) visit(queue_.front());
        return std::move(out_);
    }

private:
    void stop() {
        out_.complete = false;
        over_ = true;
    }

    void visit(const std::string& path) {
        const auto folder = open_folder(top_, path);
        if (!folder) {
            out_.complete = false;
            return;
        }
        const auto above = path == "." ? std::string() : path + "/";
        while (const auto* entry = ::readdir(folder.get())) {
            const std::string_view name(entry->d_name);
            if (name == "." || name == "..") continue;
            if (++entries_ > kLinkEntries || monotonic_ns() > deadline_) return stop();
            if (entry->d_type == DT_REG) continue;
            if (entry->d_type == DT_DIR)
                queue_.push_back(above + std::string(name));
            else
                judge(::dirfd(folder.get()), entry->d_name, above + std::string(name));
            if (over_) return;
        }
    }

    void judge(int folder, const char* name, std::string path) {
        struct stat st{};
        if (::fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            out_.complete = false;
            return;
        }
        if (S_ISREG(st.st_mode)) return;
        if (S_ISDIR(st.st_mode)) { // of a file system that tells no types
            queue_.push_back(std::move(path));
            return;
        }
        if (st.st_ctim.tv_sec < since_) return;
        if (out_.found.size() >= kScanFinds) return stop();
        out_.found.push_back('l' + path + '\0' + what_is(folder, name, st.st_mode));
    }

    int top_;
    std::int64_t since_, deadline_;
    std::size_t entries_ = 0;
    bool over_ = false;
    std::deque<std::string> queue_;
    Scan out_;
};

} // namespace

bool asks_for_links(const std::vector<std::string>& names) {
    return !names.empty() && names.front() == wire::kScanLinks;
}

Scan scan_links(int folder, const std::vector<std::string>& names) {
    return Walk(folder, second_of(names)).run();
}

} // namespace owhale::spawner
