// The files that need privilege to open: their paths were named at start, the broker only says when.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/plan.hpp"

namespace owhale::spawner {

struct OpenedFiles {
    wire::Reopened message{};
    std::vector<Fd> fds; // one per bit of message.have, in order
};

// A file that is no regular one, is not root's (rootless: not one's own either), can be written by others or, the key,
// read by others than its owner and root's group, counts as EPERM. Links are not followed (ELOOP).
OpenedFiles open_files(const std::map<wire::File, std::string>& paths, bool rootless);

} // namespace owhale::spawner
