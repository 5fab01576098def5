// A scoped run's network as a broker gets it: where each packet of the run ends up, and what the run itself cannot change.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

using wire::Piece;

struct Scoped { // what came before run_started
    wire::RunNetwork facts{};
    std::map<Piece, Fd> pieces;
    std::map<std::uint16_t, std::vector<Fd>> ports;
    Answer answer;
};

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

bool readable(int fd, int ms = 5000) {
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, ms) == 1;
}

// The next connection, and where its client wanted to go.
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

// The next datagram, where it was sent to; answered from there when `answer` is not empty.
std::string receive_one(const Scoped& scoped, Piece piece, std::string& wanted, const std::string& answer = "") {
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

void wait_for(const Stage& stage, const std::string& word) {
    for (int i = 0; i < 250 && said(stage).find(word) == std::string::npos; ++i) usleep(20'000);
}

void every_packet_comes_to_the_broker(const Place& place) {
    Stage stage(place);
    const auto draft = scoped_draft(stage, R"(
def tcp(host, port, family=socket.AF_INET):
  s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(5); s.connect((host, port))
  say(host + ' says ' + s.recv(64).decode())
tcp('192.0.2.7', 443); tcp('10.9.8.7', 53); tcp('127.0.0.1', 3128); tcp('169.254.169.254', 80)
tcp('2001:db8::7', 8443, socket.AF_INET6)
def udp(host, port, family=socket.AF_INET, wait=False):
  s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(5); s.connect((host, port)); s.send(b'hello')
  if wait: say(host + ' says ' + s.recv(64).decode())
udp('192.0.2.53', 53, wait=True); udp('127.0.0.1', 53, wait=True)
udp('192.0.2.123', 123); udp('2001:db8::53', 53, socket.AF_INET6)
a = socket.socket(); a.bind(('127.0.0.1', 0)); a.listen()
b = socket.create_connection(a.getsockname()); b.send(b'own'); say('own server: ' + a.accept()[0].recv(9).decode())
say('end')
)");
    const auto scoped = start(stage, draft);
    check("a scoped run starts", scoped.answer.end == End::started, scoped.answer.text());
    check("with all of its network here", scoped.pieces.size() == 7,
          "errnos " + std::to_string(scoped.facts.err[3]) + " " + std::to_string(scoped.facts.err[4]));
    const auto tcp = [&](Piece piece, const std::string& to) {
        std::string wanted;
        const auto connection = accept_one(scoped, piece, wanted);
        check("TCP to " + to, wanted == to, wanted);
        check("is answered", connection && write(connection.get(), "here", 4) == 4);
    };
    tcp(Piece::transparent4, "192.0.2.7 443");
    tcp(Piece::dns_tcp, "10.9.8.7 53");
    tcp(Piece::proxy, "127.0.0.1 3128");
    tcp(Piece::transparent4, "169.254.169.254 80");
    tcp(Piece::transparent6, "2001:db8::7 8443");
    std::string wanted;
    check("DNS to any address",
          receive_one(scoped, Piece::dns_udp, wanted, "name") == "hello" && wanted == "192.0.2.53", wanted);
    check("DNS to the loopback address",
          receive_one(scoped, Piece::dns_udp, wanted, "own name") == "hello" && wanted == "127.0.0.1", wanted);
    check("UDP to elsewhere", receive_one(scoped, Piece::udp, wanted) == "hello" && wanted == "192.0.2.123 123",
          wanted);
    check("UDP by IPv6", receive_one(scoped, Piece::udp6, wanted) == "hello" && wanted == "2001:db8::53 53", wanted);
    wait_for(stage, "end");
    const auto text = said(stage);
    check("each was answered from where it went",
          text.find("192.0.2.53 says name") != std::string::npos &&
              text.find("127.0.0.1 says own name") != std::string::npos &&
              text.find("2001:db8::7 says here") != std::string::npos &&
              text.find("own server: own") != std::string::npos,
          text);
}

} // namespace

void play_network(const Place& place) {
    every_packet_comes_to_the_broker(place);
}

} // namespace owhale::escapes
