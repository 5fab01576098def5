#include "sandbox/spawner_channel.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>

#include "checks.hpp"
#include "sandbox/packet.hpp"

using namespace owhale;
using namespace owhale::sandbox;
namespace asio = boost::asio;

namespace {

// The spawner's end, played by the test, packet by packet.
class Wire {
public:
    Wire() {
        int pair[2];
        REQUIRE_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        theirs.reset(pair[0]);
        channel = SpawnerChannel::make(io.get_executor(), Fd(pair[1]));
        channel->on_lost = [this] { lost = true; };
    }
    template <typename T> static T message(wire::Type type) {
        T m{};
        m.header = {type, sizeof m};
        return m;
    }
    template <typename T> void send(const T& m, std::vector<int> fds = {}) {
        iovec bytes{const_cast<T*>(&m), sizeof m};
        alignas(cmsghdr) char control[256] = {};
        msghdr header{};
        header.msg_iov = &bytes;
        header.msg_iovlen = 1;
        if (!fds.empty()) {
            header.msg_control = control;
            header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
            auto* part = CMSG_FIRSTHDR(&header);
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
            std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
        }
        REQUIRE_GT(::sendmsg(theirs.get(), &header, 0), 0);
    }
    void send_ready() {
        auto ready = message<wire::Ready>(wire::Type::ready);
        ready.version = wire::kVersion;
        send(ready);
        poll();
    }
    template <typename T> T receive(std::size_t fds) {
        const auto packet = receive_packet(theirs.get());
        REQUIRE(packet);
        REQUIRE_EQ(packet->size, sizeof(T));
        CHECK_EQ(packet->fds.size(), fds);
        T m;
        std::memcpy(&m, packet->bytes.data(), sizeof m);
        return m;
    }
    void poll() {
        io.restart();
        io.poll();
    }
    template <typename T> void start(asio::awaitable<Result<T>> call, std::optional<Result<T>>& into) {
        asio::co_spawn(io, std::move(call),
                       [&into](std::exception_ptr, Result<T> result) { into = std::move(result); });
        poll();
    }

    asio::io_context io;
    Fd theirs;
    std::unique_ptr<SpawnerChannel> channel;
    bool lost = false;
};

wire::PathFact fact_of(std::uint64_t inode) {
    wire::PathFact fact{};
    fact.ino = inode;
    fact.mode = 0100644;
    return fact;
}

std::string bytes_of(const wire::PathFact& fact) {
    return {reinterpret_cast<const char*>(&fact), sizeof fact};
}

int open_files() {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

} // namespace

TEST_CASE("a resolve is asked and answered, with its facts and descriptors") {
    Wire wire;
    wire.send_ready();
    std::optional<Result<Resolution>> answer;
    wire::Resolve request{};
    request.resolution = 7;
    wire.start(wire.channel->resolve(request, {{"/a", "", "id", "/bin", "", ""}, {}}), answer);
    CHECK_EQ(wire.receive<wire::Resolve>(1).resolution, 7);
    auto resolved = Wire::message<wire::Resolved>(wire::Type::resolved);
    resolved.ssh_agent = -1;
    resolved.resolution = 7;
    resolved.has_program_fd = 1;
    resolved.read_count = 1;
    const auto blob = wire::write_blob({{"/a", "/a", "/bin/id", "/usr/bin/id", "/home/me", "me", "", "", ""},
                                        {bytes_of(fact_of(1)), bytes_of(fact_of(2))},
                                        {"1"}});
    const Fd program(::open("/bin/true", O_RDONLY | O_CLOEXEC)), read(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    wire.send(resolved, {blob->get(), program.get(), read.get()});
    wire.poll();
    REQUIRE(answer);
    REQUIRE(*answer);
    const auto& resolution = **answer;
    CHECK_EQ(resolution.program_real, "/usr/bin/id");
    CHECK_EQ(resolution.user, "me");
    REQUIRE_EQ(resolution.probes.size(), 2);
    CHECK_EQ(resolution.probes[1].ino, 2);
    CHECK(resolution.program_fd);
    REQUIRE_EQ(resolution.reads.size(), 1);
    CHECK_EQ(resolution.reads[0].first, 1);
    CHECK_NE(::fcntl(resolution.program_fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_CASE("a resolve that stopped at a step says so") {
    Wire wire;
    wire.send_ready();
    std::optional<Result<Resolution>> answer;
    wire::Resolve request{};
    request.resolution = 1;
    wire.start(wire.channel->resolve(request, {{}, {}}), answer);
    auto resolved = Wire::message<wire::Resolved>(wire::Type::resolved);
    resolved.ssh_agent = -1;
    resolved.resolution = 1;
    resolved.err = ENOENT;
    std::strcpy(resolved.step, "cwd");
    const auto blob = wire::write_blob({{}, {}, {}});
    wire.send(resolved, {blob->get()});
    wire.poll();
    REQUIRE(answer);
    REQUIRE(*answer);
    CHECK_EQ((*answer)->facts.err, ENOENT);
}

TEST_CASE("the requester's agent comes last") {
    Wire wire;
    wire.send_ready();
    std::optional<Result<Resolution>> answer;
    wire::Resolve request{};
    request.resolution = 8;
    wire.start(wire.channel->resolve(request, {{"/a", "", "", "", "", "", "/agent"}, {}}), answer);
    wire.receive<wire::Resolve>(1);
    auto resolved = Wire::message<wire::Resolved>(wire::Type::resolved);
    resolved.resolution = 8;
    const auto blob = wire::write_blob({{"/a", "/a", "", "", "", "me", "", "", ""}, {}, {}});
    wire.send(resolved, {blob->get(), wire.theirs.get()});
    wire.poll();
    REQUIRE(answer);
    REQUIRE(*answer);
    CHECK((*answer)->ssh_agent);
}

TEST_CASE("a scoped run starts with what its network is made of") {
    Wire wire;
    wire.send_ready();
    std::optional<Result<Started>> answer;
    wire::Run request{};
    request.run = 5;
    wire.start(wire.channel->run(request, wire::Blob(wire::kRunLists)), answer);
    wire.receive<wire::Run>(1);
    const Fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto network = Wire::message<wire::RunNetwork>(wire::Type::run_network);
    network.run = 5;
    network.have = 1 << static_cast<int>(wire::Piece::proxy) | 1 << static_cast<int>(wire::Piece::udp);
    network.err[static_cast<int>(wire::Piece::transparent4)] = ENOENT;
    wire.send(network, {one.get(), one.get()});
    auto port = Wire::message<wire::RunHostPort>(wire::Type::run_host_port);
    port.run = 5;
    port.port = 5432;
    port.listeners = 1;
    wire.send(port, {one.get()});
    network.run = port.run = 77; // of a run that nobody waits for
    wire.send(network, {one.get(), one.get()});
    wire.send(port, {one.get()});
    auto started = Wire::message<wire::RunStarted>(wire::Type::run_started);
    started.run = 5;
    wire.send(started, {one.get(), one.get()});
    const int before = open_files();
    wire.poll();
    REQUIRE(answer);
    REQUIRE(*answer);
    CHECK_EQ(open_files() - before, 5);
    const auto& its = (*answer)->network;
    CHECK_EQ(its.pieces.size(), 2);
    CHECK_EQ(its.facts.err[static_cast<int>(wire::Piece::transparent4)], ENOENT);
    REQUIRE_EQ(its.host_ports.size(), 1);
    CHECK_EQ(its.host_ports[0].first.port, 5432);
    CHECK_EQ(its.host_ports[0].second.size(), 1);
}

TEST_CASE("inner sockets and ports: each asker has its own answer, or its own refusal") {
    Wire wire;
    wire.send_ready();
    const Fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    std::optional<Result<std::vector<Fd>>> first, second;
    wire.start(wire.channel->inner_sockets(4, AF_INET, 2), first);
    wire.start(wire.channel->inner_sockets(5, AF_INET6, 1), second);
    CHECK_EQ(wire.receive<wire::InnerSockets>(0).count, 2);
    CHECK_EQ(wire.receive<wire::InnerSockets>(0).family, AF_INET6);
    auto made = Wire::message<wire::InnerSocketsMade>(wire::Type::inner_sockets_made);
    made.run = 4;
    made.count = 2;
    wire.send(made, {one.get(), one.get()});
    made.count = 0;
    made.err = ESRCH;
    wire.send(made);
    std::optional<Result<OpenedPort>> port;
    wire.start(wire.channel->open_port(4, {}, 80), port);
    CHECK_EQ(wire.receive<wire::OpenPort>(0).port, 80);
    auto opened = Wire::message<wire::PortOpened>(wire::Type::port_opened);
    opened.err = EACCES;
    wire.send(opened);
    wire.poll();
    REQUIRE(first);
    REQUIRE(*first);
    CHECK_EQ((*first)->size(), 2);
    REQUIRE(second);
    CHECK_EQ(second->error().code, Code::not_found);
    REQUIRE(port);
    CHECK_EQ(port->error().code, Code::forbidden);
}

TEST_CASE("a network with other descriptors than it says is the end") {
    for (const std::uint32_t have : {0u, 3u, 1u << wire::kPieces}) {
        Wire wire;
        wire.send_ready();
        auto network = Wire::message<wire::RunNetwork>(wire::Type::run_network);
        network.have = have;
        wire.send(network, {wire.theirs.get()});
        wire.poll();
        CHECK(wire.lost);
    }
}

TEST_CASE("a run starts, and its end is told after") {
    Wire wire;
    std::vector<std::string> order;
    wire.channel->on_run_ended = [&](const wire::RunEnded& ended) {
        order.push_back("ended " + std::to_string(ended.run));
    };
    wire.send_ready();
    std::optional<Result<Started>> answer;
    wire::Run request{};
    request.run = 9;
    wire.start(wire.channel->run(request, {{}, {}, {}, {}}), answer);
    CHECK_EQ(wire.receive<wire::Run>(1).run, 9);
    auto started = Wire::message<wire::RunStarted>(wire::Type::run_started);
    started.run = 9;
    int out[2], err[2];
    REQUIRE_EQ(::pipe2(out, O_CLOEXEC), 0);
    REQUIRE_EQ(::pipe2(err, O_CLOEXEC), 0);
    const Fd ends[] = {Fd(out[0]), Fd(out[1]), Fd(err[0]), Fd(err[1])};
    wire.send(started, {out[0], err[0]});
    auto ended = Wire::message<wire::RunEnded>(wire::Type::run_ended);
    ended.run = 9;
    wire.send(ended);
    wire.poll();
    REQUIRE(answer);
    REQUIRE(*answer);
    CHECK_FALSE((*answer)->in);
    CHECK((*answer)->out);
    CHECK((*answer)->err);
    CHECK_EQ(order, std::vector<std::string>{"ended 9"});
}

TEST_CASE("a gated run is let go by its number") {
    Wire wire;
    wire.send_ready();
    wire.channel->go(9);
    wire.poll();
    CHECK_EQ(wire.receive<wire::GoRun>(0).run, 9);
}

TEST_CASE("files are opened anew, and each asker has its own answer") {
    Wire wire;
    wire.send_ready();
    std::optional<Result<Reopened>> first, second;
    wire.start(wire.channel->reopen(), first);
    wire.start(wire.channel->reopen(), second);
    wire.receive<wire::Reopen>(0);
    wire.receive<wire::Reopen>(0);
    auto both = Wire::message<wire::Reopened>(wire::Type::reopened);
    both.have = 3;
    int ends[2];
    REQUIRE_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd held[] = {Fd(ends[0]), Fd(ends[1])};
    wire.send(both, {ends[0], ends[1]});
    auto key_alone = Wire::message<wire::Reopened>(wire::Type::reopened);
    key_alone.have = 2;
    key_alone.err[0] = EPERM;
    wire.send(key_alone, {ends[0]});
    wire.poll();
    REQUIRE(first);
    REQUIRE(*first);
    CHECK((*first)->files[0]);
    CHECK((*first)->files[1]);
    REQUIRE(second);
    REQUIRE(*second);
    CHECK_FALSE((*second)->files[0]);
    CHECK((*second)->files[1]);
    CHECK_EQ((*second)->err[0], EPERM);
}

TEST_CASE("an answer about files with other descriptors than it says is the end") {
    for (const std::uint32_t have : {0u, 3u}) {
        Wire wire;
        wire.send_ready();
        std::optional<Result<Reopened>> answer;
        wire.start(wire.channel->reopen(), answer);
        auto message = Wire::message<wire::Reopened>(wire::Type::reopened);
        message.have = have;
        wire.send(message, {wire.theirs.get()});
        wire.poll();
        CHECK(wire.lost);
        REQUIRE(answer);
        CHECK_EQ(answer->error().code, Code::spawner_unavailable);
    }
}

TEST_CASE("a jail that fails names its step, a refusal its code") {
    struct Row {
        const char *step, *detail;
        Code code;
        const char* message;
    };
    for (const auto& [step, detail, code, message] :
         {Row{"seccomp", "the filter", Code::jail_failed, "the filter"},
          Row{"seccomp", "", Code::jail_failed, "the step seccomp failed"},
          Row{"admit", "net_host_denied: uid 7 may not", Code::net_host_denied, "uid 7 may not"}}) {
        Wire wire;
        wire.send_ready();
        std::optional<Result<Started>> answer;
        wire::Run request{};
        request.run = 3;
        wire.start(wire.channel->run(request, {{}, {}, {}, {}}), answer);
        auto failed = Wire::message<wire::RunFailed>(wire::Type::run_failed);
        failed.run = 3;
        failed.err = EPERM;
        std::strcpy(failed.step, step);
        std::strcpy(failed.detail, detail);
        wire.send(failed);
        wire.poll();
        REQUIRE(answer);
        REQUIRE_FALSE(*answer);
        CHECK_EQ(answer->error().code, code);
        CHECK_EQ(answer->error().message, message);
        CHECK_EQ(answer->error().step, step);
    }
}

TEST_CASE("an answer that nobody waits for is given back, its descriptors closed") {
    Wire wire;
    wire.send_ready();
    const int before = open_files();
    auto resolved = Wire::message<wire::Resolved>(wire::Type::resolved);
    resolved.ssh_agent = -1;
    resolved.resolution = 55;
    const auto strings = wire::Blob{{"", "", "", "", "", "", "", "", ""}, {}, {}};
    {
        const auto blob = wire::write_blob(strings);
        wire.send(resolved, {blob->get()});
    }
    wire.poll();
    CHECK_EQ(wire.receive<wire::DropResolution>(0).resolution, 55);
    CHECK_EQ(open_files(), before);
    CHECK_FALSE(wire.lost);
}

TEST_CASE("whatever breaks the protocol ends it, and who waited is told") {
    struct Row {
        const char* what;
        void (*send)(Wire&);
    };
    for (const auto& [what, send] : {
             Row{"closed", [](Wire& w) { w.theirs.reset(); }},
             Row{"unknown type",
                 [](Wire& w) { w.send(wire::Header{static_cast<wire::Type>(999), sizeof(wire::Header)}); }},
             Row{"broker's own type", [](Wire& w) { w.send(Wire::message<wire::KillRun>(wire::Type::kill_run)); }},
             Row{"size lies", [](Wire& w) { w.send(wire::Header{wire::Type::run_ended, 4000}); }},
             Row{"wrong size", [](Wire& w) { w.send(wire::Header{wire::Type::run_ended, sizeof(wire::Header)}); }},
             Row{"second ready", [](Wire& w) { w.send(Wire::message<wire::Ready>(wire::Type::ready)); }},
             Row{"accepted without a socket",
                 [](Wire& w) { w.send(Wire::message<wire::Accepted>(wire::Type::accepted)); }},
             Row{"resolved without a blob",
                 [](Wire& w) { w.send(Wire::message<wire::Resolved>(wire::Type::resolved)); }},
             Row{"started without pipes",
                 [](Wire& w) { w.send(Wire::message<wire::RunStarted>(wire::Type::run_started)); }},
             Row{"a byte", [](Wire& w) { w.send(char{1}); }},
         }) {
        CAPTURE(what);
        Wire wire;
        wire.send_ready();
        std::optional<Result<Resolution>> answer;
        wire.start(wire.channel->resolve({}, {{}, {}}), answer);
        send(wire);
        wire.poll();
        CHECK(wire.lost);
        REQUIRE(answer);
        CHECK_EQ(answer->error().code, Code::spawner_unavailable);
    }
}

TEST_CASE("nothing counts before `ready`, nor one of another version") {
    Wire early;
    early.send(Wire::message<wire::RunEnded>(wire::Type::run_ended));
    early.poll();
    CHECK(early.lost);
    Wire other;
    auto ready = Wire::message<wire::Ready>(wire::Type::ready);
    ready.version = wire::kVersion + 1;
    other.send(ready);
    other.poll();
    CHECK(other.lost);
}

TEST_CASE("a connection is held, or it is said why not, each answer to its question") {
    Wire wire;
    wire.send_ready();
    std::optional<Status> first, second, third;
    const auto hold = [&](std::uint64_t number, std::optional<Status>& into) {
        asio::co_spawn(wire.io, wire.channel->hold(number),
                       [&into](std::exception_ptr, Status status) { into = std::move(status); });
        wire.poll();
        CHECK_EQ(wire.receive<wire::HoldConnection>(0).connection, number);
    };
    hold(7, first);
    hold(8, second);
    hold(9, third);
    const auto answer = [&](std::uint64_t number, int err) {
        auto held = Wire::message<wire::ConnectionHeld>(wire::Type::connection_held);
        held.connection = number;
        held.err = err;
        wire.send(held);
        wire.poll();
    };
    answer(7, 0);
    REQUIRE(first);
    CHECK(*first);
    CHECK(!second);
    answer(8, ENOTCONN);
    answer(9, EAGAIN);
    REQUIRE(second);
    REQUIRE(third);
    CHECK_EQ(second->error().code, Code::unreachable);
    CHECK_EQ(third->error().code, Code::busy);
    wire.channel->release(7);
    CHECK_EQ(wire.receive<wire::ReleaseConnection>(0).connection, 7);
}

TEST_CASE("a run is held still, and it is said how; one that has ended is not") {
    Wire wire;
    wire.send_ready();
    std::optional<Result<wire::FrozenBy>> still, ended;
    wire.start(wire.channel->freeze(3, true), still);
    CHECK_EQ(wire.receive<wire::FreezeRun>(0).freeze, 1);
    wire.start(wire.channel->freeze(4, false), ended);
    CHECK_EQ(wire.receive<wire::FreezeRun>(0).freeze, 0);
    auto frozen = Wire::message<wire::RunFrozen>(wire::Type::run_frozen);
    frozen.run = 3;
    frozen.by = wire::FrozenBy::cgroup;
    wire.send(frozen);
    frozen.run = 4;
    frozen.err = ESRCH;
    wire.send(frozen);
    wire.poll();
    REQUIRE(still);
    CHECK_EQ(**still, wire::FrozenBy::cgroup);
    REQUIRE(ended);
    CHECK_EQ(ended->error().code, Code::not_found);
}

TEST_CASE("who waits for a word hears that the spawner has gone") {
    Wire wire;
    wire.send_ready();
    std::optional<Result<wire::FrozenBy>> still;
    wire.start(wire.channel->freeze(3, true), still);
    wire.theirs.reset();
    wire.poll();
    REQUIRE(still);
    CHECK_EQ(still->error().code, Code::spawner_unavailable);
}

TEST_CASE("a file that is not what was agreed to makes the approval void, and says which") {
    for (const auto& [err, code] :
         {std::pair{ESTALE, Code::approval_void}, std::pair{ELOOP, Code::approval_void},
          std::pair{EFBIG, Code::approval_void}, std::pair{EBUSY, Code::busy}, std::pair{ENOSPC, Code::jail_failed}}) {
        Wire wire;
        wire.send_ready();
        std::optional<Result<Started>> answer;
        wire::Run request{};
        request.run = 5;
        wire.start(wire.channel->run(request, wire::Blob(wire::kRunLists)), answer);
        wire.receive<wire::Run>(1);
        auto failed = Wire::message<wire::RunFailed>(wire::Type::run_failed);
        failed.run = 5;
        failed.err = err;
        std::snprintf(failed.step, sizeof failed.step, "approved");
        std::snprintf(failed.detail, sizeof failed.detail, "/home/u/p/x.sh");
        wire.send(failed);
        wire.poll();
        REQUIRE(answer);
        CHECK_EQ(answer->error().code, code);
        if (code != Code::jail_failed) CHECK(answer->error().message.starts_with("/home/u/p/x.sh "));
    }
}
