#include "spawner/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawner/channel.hpp"
#include "spawner/policy_folder.hpp"

namespace owhale::spawner {
namespace {

bool may_be_used(const struct stat& st, bool is_secret, bool rootless) {
    if (!S_ISREG(st.st_mode) || !is_only_ours(st, rootless)) return false;
    const bool for_the_group = (st.st_mode & S_IRGRP) != 0 && st.st_gid != 0;
    return !is_secret || (!for_the_group && (st.st_mode & S_IROTH) == 0);
}

// Non-blocking: a fifo put in its place does not hold us up.
Fd open_one(const std::string& path, bool is_secret, bool rootless, std::int32_t& err) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY));
    struct stat st{};
    if (!fd || ::fstat(fd.get(), &st) != 0) {
        err = errno;
        return {};
    }
    if (may_be_used(st, is_secret, rootless)) return fd;
    err = EPERM;
    return {};
}

Fd open_file(wire::File which, const std::string& path, bool rootless, std::int32_t& err) {
    if (which == wire::File::policy) return read_policy_folder(path, rootless, err);
    return open_one(path, which == wire::File::tls_key, rootless, err);
}

} // namespace

OpenedFiles open_files(const std::map<wire::File, std::string>& paths, bool rootless) {
    OpenedFiles opened;
    opened.message = make<wire::Reopened>(wire::Type::reopened);
    for (std::uint32_t i = 0; i < wire::kFiles; ++i) {
        const auto at = paths.find(static_cast<wire::File>(i));
        if (at == paths.end()) {
            opened.message.err[i] = ENOENT;
            continue;
        }
        auto fd = open_file(at->first, at->second, rootless, opened.message.err[i]);
        if (!fd) continue;
        opened.message.have |= 1u << i;
        opened.fds.push_back(std::move(fd));
    }
    return opened;
}

} // namespace owhale::spawner
