#include "spawner/channel.hpp"

#include <sys/socket.h>

namespace owhale::spawner {
namespace {

constexpr std::size_t kScmMax = 253; // the kernel's SCM_MAX_FD

void take_descriptors(msghdr& message, std::vector<Fd>& fds) {
    for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

} // namespace

wire::Header Packet::header() const {
    wire::Header header{};
    if (size >= sizeof header) std::memcpy(&header, bytes.data(), sizeof header);
    return header;
}

Result<std::vector<Fd>> receive_into(int socket, char* bytes, std::size_t room, std::size_t& size, int flags) {
    alignas(cmsghdr) char control[CMSG_SPACE(kScmMax * sizeof(int))];
    iovec vector{bytes, room};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t n = 0;
    do n = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0) return fail_errno("recvmsg");
    std::vector<Fd> fds;
    take_descriptors(message, fds);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return fail(Code::bad_request, "a packet with too many bytes or descriptors");
    size = static_cast<std::size_t>(n);
    return fds;
}

Result<Packet> receive(int socket, std::size_t max_fds, int flags) {
    Packet packet;
    packet.fds = TRY(receive_into(socket, packet.bytes.data(), packet.bytes.size(), packet.size, flags));
    if (packet.fds.size() > max_fds) return fail(Code::bad_request, "a packet with too many bytes or descriptors");
    return packet;
}

Status send_packet(int socket, const void* bytes, std::size_t size, std::span<const int> fds) {
    alignas(cmsghdr) char control[CMSG_SPACE(kScmMax * sizeof(int))] = {};
    iovec vector{const_cast<void*>(bytes), size};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        if (fds.size() > kScmMax) return fail(Code::internal, "too many descriptors for one packet");
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        auto* c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
    }
    ssize_t n = 0;
    do n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0) return fail_errno("sendmsg");
    return {};
}

} // namespace owhale::spawner
