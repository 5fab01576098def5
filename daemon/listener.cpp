#include "listener.hpp"

#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace owhale {
namespace {

constexpr int kBacklog = 1024;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(Code::config_invalid,
                    "the socket's path has " + std::to_string(path.size()) + " bytes; the kernel takes " +
                        std::to_string(sizeof address.sun_path - 1) + " at most: " + path,
                    "choose a shorter one with --socket");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

// A path where nobody listens any more may be taken over; anything else is somebody's.
Status clear_the_way(const sockaddr_un& address) {
    struct stat st{};
    if (::lstat(address.sun_path, &st) != 0) return errno == ENOENT ? Status{} : fail_errno(address.sun_path);
    const std::string path(address.sun_path);
    if (!S_ISSOCK(st.st_mode))
        return fail(Code::config_invalid, path + " is there and is not a socket",
                    "move it away, or choose another --socket");
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return fail_errno("socket");
    const bool lives = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                       errno != ECONNREFUSED;
    if (lives)
        return fail(Code::conflict, "another owhaled serves on " + path,
                    "stop it first, or choose another --socket and --state-dir");
    if (::unlink(address.sun_path) != 0) return fail_errno(path);
    return {};
}

} // namespace

Result<Fd> listen_on(const std::string& path, bool rootless) {
    const auto address = TRY(address_of(path));
    CHECK(clear_the_way(address));
    Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener) return fail_errno("socket");
    const auto mask = ::umask(rootless ? 0177 : 0111);
    const int bound = ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int errnum = errno;
    ::umask(mask);
    if (bound != 0) return fail_errno("cannot listen on " + path, errnum);
    if (::listen(listener.get(), kBacklog) != 0) return fail_errno("listen");
    return listener;
}

} // namespace owhale
