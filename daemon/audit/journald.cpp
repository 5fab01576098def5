#include "audit/journald.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/files.hpp"

namespace owhale::audit {
namespace {

constexpr std::size_t kLargestDatagram = 64u << 10; // larger ones would crowd others out of the queue

int send_bytes(int socket, std::string_view bytes) {
    const auto n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? errno : 0;
}

Fd sealed_copy(std::string_view bytes) {
    Fd memory(::memfd_create("owhaled-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (!memory || !write_all(memory.get(), bytes) || ::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) return {};
    return memory;
}

int send_descriptor(int socket, int fd) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto* part = CMSG_FIRSTHDR(&message);
    *part = {CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
    std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno : 0;
}

} // namespace

JournalEntry& JournalEntry::add(std::string_view name, std::string_view value) {
    std::uint64_t size = value.size(); // little-endian, whatever the machine
    (bytes_ += name) += '\n';
    for (int i = 0; i < 8; ++i, size >>= 8) bytes_ += static_cast<char>(size & 0xff);
    (bytes_ += value) += '\n';
    return *this;
}

Result<Journald> Journald::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(Code::config_invalid, "audit-journal-socket is longer than 107 bytes");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        auto error = fail_errno("journald at " + path);
        error.error().code = Code::unreachable;
        error.error().next = "start systemd-journald and then owhaled, or set audit-journal = off";
        return error;
    }
    return Journald(std::move(socket));
}

int Journald::send(const JournalEntry& entry) const {
    const auto bytes = entry.bytes();
    if (bytes.size() <= kLargestDatagram) {
        const int err = send_bytes(socket_.get(), bytes);
        if (err != EMSGSIZE && err != ENOBUFS) return err;
    }
    const auto memory = sealed_copy(bytes);
    if (!memory) return errno != 0 ? errno : ENOMEM;
    return send_descriptor(socket_.get(), memory.get());
}

} // namespace owhale::audit
