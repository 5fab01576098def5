#include "notify.hpp"

#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;

namespace {

// The service manager's end; '@' begins an abstract name.
Fd manager(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    return socket;
}

std::string heard(const Fd& socket) {
    char text[512];
    const auto length = ::recv(socket.get(), text, sizeof text, 0);
    return length < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(length));
}

Notify open_for(const std::string& name) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    auto notify = Notify::open();
    ::unsetenv("NOTIFY_SOCKET");
    return notify;
}

} // namespace

TEST_CASE("a service manager hears how owhaled stands, by path or abstract name") {
    const test::Folder folder;
    for (const auto& name : {folder / "notify", "@owhale-test-" + std::to_string(::getpid())}) {
        const auto socket = manager(name);
        const auto notify = open_for(name);
        notify.ready("Serving");
        CHECK_EQ(heard(socket), "READY=1\nSTATUS=Serving");
        notify.reloading();
        CHECK_EQ(heard(socket).substr(0, 27), "RELOADING=1\nMONOTONIC_USEC=");
        notify.migrating();
        CHECK_EQ(heard(socket).substr(0, 30), "EXTEND_TIMEOUT_USEC=300000000\n");
        notify.alive();
        CHECK_EQ(heard(socket), "WATCHDOG=1");
        notify.stopping();
        CHECK_EQ(heard(socket).substr(0, 10), "STOPPING=1");
    }
}

TEST_CASE("without a service manager nothing happens, with one that does not listen nothing waits") {
    open_for("").ready("Serving");
    open_for("relative").ready("Serving");
    const test::Folder folder;
    const auto socket = manager(folder / "notify");
    const auto notify = open_for(folder / "notify");
    for (int i = 0; i < 10'000; ++i) notify.ready("Serving"); // more than the queue takes
    CHECK_EQ(heard(socket), "READY=1\nSTATUS=Serving");
}

TEST_CASE("the watchdog is for the process that is named, and for its children") {
    const test::Folder folder;
    const auto socket = manager(folder / "notify");
    const auto watchdog = [&](const char* pid, const char* usec) {
        ::setenv("WATCHDOG_USEC", usec, 1);
        pid == nullptr ? ::unsetenv("WATCHDOG_PID") : ::setenv("WATCHDOG_PID", pid, 1);
        const auto notify = open_for(folder / "notify");
        ::unsetenv("WATCHDOG_USEC");
        ::unsetenv("WATCHDOG_PID");
        return notify.watchdog().count();
    };
    CHECK_EQ(watchdog(nullptr, "60000000"), 60'000'000);
    CHECK_EQ(watchdog(std::to_string(::getpid()).c_str(), "60000000"), 60'000'000);
    CHECK_EQ(watchdog(std::to_string(::getppid()).c_str(), "60000000"), 60'000'000);
    for (const char* pid : {"2147483647", "", "x", "-1"}) CHECK_EQ(watchdog(pid, "60000000"), 0);
    for (const char* usec : {"", "0", "-5", "1x", "99999999999999999999"}) CHECK_EQ(watchdog(nullptr, usec), 0);
    CHECK_EQ(watchdog(nullptr, "999999999999999"), 86'400'000'000); // a day at most
    CHECK_EQ(open_for(folder / "notify").watchdog().count(), 0);
}
