#include "cli/socket.hpp"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/owners.hpp"
#include "cli/tcp.hpp"

namespace owhale::cli {
namespace {

constexpr auto kStart = "start it (systemctl start owhaled), or name its socket with --socket or OWHALE_SOCKET";
constexpr auto kAskOrStart = "ask root to start it (systemctl start owhaled), start one of your own (owhaled, as "
                             "yourself), or name its socket with "
                             "--socket or OWHALE_SOCKET";

// Whether this is a run: the first process of its cage is owhaled's warden. Profiles give it owhaled's socket or do not.
bool in_cage() {
    std::ifstream name("/proc/1/comm");
    std::string first;
    return std::getline(name, first) && first == "owhale-warden";
}

std::unexpected<Error> nobody_answers(const std::string& tried) {
    if (in_cage() && ::access("/run/owhaled", F_OK) != 0)
        return fail(Code::unreachable, "no owhaled answers: this run has no socket of owhaled's",
                    "--profile agent gives one: owhalectl run --profile agent -- CMD, outside of the cage");
    return fail(Code::unreachable, "no owhaled answers: " + tried, ::geteuid() == 0 ? kStart : kAskOrStart);
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

// The same socket by another name is the same daemon.
std::string real_path(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
    return real ? real.get() : path;
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
    return Peer{std::move(fd), real_path(where.path), where, peer.pid, peer.uid, {}, {}};
}

std::string told(const Error& error) {
    return error.errnum == 0 ? error.message : error.message + ": " + ::strerror(error.errnum);
}

} // namespace

Result<Peer> connect_unix(const std::vector<Socket>& where) {
    std::string tried;
    for (const auto& one : where) {
        auto peer = connect_one(one);
        if (peer) return peer;
        if (peer.error().errnum == 0) return peer;
        if (peer.error().errnum == EACCES)
            return fail(Code::unreachable, told(peer.error()),
                        "ask who runs owhaled for access to the socket, or start your own (owhaled as yourself)");
        tried += (tried.empty() ? "" : "; ") + told(peer.error());
    }
    return nobody_answers(tried);
}

Result<Peer> connect_to(const Where& where) {
    return where.host ? connect_tcp(*where.host) : connect_unix(where.sockets);
}

} // namespace owhale::cli
