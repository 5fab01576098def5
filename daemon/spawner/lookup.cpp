#include "spawner/lookup.hpp"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace owhale::spawner {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxGitFile = 4096;

wire::PathFact fact_of(int fd) {
    struct statx sx{};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) != 0) return missing(errno);
    wire::PathFact fact{};
    fact.dev = ::makedev(sx.stx_dev_major, sx.stx_dev_minor);
    fact.ino = sx.stx_ino;
    fact.size = sx.stx_size;
    fact.mtime_ns = sx.stx_mtime.tv_sec * 1'000'000'000 + sx.stx_mtime.tv_nsec;
    fact.ctime_ns = sx.stx_ctime.tv_sec * 1'000'000'000 + sx.stx_ctime.tv_nsec;
    fact.mode = sx.stx_mode;
    fact.uid = sx.stx_uid;
    fact.gid = sx.stx_gid;
    return fact;
}

std::string path_of(int fd) {
    char link[40];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    std::array<char, 4096> target;
    const auto n = ::readlink(link, target.data(), target.size());
    return n <= 0 || static_cast<std::size_t>(n) == target.size()
               ? std::string()
               : std::string(target.data(), static_cast<std::size_t>(n));
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string first_line(int at, const std::string& path) {
    const Fd fd(::openat(at, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
    if (!fd) return {};
    std::array<char, kMaxGitFile> text;
    const auto n = ::read(fd.get(), text.data(), text.size());
    if (n <= 0) return {};
    const std::string line(text.data(), static_cast<std::size_t>(n));
    return line.substr(0, line.find('\n'));
}

std::string joined(const std::string& base, const std::string& path) {
    return !path.empty() && path.front() == '/' ? path : base + "/" + path;
}

// Of an open that has just been tried: errno says why there is none.
Found examine(Fd fd) {
    Found found;
    found.fact = fd ? fact_of(fd.get()) : missing(errno);
    found.fd = std::move(fd);
    if (found.fact.mode != 0 && !S_ISDIR(found.fact.mode) && !S_ISREG(found.fact.mode) && !S_ISLNK(found.fact.mode))
        found.fact = missing(ENOTSUP);
    if (found.fact.mode != 0) found.path = path_of(found.fd.get());
    return found;
}

// Without the links of /proc, which lead from a process's number to what it executes.
Fd open_plainly(const std::string& path) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    return Fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

// faccessat2(2), of what was opened: the name may lead elsewhere by now.
bool may_execute(int fd) {
    return ::syscall(SYS_faccessat2, fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
}

// A run learns of programs that it sees, and of nothing else: neither that something is there, nor that it cannot be
// reached. The name is judged before the lookup, which would open what it leads to, and what was found after it.
bool try_program(const Question& question, Program& program, const std::string& candidate, bool named) {
    if (question.names && !question.names(std::filesystem::path(candidate).lexically_normal().string())) return false;
    auto found = question.sees ? examine(open_plainly(candidate)) : look(AT_FDCWD, candidate, 0);
    if (question.sees && (found.fact.mode == 0 || !question.sees(found.path))) return false;
    if (found.fact.mode == 0) {
        // Of a search path, a folder that cannot be entered says nothing about the program.
        if (found.fact.err == EACCES && named) program.err = EACCES;
        return false;
    }
    if (!S_ISREG(found.fact.mode) || !may_execute(found.fd.get())) {
        program.err = EACCES;
        return false;
    }
    program.real = std::move(found);
    program.found = candidate;
    program.err = 0;
    return true;
}

} // namespace

wire::PathFact missing(int errnum) {
    wire::PathFact fact{};
    fact.err = errnum;
    return fact;
}

Found look(int at, const std::string& path, int flags) {
    return examine(Fd(::openat(at, path.c_str(), O_PATH | O_CLOEXEC | flags)));
}

Found find_workspace(const Found& cwd) {
    std::string path = cwd.path;
    for (int depth = 0; depth < kMaxDepth; ++depth) {
        struct stat git{};
        if (::lstat((path + "/.git").c_str(), &git) == 0 && (S_ISDIR(git.st_mode) || S_ISREG(git.st_mode))) {
            auto top = look(AT_FDCWD, path, O_DIRECTORY | O_NOFOLLOW);
            if (top.fact.mode != 0 && git.st_uid == top.fact.uid) return top;
        }
        if (path == "/") break;
        path = parent_of(path);
    }
    return look(AT_FDCWD, cwd.path, O_DIRECTORY | O_NOFOLLOW);
}

void find_git(const Found& workspace, Found& git, Found& common) {
    git.fact = common.fact = missing(ENOENT);
    if (workspace.fact.mode == 0) return;
    auto entry = look(workspace.fd.get(), ".git", O_NOFOLLOW);
    if (S_ISDIR(entry.fact.mode)) {
        git = std::move(entry);
        return;
    }
    const auto line = S_ISREG(entry.fact.mode) ? first_line(workspace.fd.get(), ".git") : std::string();
    if (!line.starts_with("gitdir: ")) return;
    entry = look(AT_FDCWD, joined(workspace.path, line.substr(8)), O_DIRECTORY);
    if (!S_ISDIR(entry.fact.mode)) return;
    git = std::move(entry);
    const auto shared = first_line(git.fd.get(), "commondir");
    if (!shared.empty()) common = look(AT_FDCWD, joined(git.path, shared), O_DIRECTORY);
    if (common.fact.mode != 0 && common.fact.uid != workspace.fact.uid) common = Found{{}, missing(EPERM), {}};
}

Program find_program(const Question& question, const std::string& cwd) {
    Program program;
    program.real.fact = missing(ENOENT);
    if (question.program.empty()) return program;
    if (question.program.find('/') != std::string::npos) {
        std::string_view name(question.program);
        while (name.starts_with("./")) name.remove_prefix(2);
        try_program(question, program, joined(cwd, std::string(name)), true);
        return program;
    }
    std::string_view rest = question.path;
    for (;;) {
        const auto colon = rest.find(':');
        const auto folder = std::string(rest.substr(0, colon));
        if (!folder.empty() && folder.front() == '/' &&
            try_program(question, program, folder + "/" + question.program, false))
            break;
        if (colon == std::string_view::npos) break;
        rest.remove_prefix(colon + 1);
    }
    return program;
}

std::uint32_t is_fixed(const Found& found) {
    if (found.fact.mode == 0 || found.path.empty() || found.path.front() != '/') return 0;
    const auto roots = [](std::uint32_t uid, std::uint32_t mode) { return uid == 0 && (mode & 022) == 0; };
    if (!roots(found.fact.uid, found.fact.mode)) return 0;
    for (auto path = found.path; path != "/";) {
        path = parent_of(path);
        struct stat st{};
        if (::lstat(path.c_str(), &st) != 0 || !S_ISDIR(st.st_mode) || !roots(st.st_uid, st.st_mode)) return 0;
    }
    return 1;
}

Fd open_readable(const Found& found) {
    if (!S_ISREG(found.fact.mode)) return {};
    char link[40];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", found.fd.get());
    return Fd(::open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

bool may_be_passed(int fd) {
    struct statfs fs{};
    return ::fstatfs(fd, &fs) == 0 && fs.f_type != FUSE_SUPER_MAGIC;
}

std::string hashbang_of(int fd) {
    std::array<char, 256> head;
    const auto n = ::pread(fd, head.data(), head.size(), 0);
    if (n < 2 || head[0] != '#' || head[1] != '!') return {};
    const std::string text(head.data(), static_cast<std::size_t>(n));
    return text.substr(0, text.find('\n'));
}

} // namespace owhale::spawner
