#include "spawner.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace owhale::escapes {
namespace {

constexpr std::size_t kMaxReply = 65536;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "escapes: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(2);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    return address;
}

Fd listen_at(const std::string& path) {
    Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto address = address_of(path);
    unlink(path.c_str());
    if (!listener || bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener.get(), 16) != 0)
        give_up(path);
    chmod(path.c_str(), 0666);
    return listener;
}

Fd listen_on_loopback(std::uint16_t& port) {
    Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* name = reinterpret_cast<sockaddr*>(&address);
    if (!listener || bind(listener.get(), name, length) != 0 || listen(listener.get(), 4096) != 0 ||
        getsockname(listener.get(), name, &length) != 0)
        give_up("a TCP listener");
    port = ntohs(address.sin_port);
    return listener;
}

// As the supervisor makes it: root's, of the accounts' group.
std::string make_accounts_dir(const Place& place) {
    const auto path = place.folder + "/accounts";
    if (place.rootless) return path;
    mkdir(path.c_str(), 0700);
    if (chown(path.c_str(), 0, wire::kAccountsGid) != 0 || chmod(path.c_str(), 01770) != 0) give_up(path);
    return path;
}

void keep_over_exec(int fd) {
    fcntl(fd, F_SETFD, 0);
}

// Credentials are noted by the kernel at connect: so the connecting process has to have the ids, and hands the socket back.
Fd connect_with_ids(const std::string& path, uid_t uid, gid_t gid) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) give_up("socketpair");
    const pid_t child = fork();
    if (child == 0) {
        const bool change = getuid() == 0 && uid != 0;
        if (change && (setgroups(0, nullptr) != 0 || setgid(gid) != 0 || setuid(uid) != 0)) _exit(1);
        const int client = socket(AF_UNIX, SOCK_STREAM, 0);
        const auto address = address_of(path);
        if (connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(1);
        char byte = 0;
        iovec vector{&byte, 1};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr header{};
        header.msg_iov = &vector;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        auto* c = CMSG_FIRSTHDR(&header);
        *c = {CMSG_LEN(sizeof client), SOL_SOCKET, SCM_RIGHTS};
        std::memcpy(CMSG_DATA(c), &client, sizeof client);
        _exit(sendmsg(pair[1], &header, 0) == 1 ? 0 : 1);
    }
    close(pair[1]);
    char byte = 0;
    iovec vector{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    int client = -1;
    if (recvmsg(pair[0], &header, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&header) != nullptr)
        std::memcpy(&client, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof client);
    close(pair[0]);
    waitpid(child, nullptr, 0);
    return Fd(client);
}

std::int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

} // namespace

Spawner::Spawner(const Place& place, const std::string& config, const std::vector<std::string>& more) {
    start(place, config, more);
}

void Spawner::start(const Place& place, const std::string& config, const std::vector<std::string>& more) {
    const auto scratch = place.folder + "/scratch";
    const auto config_path = place.folder + "/spawner.conf";
    mkdir(scratch.c_str(), 0700);
    mkdir((place.folder + "/forbidden").c_str(), 0755);
    std::ofstream(config_path) << config;
    chmod(config_path.c_str(), 0644);
    socket_path_ = place.folder + "/sock";
    auto listener = listen_at(socket_path_);
    auto tcp_listener = listen_on_loopback(port_);
    const auto accounts = make_accounts_dir(place);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) give_up("socketpair");
    channel_.reset(pair[0]);
    const Fd theirs(pair[1]);
    std::vector<std::string> arguments = {place.spawner,
                                          "--channel=" + std::to_string(theirs.get()),
                                          "--listener=" + std::to_string(listener.get()),
                                          "--scratch=" + scratch,
                                          "--config=" + config_path,
                                          "--forbid=" + place.folder + "/forbidden"};
    arguments.push_back("--tcp-listener=" + std::to_string(tcp_listener.get()));
    arguments.push_back(place.rootless ? "--rootless" : "--accounts=" + accounts);
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
        keep_over_exec(theirs.get());
        keep_over_exec(listener.get());
        keep_over_exec(tcp_listener.get());
        execv(pointers[0], pointers.data());
        _exit(127);
    }
    const auto hello = await({wire::Type::ready});
    if (!hello) give_up("the spawner says nothing: " + place.spawner);
    ready_ = hello->as<wire::Ready>();
}

Spawner::~Spawner() {
    channel_.reset();
    clients_.clear();
    if (ended()) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

bool Spawner::send(const void* bytes, std::size_t size, const std::vector<int>& fds) {
    iovec vector{const_cast<void*>(bytes), size};
    alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    if (!fds.empty()) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        auto* c = CMSG_FIRSTHDR(&header);
        *c = {CMSG_LEN(fds.size() * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
    }
    return sendmsg(channel_.get(), &header, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

std::optional<Reply> Spawner::next(int timeout_ms) {
    pollfd entry{channel_.get(), POLLIN, 0};
    if (poll(&entry, 1, timeout_ms) != 1) return {};
    Reply reply;
    reply.bytes.resize(kMaxReply);
    iovec vector{reply.bytes.data(), reply.bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(253 * sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const auto length = recvmsg(channel_.get(), &header, MSG_CMSG_CLOEXEC);
    if (length < static_cast<ssize_t>(sizeof(wire::Header))) return {};
    for (auto* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            reply.fds.emplace_back(fd);
        }
    }
    reply.bytes.resize(static_cast<std::size_t>(length));
    std::memcpy(&reply.type, reply.bytes.data(), sizeof reply.type);
    return reply;
}

std::optional<Reply> Spawner::await(const std::vector<wire::Type>& types, int timeout_ms) {
    const auto deadline = now_ms() + timeout_ms;
    for (;;) {
        const auto left = deadline - now_ms();
        if (left <= 0) return {};
        auto reply = next(static_cast<int>(left));
        if (!reply) return {};
        for (const auto type : types)
            if (reply->type == type) return reply;
    }
}

bool Spawner::ended(int timeout_ms) {
    const auto deadline = now_ms() + timeout_ms;
    while (!reaped_) {
        reaped_ = waitpid(pid_, nullptr, WNOHANG) == pid_;
        if (reaped_ || now_ms() > deadline) break;
        usleep(5000);
    }
    return reaped_;
}

std::uint64_t Spawner::connect(uid_t uid, gid_t gid) {
    auto client = connect_with_ids(socket_path_, uid, gid);
    if (!client) return 0;
    const auto reply = await({wire::Type::accepted});
    if (!reply) return 0;
    const auto number = reply->as<wire::Accepted>().connection;
    clients_.emplace_back(number, std::move(client));
    return number;
}

Fd Spawner::open_tcp() const {
    Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return client;
}

std::uint64_t Spawner::connect_tcp(wire::Accepted* facts) {
    auto client = open_tcp();
    if (!client) return 0;
    const auto reply = await({wire::Type::accepted});
    if (!reply) return 0;
    const auto accepted = reply->as<wire::Accepted>();
    if (facts != nullptr) *facts = accepted;
    keep(accepted.connection, std::move(client));
    return accepted.connection;
}

void Spawner::hang_up(std::uint64_t connection) {
    std::erase_if(clients_, [connection](const auto& client) { return client.first == connection; });
}

} // namespace owhale::escapes
