// The confined broker, played by a child of this test.
#include "confine/confine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "attempts.hpp"
#include "audit/log.hpp"
#include "base/files.hpp"
#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
namespace asio = boost::asio;

namespace {

constexpr uid_t kNobody = 1899999999;

// The test's folder, owned by whom the broker will be.
struct Place {
    Place() {
        to.root = ::geteuid() == 0;
        to.uid = to.root ? kNobody : ::geteuid();
        to.gid = to.root ? kNobody : ::getegid();
        to.writable = {folder.path()};
        if (to.root) REQUIRE_EQ(::chown(folder.path().c_str(), to.uid, to.gid), 0);
    }
    test::Folder folder;
    Confinement to;
};

// What `act` writes in a child of its own, and how that ended (-1: not by an exit).
struct Told {
    std::string text;
    int status = -1;
    int signal = 0;
};

Told in_child(auto act) {
    int ends[2];
    REQUIRE_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(act(ends[1]));
    ::close(ends[1]);
    const Fd from(ends[0]);
    Told told{read_all(from.get(), 65536).value_or(""), -1, 0};
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFEXITED(status)) told.status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) told.signal = WTERMSIG(status);
    return told;
}

void tell(int to, const std::string& text) {
    (void)write_all(to, text + "\n");
}

std::string in_state(const Place& place) {
    std::string wrong;
    const auto path = place.folder / "file";
    if (!write_file(path, "content", 0600)) wrong += "write_file ";
    if (read_file(path, 100).value_or("") != "content") wrong += "read_file ";
    if (::mkdir((place.folder / "output").c_str(), 0700) != 0) wrong += "mkdir ";
    if (::unlink(path.c_str()) != 0) wrong += "unlink ";
    return wrong;
}

std::string sealed_memory() {
    const Fd fd(::memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || !write_all(fd.get(), "x")) return "memfd ";
    return ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0 ? "" : "seals ";
}

// The event loop with a timer, a signal handler and a thread that commits to a database.
std::string served(const Place& place) {
    auto log = audit::Log::open(place.folder.path());
    if (!log) return "audit: " + to_line(log.error());
    asio::io_context io;
    asio::signal_set signals(io, SIGTERM);
    asio::steady_timer timer(io, std::chrono::milliseconds(5));
    std::string wrong = "not appended ";
    const auto work = [&]() -> asio::awaitable<void> {
        co_await timer.async_wait(asio::use_awaitable);
        audit::Event event{"run.intent", "unix:1", "", "", "r", {}};
        const auto seq = co_await (*log)->append(std::move(event));
        audit::Query query;
        const auto rows = co_await (*log)->find(std::move(query));
        if (seq && rows && rows->size() == 1) wrong.clear();
        signals.cancel();
    };
    signals.async_wait([](auto, int) {});
    asio::co_spawn(io, work(), [](std::exception_ptr) {});
    io.run();
    return wrong;
}

} // namespace

TEST_CASE("what a taken-over broker would try is refused, and works outside") {
    const Place place;
    const auto try_all = [&](int to) {
        for (const auto& attempt : test::attempts()) tell(to, std::to_string(attempt.act()));
        return 0;
    };
    std::istringstream outside(in_child(try_all).text);
    const auto inside_told = in_child([&](int to) {
        if (const auto done = confine(place.to); !done) return tell(to, to_line(done.error())), 1;
        return try_all(to);
    });
    REQUIRE_MESSAGE(inside_told.status == 0, inside_told.text);
    std::istringstream inside(inside_told.text);
    for (const auto& attempt : test::attempts()) {
        int answer = -1;
        outside >> answer;
        CAPTURE(std::string(attempt.name));
        if (place.to.root) CHECK_EQ(answer, attempt.unconfined);
        answer = -1;
        inside >> answer;
        CHECK_EQ(answer, attempt.confined);
    }
}

TEST_CASE("what the broker does still works") {
    const Place place;
    const auto told = in_child([&](int to) {
        if (const auto done = confine(place.to); !done) return tell(to, to_line(done.error())), 1;
        tell(to, in_state(place) + sealed_memory() + served(place));
        return 0;
    });
    CHECK_EQ(told.text, "\n");
    CHECK_EQ(told.status, 0);
}

TEST_CASE("with egress it connects, and still listens, binds and speaks to Unix sockets nowhere") {
    Place place;
    place.to.connects = true;
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE_EQ(::listen(listener.get(), 4), 0); // at a port of the kernel's choice
    sockaddr_in at{};
    socklen_t size = sizeof at;
    REQUIRE_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto told = in_child([&](int to) {
        if (const auto done = confine(place.to); !done) return tell(to, to_line(done.error())), 1;
        const Fd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
        const bool connected =
            ::connect(tcp.get(), reinterpret_cast<sockaddr*>(&at), size) == 0 || errno == EINPROGRESS;
        ::usleep(20000);
        const bool accepted = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC) >= 0;
        tell(to, std::to_string(connected) + std::to_string(accepted));
        const auto made = [](int family, int type, int protocol) {
            return std::to_string(static_cast<bool>(Fd(::socket(family, type | SOCK_CLOEXEC, protocol))));
        };
        tell(to, made(AF_INET, SOCK_DGRAM, 0) + made(AF_INET6, SOCK_STREAM, 0));
        tell(to, made(AF_UNIX, SOCK_STREAM, 0) + made(AF_UNIX, SOCK_DGRAM, 0) + made(AF_NETLINK, SOCK_RAW, 0) +
                     made(AF_INET, SOCK_RAW, IPPROTO_TCP) + made(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) +
                     made(AF_PACKET, SOCK_RAW, 0) + made(AF_VSOCK, SOCK_STREAM, 0));
        const Fd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_in any{};
        tell(to, std::to_string(::bind(other.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0) +
                     std::to_string(::listen(other.get(), 1) == 0));
        return 0;
    });
    CHECK_EQ(told.text, "11\n11\n0000000\n00\n");
}

TEST_CASE("a defect still ends the broker by abort") {
    const Place place;
    const auto told = in_child([&](int) -> int {
        if (!confine(place.to)) return 1;
        std::abort();
    });
    CHECK_EQ(told.signal, SIGABRT);
}

TEST_CASE("a 32-bit or x32 system call ends the broker") {
    const Place place;
    const auto told = in_child([&](int) -> int {
        if (!confine(place.to)) return 1;
        return static_cast<int>(::syscall(0x40000000 + SYS_getpid));
    });
    CHECK_EQ(told.signal, SIGSYS);
}

TEST_CASE("it is confined before the first thread or not at all") {
    const Place place;
    const auto told = in_child([&](int to) {
        std::thread other([] { ::pause(); });
        other.detach();
        const auto done = confine(place.to);
        tell(to, done ? "confined" : done.error().step);
        return 0;
    });
    CHECK_EQ(told.text, "threads\n");
}

TEST_CASE("uid 0 is no user for it") {
    Place place;
    place.to.uid = 0;
    CHECK_EQ(confine(place.to).error().step, "user");
}

TEST_CASE("a folder to read cannot be written, a missing one is no error") {
    Place place;
    place.to.writable.clear();
    place.to.readable = {place.folder.path(), "/nonexistent"};
    REQUIRE(write_file(place.folder / "profile", "x", 0644));
    const auto told = in_child([&](int to) {
        if (const auto done = confine(place.to); !done) return tell(to, to_line(done.error())), 1;
        tell(to, read_file(place.folder / "profile", 10).value_or("unreadable"));
        tell(to, write_file(place.folder / "other", "x", 0600) ? "written" : "refused");
        return 0;
    });
    CHECK_EQ(told.text, "x\nrefused\n");
}
