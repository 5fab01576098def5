// The administrator's rule files, read here because the broker may have no right to: owner and mode are checked on what
// is read. The spawner looks at no byte of them.
#pragma once

#include <cstdint>
#include <string>
#include <sys/stat.h>

#include "base/fd.hpp"

namespace owhale::spawner {

// Root's (rootless: one's own, too), and writable by nobody else.
bool is_only_ours(const struct stat& st, bool rootless);

// The blob of wire::File::policy; empty with `err` when the folder itself cannot be taken (ENOENT, EPERM, ELOOP, E2BIG: more
// than kMaxPolicyFiles files).
Fd read_policy_folder(const std::string& path, bool rootless, std::int32_t& err);

} // namespace owhale::spawner
