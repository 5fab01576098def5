// Finding, at any depth of a workspace, what makes a later uncaged program run code: files by name, and git folders.
// Runs in the resolve child, with the requester's rights, within a budget.
#pragma once

#include <dirent.h>
#include <memory>
#include <string>
#include <vector>

namespace owhale::spawner {

inline constexpr std::size_t kScanEntries = 20'000; // names read
inline constexpr std::int64_t kScanNs =
    1'000'000'000; // time spent: a busy machine or a slow disk must not leave things unprotected
inline constexpr std::size_t kScanFinds = 48; // results

// A folder below another, reached by no link and on the same mount; null when that cannot be, with errno.
using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;
Folder open_folder(int workspace, const std::string& path);

struct Scan {
    std::vector<std::string> found; // 'p' and the path of a file or folder, 'g' and the path of a git folder; relative
    bool complete = true;           // false: the budget ended it
};

// What lies directly in `workspace`, and its own `.git` but for its modules, is not told: the caller asks for that by
// path. Links are not followed, `node_modules` is not entered.
Scan scan_workspace(int workspace, const std::vector<std::string>& names);

} // namespace owhale::spawner
