#include "scoped.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace owhale::escapes {
namespace {

using wire::Piece;

void take(Scoped& scoped, Reply& reply) {
    if (reply.type == wire::Type::run_host_port) {
        scoped.ports[reply.as<wire::RunHostPort>().port] = std::move(reply.fds);
        return;
    }
    scoped.facts = reply.as<wire::RunNetwork>();
    std::size_t next = 0;
    for (unsigned i = 0; i < wire::kPieces; ++i)
        if ((scoped.facts.have >> i & 1) != 0 && next < reply.fds.size())
            scoped.pieces[static_cast<Piece>(i)] = std::move(reply.fds[next++]);
}

std::string name_of(const sockaddr_storage& address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address.ss_family == AF_INET) {
        const auto& four = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
        return std::string(text) + " " + std::to_string(ntohs(four.sin_port));
    }
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    return std::string(text) + " " + std::to_string(ntohs(six.sin6_port));
}

} // namespace

Scoped start(Stage& stage, const Draft& draft) {
    Scoped scoped;
    const auto blob = wire::write_blob(draft.blob);
    stage.spawner().send(draft.run, {blob->get()});
    for (;;) {
        auto reply = stage.spawner().await(
            {wire::Type::run_network, wire::Type::run_host_port, wire::Type::run_started, wire::Type::run_failed});
        if (!reply) return scoped;
        if (reply->type == wire::Type::run_network || reply->type == wire::Type::run_host_port) {
            take(scoped, *reply);
            continue;
        }
        const auto why = reply->as<wire::RunFailed>();
        scoped.answer = {reply->type == wire::Type::run_started ? End::started : End::refused, why.err, why.step,
                         why.detail};
        return scoped;
    }
}

Draft scoped_draft(Stage& stage, const std::string& python) {
    auto draft = stage.ready_draft();
    draft.run.flags |= wire::kRunNetScoped;
    draft.blob[0][0] = "/usr/bin/python3";
    draft.blob[1] = {"python3", "-c",
                     "import socket, os, time, errno\nout = open('" + stage.marker() + "', 'w')\n" +
                         "def say(text): out.write(str(text) + '\\n'); out.flush()\n" +
                         "def attempt(name, call):\n try: call(); say(name + ': done')\n"
                         " except OSError as e: say(name + ': ' + errno.errorcode.get(e.errno, str(e)))\n" +
                         python};
    return draft;
}

std::string said(const Stage& stage) {
    std::array<char, 8192> text;
    const Fd file(open(stage.marker().c_str(), O_RDONLY | O_CLOEXEC));
    const auto n = read(file.get(), text.data(), text.size());
    return {text.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

bool readable(int fd, int ms) {
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, ms) == 1;
}

Fd accept_one(const Scoped& scoped, Piece piece, std::string& wanted) {
    const auto at = scoped.pieces.find(piece);
    if (at == scoped.pieces.end() || !readable(at->second.get())) return {};
    Fd connection(accept4(at->second.get(), nullptr, nullptr, SOCK_CLOEXEC));
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    auto* name = reinterpret_cast<sockaddr*>(&own);
    constexpr int kOriginalDestination = 80; // SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST
    if (scoped.facts.by_tproxy != 0)
        getsockname(connection.get(), name, &length);
    else
        getsockopt(connection.get(), piece == Piece::transparent6 ? SOL_IPV6 : SOL_IP, kOriginalDestination, &own,
                   &length);
    wanted = name_of(own);
    return connection;
}

std::string receive_one(const Scoped& scoped, Piece piece, std::string& wanted, const std::string& answer) {
    const auto at = scoped.pieces.find(piece);
    if (at == scoped.pieces.end() || !readable(at->second.get())) return {};
    std::array<char, 512> bytes;
    alignas(cmsghdr) std::array<char, 256> control;
    sockaddr_storage from{};
    iovec vector{bytes.data(), bytes.size()};
    msghdr header{&from, sizeof from, &vector, 1, control.data(), control.size(), 0};
    const auto got = recvmsg(at->second.get(), &header, 0);
    if (got < 0) return {};
    for (auto* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        sockaddr_storage original{};
        if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVORIGDSTADDR) ||
            (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVORIGDSTADDR)) {
            std::memcpy(&original, CMSG_DATA(c), std::min(c->cmsg_len - CMSG_LEN(0), sizeof original));
            wanted = name_of(original);
        }
        if (c->cmsg_level != SOL_IP || c->cmsg_type != IP_PKTINFO) continue;
        auto* info = reinterpret_cast<in_pktinfo*>(CMSG_DATA(c));
        char text[INET_ADDRSTRLEN] = {};
        inet_ntop(AF_INET, &info->ipi_addr, text, sizeof text);
        wanted = text;
        info->ipi_spec_dst = info->ipi_addr;
        info->ipi_ifindex = 0;
    }
    if (!answer.empty()) {
        vector = {const_cast<char*>(answer.data()), answer.size()};
        header.msg_flags = 0;
        if (sendmsg(at->second.get(), &header, 0) < 0) wanted += std::string(": ") + strerror(errno);
    }
    return {bytes.data(), static_cast<std::size_t>(got)};
}

void wait_for(const Stage& stage, const std::string& word, int seconds) {
    for (int i = 0; i < 50 * seconds && said(stage).find(word) == std::string::npos; ++i) usleep(20'000);
}

Inner inner(Stage& stage, std::uint64_t run, std::uint32_t count, int family) {
    auto ask = message<wire::InnerSockets>(wire::Type::inner_sockets);
    ask.run = run;
    ask.count = count;
    ask.family = static_cast<std::uint32_t>(family);
    stage.spawner().send(ask);
    auto reply = stage.spawner().await({wire::Type::inner_sockets_made}, 3000);
    if (!reply) return {};
    return {reply->as<wire::InnerSocketsMade>().err, std::move(reply->fds)};
}

std::string number(std::int64_t value) {
    return std::to_string(value);
}

} // namespace owhale::escapes
