#include "spawner/policy_folder.hpp"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <vector>

#include "sandbox/blob.hpp"
#include "sandbox/plan.hpp"

namespace owhale::spawner {
namespace {

constexpr std::string_view kEnding = ".toml";

// At most kMaxPolicyFile, also of a file that grows meanwhile.
int read_some(int fd, std::string& text) {
    text.resize(wire::kMaxPolicyFile + 1);
    std::size_t size = 0;
    while (size < text.size()) {
        const auto n = ::read(fd, text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    return size > wire::kMaxPolicyFile ? EFBIG : 0;
}

int read_one(int folder, const std::string& name, bool rootless, std::string& text) {
    const Fd fd(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY));
    struct stat st{};
    if (!fd || ::fstat(fd.get(), &st) != 0) return errno;
    if (!S_ISREG(st.st_mode) || !is_only_ours(st, rootless)) return EPERM;
    const int err = read_some(fd.get(), text);
    if (err != 0) text.clear();
    return err;
}

Result<std::vector<std::string>> names_in(Fd folder) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(folder.get()), ::closedir);
    if (!listing) return fail_errno("fdopendir");
    folder.release();
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (!name.ends_with(kEnding) || name.starts_with('.')) continue;
        if (names.size() == wire::kMaxPolicyFiles) return fail_errno("policy", E2BIG);
        names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

} // namespace

bool is_only_ours(const struct stat& st, bool rootless) {
    return (st.st_uid == 0 || (rootless && st.st_uid == ::getuid())) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Fd read_policy_folder(const std::string& path, bool rootless, std::int32_t& err) {
    const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    struct stat st{};
    if (!folder || ::fstat(folder.get(), &st) != 0) {
        err = errno;
        return {};
    }
    if (!is_only_ours(st, rootless)) {
        err = EPERM;
        return {};
    }
    Fd copy(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0));
    const auto names = names_in(std::move(copy));
    if (!names) {
        err = names.error().errnum;
        return {};
    }
    wire::Blob blob(wire::kPolicyLists);
    for (const auto& name : *names) {
        const int why = read_one(folder.get(), name, rootless, blob[1].emplace_back());
        blob[0].push_back(name);
        blob[2].push_back(why == 0 ? std::string() : std::to_string(why));
    }
    auto made = wire::write_blob(blob);
    if (made) return *std::move(made);
    err = E2BIG; // more than a blob holds
    return {};
}

} // namespace owhale::spawner
