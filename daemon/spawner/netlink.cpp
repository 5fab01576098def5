#include "spawner/netlink.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <linux/netlink.h>
#include <string>
#include <sys/socket.h>

namespace owhale::spawner {

void NetlinkBatch::put(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
    bytes_.resize(message_ + NLMSG_ALIGN(bytes_.size() - message_));
    const auto length = static_cast<std::uint32_t>(bytes_.size() - message_);
    std::memcpy(bytes_.data() + message_, &length, sizeof length); // nlmsg_len comes first
}

void NetlinkBatch::begin_message(std::uint16_t type, std::uint16_t flags) {
    message_ = bytes_.size();
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    header.nlmsg_seq = sequence_++;
    put(&header, sizeof header);
}

void NetlinkBatch::attribute(std::uint16_t type, const void* data, std::size_t size) {
    const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
    put(&header, sizeof header);
    put(data, size);
}

void NetlinkBatch::text(std::uint16_t type, std::string_view value) {
    const std::string with_nul(value);
    attribute(type, with_nul.c_str(), with_nul.size() + 1);
}

void NetlinkBatch::number(std::uint16_t type, std::uint32_t value) {
    const auto big = htonl(value);
    attribute(type, &big, sizeof big);
}

std::size_t NetlinkBatch::open(std::uint16_t type) {
    const auto at = bytes_.size();
    const nlattr header{NLA_HDRLEN, static_cast<std::uint16_t>(type | NLA_F_NESTED)};
    put(&header, sizeof header);
    return at;
}

void NetlinkBatch::close(std::size_t opened) {
    const auto length = static_cast<std::uint16_t>(bytes_.size() - opened);
    std::memcpy(bytes_.data() + opened, &length, sizeof length); // nla_len comes first
}

int send_netlink(int socket, const std::vector<std::uint8_t>& batch, int* errors, std::size_t count) {
    std::fill_n(errors, count, 0);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (::sendto(socket, batch.data(), batch.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&kernel),
                 sizeof kernel) < 0)
        return errno;
    // Only what failed is answered; what is cut off is the copy of our own message.
    alignas(nlmsghdr) std::array<char, 256> answer;
    for (;;) {
        const auto got = ::recv(socket, answer.data(), answer.size(), MSG_DONTWAIT);
        if (got < 0) return errno == EAGAIN ? 0 : errno;
        nlmsghdr header{};
        nlmsgerr error{};
        if (static_cast<std::size_t>(got) < NLMSG_HDRLEN + sizeof error) return EPROTO;
        std::memcpy(&header, answer.data(), sizeof header);
        std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
        if (header.nlmsg_type == NLMSG_ERROR && error.msg.nlmsg_seq < count) errors[error.msg.nlmsg_seq] = -error.error;
    }
}

} // namespace owhale::spawner
