// Files in the workspace by which a later, uncaged program would run code: they cannot be written, replaced, renamed or
// reached around by renaming a folder above them. The runner makes them before the run (see tests/sandbox/run).
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "probe.hpp"

namespace owhale::probe {
namespace {

Outcome write_to(const std::string& path) {
    return judge_use(open(path.c_str(), O_WRONLY | O_CLOEXEC), "open for writing " + path);
}

Outcome create(const std::string& path) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    const Outcome outcome = judge_use(file, "create " + path);
    if (file != -1) unlink(path.c_str());
    return outcome;
}

// Renames away and, where that worked, back again, so that a control leaves the folder as it was.
Outcome move_away(const std::string& path) {
    const std::string other = path + ".moved";
    if (rename(path.c_str(), other.c_str()) == -1) return judge_use(-1, "rename " + path);
    if (rename(other.c_str(), path.c_str()) == -1) return unclear(errno, "cannot rename it back");
    return could("renamed " + path);
}

// What git and most editors do: write a new file beside it and rename it over.
Outcome replace(const std::string& path) {
    const std::string other = path + ".new";
    const int file = open(other.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file == -1) return judge_use(-1, "create " + other);
    struct stat about{};
    if (stat(path.c_str(), &about) == -1) return unclear(errno, "no " + path);
    close(file);
    // Exchanging twice gives the control its own file back.
    const long result = syscall(SYS_renameat2, AT_FDCWD, other.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE);
    const Outcome outcome = judge_use(result, "rename a new file over " + path);
    if (result == 0) syscall(SYS_renameat2, AT_FDCWD, other.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE);
    unlink(other.c_str());
    return outcome;
}

// A second name for the same inode would be writable.
Outcome link_and_write(const std::string& path) {
    const std::string other = "owhale-hardlink." + std::to_string(getpid());
    if (link(path.c_str(), other.c_str()) == -1) return judge_use(-1, "link " + path);
    const Outcome outcome = write_to(other);
    unlink(other.c_str());
    return outcome;
}

Outcome reopen(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file == -1) return refused(errno, "cannot even read " + path);
    return write_to("/proc/self/fd/" + std::to_string(file));
}

Outcome change_mode(const std::string& path) {
    struct stat about{};
    if (stat(path.c_str(), &about) == -1) return unclear(errno, "no " + path);
    return judge_use(chmod(path.c_str(), about.st_mode & 07777), "chmod " + path);
}

Outcome cut(const std::string& path) {
    struct stat about{};
    if (stat(path.c_str(), &about) == -1) return unclear(errno, "no " + path);
    return judge_use(truncate(path.c_str(), about.st_size), "truncate " + path);
}

Outcome remove_and_restore(const std::string& path) {
    const std::string spare = path + ".spare";
    if (link(path.c_str(), spare.c_str()) == -1 && errno != EXDEV && errno != EROFS)
        return unclear(errno, "cannot keep a spare of " + path);
    const Outcome outcome = judge_use(unlink(path.c_str()), "remove " + path);
    if (outcome.verdict == Verdict::could)
        rename(spare.c_str(), path.c_str());
    else
        unlink(spare.c_str());
    return outcome;
}

} // namespace

void add_workspace(Probes& probes) {
    const auto add = [&](const std::string& name, const char* path, Outcome (*attempt)(const std::string&)) {
        probes.push_back(ask_user(name + " " + path, [=](const std::string&) { return attempt(path); }));
        for (char& letter : probes.back().name) letter = letter == ' ' ? ':' : letter;
    };
    for (const char* path :
         {".git/config", ".git/hooks/pre-commit", ".vscode/tasks.json", ".claude/settings.json", ".envrc",
          ".idea/workspace.xml", ".mcp.json", ".git/modules/sub/config", ".git/modules/sub/hooks/post-checkout",
          "nested/deep/.git/hooks/pre-commit", "nested/deep/.git/config", "nested/deep/.vscode/tasks.json"}) {
        add("write", path, write_to);
        add("replace", path, replace);
        add("remove", path, remove_and_restore);
        add("link-and-write", path, link_and_write);
        add("reopen", path, reopen);
        add("chmod", path, change_mode);
        add("truncate", path, cut);
        add("rename", path, move_away);
    }
    for (const char* path :
         {".git", ".git/hooks", ".git/modules", ".git/modules/sub", ".git/modules/sub/hooks", ".vscode", ".claude",
          "nested", "nested/deep", "nested/deep/.git", "nested/deep/.git/hooks", "nested/deep/.vscode"})
        add("rename", path, move_away);
    for (const char* path : {".git/hooks/post-commit", "nested/deep/.git/hooks/post-commit", ".claude/hooks.json"})
        add("create", path, create);
    for (const char* path : {"made-by-run.txt", ".git/made-by-run", ".git/objects/made-by-run", "nested/made-by-run"}) {
        add("create", path, create);
        probes.back() = permitted(std::move(probes.back()));
    }
}

} // namespace owhale::probe
