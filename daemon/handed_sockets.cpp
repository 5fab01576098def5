#include "handed_sockets.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "config/endpoint.hpp"

namespace owhale {
namespace {

constexpr int kFirst = 3; // SD_LISTEN_FDS_START
constexpr int kMost = 2;  // one of a kind

struct Announced {
    std::string pid, count, names;
};

std::string take_variable(const char* name) {
    const char* value = std::getenv(name);
    std::string out(value == nullptr ? "" : value);
    ::unsetenv(name);
    return out;
}

std::unexpected<Error> refuse(const std::string& what, std::string next) {
    return fail(Code::config_invalid, "the service manager hands over " + what, std::move(next));
}

Result<int> count_of(const Announced& announced) {
    if (announced.pid != std::to_string(::getpid())) return 0; // somebody else's, as after a fork of a wrapper's
    const auto& text = announced.count;
    int count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count < 0)
        return refuse("LISTEN_FDS=" + text + ", which is no number", "see the unit that starts owhaled");
    if (count > kMost)
        return refuse(std::to_string(count) + " sockets; owhaled takes one Unix and one TCP socket",
                      "leave one ListenStream= of each in owhaled.socket and owhaled-tcp.socket");
    return count;
}

// systemd.socket(5): FileDescriptorName=, by default the unit's name.
std::string name_of(const std::string& names, int index) {
    std::size_t begin = 0;
    for (; index > 0 && begin != std::string::npos; --index) {
        const auto colon = names.find(':', begin);
        begin = colon == std::string::npos ? colon : colon + 1;
    }
    const auto name = begin == std::string::npos ? "" : names.substr(begin, names.find(':', begin) - begin);
    return name.empty() ? "a socket" : "the socket " + name;
}

// -1 where the descriptor is no socket.
int option_of(int fd, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

Status check_kind(int fd, const std::string& name) {
    if (option_of(fd, SO_TYPE) == -1)
        return refuse(name + ", which is not a socket", "see the unit that starts owhaled");
    if (option_of(fd, SO_TYPE) != SOCK_STREAM)
        return refuse(name + ", which is not a stream socket", "write ListenStream= in its unit");
    if (option_of(fd, SO_ACCEPTCONN) != 1)
        return refuse(name + ", which does not listen", "write Accept=no in its unit");
    return {};
}

bool same_path(const std::string& one, const std::string& other) {
    std::error_code ignored;
    return one == other ||
           std::filesystem::weakly_canonical(one, ignored) == std::filesystem::weakly_canonical(other, ignored);
}

// "" for one without a name or in the abstract namespace.
std::string path_of(int fd) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    return std::string(address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path));
}

Status check_local(int fd, const std::string& name, const config::Settings& settings) {
    const auto path = path_of(fd);
    if (path.empty() || !same_path(path, settings.socket))
        return refuse(name + " at " + (path.empty() ? "no path" : path) + "; the setting socket is " + settings.socket,
                      "let ListenStream= in its unit and the setting say the same");
    struct stat st{};
    if (::lstat(path.c_str(), &st) != 0 || !S_ISSOCK(st.st_mode))
        return refuse(name + ", whose file is not there any more: " + path,
                      "start its unit again: systemctl restart owhaled.socket");
    if (st.st_uid != ::geteuid())
        return refuse(name + ", whose file belongs to uid " + std::to_string(st.st_uid) + ": " + path,
                      "leave SocketUser= out of its unit");
    if (settings.rootless && (st.st_mode & 077) != 0)
        return refuse(name + ", to which others may connect: " + path, "write SocketMode=0600 in its unit");
    return {};
}

Result<config::Endpoint> endpoint_of(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return fail_errno("getsockname");
    config::Endpoint out;
    if (address.ss_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
        std::memcpy(out.address.data(), &six.sin6_addr, sizeof six.sin6_addr);
        out.port = ntohs(six.sin6_port);
    } else {
        const auto& four = reinterpret_cast<const sockaddr_in&>(address);
        out.address[10] = out.address[11] = 0xff; // IPv4 mapped into IPv6
        std::memcpy(out.address.data() + 12, &four.sin_addr, sizeof four.sin_addr);
        out.port = ntohs(four.sin_port);
    }
    return out;
}

// Who connects over IPv4 to an address of IPv6 would be another to every rule that names addresses.
bool takes_both_families(int fd) {
    int only = 0;
    socklen_t size = sizeof only;
    return option_of(fd, SO_DOMAIN) == AF_INET6 &&
           (::getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) != 0 || only == 0);
}

Status check_tcp(int fd, const std::string& name, const config::Settings& settings) {
    const auto wanted = TRY(config::parse_endpoint(settings.tcp));
    const auto given = TRY(endpoint_of(fd));
    const auto fits = wanted && wanted->address == given.address && (wanted->port == 0 || wanted->port == given.port);
    if (!fits)
        return refuse(name + " at " + config::to_text(given) + "; the setting tcp is " + settings.tcp,
                      "let ListenStream= in its unit and the setting say the same, or disable owhaled-tcp.socket");
    if (takes_both_families(fd))
        return refuse(name + ", an IPv6 one that takes IPv4 too", "write BindIPv6Only=ipv6-only in its unit");
    return {};
}

Status own_up(int fd) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return fail_errno("F_SETFD");
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return fail_errno("F_SETFL");
    return {};
}

Status take(Fd fd, const std::string& name, const config::Settings& settings, HandedSockets& out) {
    CHECK(check_kind(fd.get(), name));
    const int family = option_of(fd.get(), SO_DOMAIN);
    const bool local = family == AF_UNIX;
    if (!local && family != AF_INET && family != AF_INET6)
        return refuse(name + " of an unknown family", "write a path, or an address and a port, as ListenStream=");
    auto& place = local ? out.local : out.tcp;
    if (place)
        return refuse(std::string("two ") + (local ? "Unix" : "TCP") + " sockets; the second is " + name,
                      "leave one ListenStream= of each in owhaled.socket and owhaled-tcp.socket");
    CHECK(local ? check_local(fd.get(), name, settings) : check_tcp(fd.get(), name, settings));
    CHECK(own_up(fd.get()));
    place = std::move(fd);
    return {};
}

} // namespace

Result<HandedSockets> take_handed_sockets(const config::Settings& settings) {
    const Announced announced{take_variable("LISTEN_PID"), take_variable("LISTEN_FDS"),
                              take_variable("LISTEN_FDNAMES")};
    const int count = TRY(count_of(announced));
    HandedSockets out;
    for (int i = 0; i < count; ++i) CHECK(take(Fd(kFirst + i), name_of(announced.names, i), settings, out));
    return out;
}

} // namespace owhale
