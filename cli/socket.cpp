#include "cli/socket.hpp"

#include <cstdlib>
#include <cstring>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace owhale::cli {
namespace {

constexpr auto kSystemSocket = "/run/owhaled/owhaled.sock";
constexpr auto kStart = "start it (systemctl start owhaled, or tools/quickstart --keep DIR), or name its socket with "
                        "--socket or OWHALE_SOCKET";

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
}

bool trusted(uid_t uid) {
    if (uid == 0 || uid == ::geteuid()) return true;
    const passwd* account = ::getpwnam("owhaled");
    return account != nullptr && account->pw_uid == uid;
}

std::unexpected<Error> strangers(const std::string& path, std::string_view what, uid_t uid) {
    return fail(Code::forbidden,
                path + ": the " + std::string(what) + " belongs to uid " + std::to_string(uid) +
                    ", which is neither root, owhaled nor you: nothing was sent",
                "name another socket with --socket, or become that user");
}

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(Code::invalid_value, path + ": a socket's path has at most 107 bytes",
                    "use a shorter path, such as a symbolic link's");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Result<Peer> connect_one(const Socket& where) {
    const auto address = TRY(address_of(where.path));
    struct stat file{};
    if (::stat(where.path.c_str(), &file) != 0) return fail_errno(where.path);
    if (!S_ISSOCK(file.st_mode)) return fail_errno(where.path, ENOTSOCK);
    if (!trusted(file.st_uid)) return strangers(where.path, "socket", file.st_uid);
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fail_errno("socket");
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail_errno(where.path);
    ucred peer{};
    socklen_t length = sizeof peer;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return fail_errno("SO_PEERCRED");
    if (!trusted(peer.uid)) return strangers(where.path, "program behind it", peer.uid);
    return Peer{std::move(fd), where, peer.pid, peer.uid};
}

std::string describe(const Error& error) {
    return error.errnum == 0 ? error.message : error.message + ": " + ::strerror(error.errnum);
}

} // namespace

std::vector<Socket> candidates(const std::string& flag) {
    if (!flag.empty()) return {{flag, "--socket"}};
    if (auto path = variable("OWHALE_SOCKET")) return {{*path, "OWHALE_SOCKET"}};
    std::vector<Socket> found = {{kSystemSocket, "the system's"}};
    if (auto folder = variable("XDG_RUNTIME_DIR"))
        found.push_back({*folder + "/owhaled/owhaled.sock", "XDG_RUNTIME_DIR"});
    return found;
}

Result<Peer> connect_any(const std::vector<Socket>& where) {
    std::string tried;
    for (const auto& one : where) {
        auto peer = connect_one(one);
        if (peer) return peer;
        if (peer.error().errnum == 0) return peer;
        if (peer.error().errnum == EACCES)
            return fail(Code::unreachable, describe(peer.error()),
                        "ask who runs owhaled for access to the socket, or start your own (owhaled as yourself)");
        tried += (tried.empty() ? "" : "; ") + describe(peer.error());
    }
    return fail(Code::unreachable, "no owhaled answers: " + tried, kStart);
}

} // namespace owhale::cli
