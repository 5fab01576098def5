#include "cli/owners.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <pwd.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace owhale::cli {
namespace {

constexpr unsigned kListening = 0x0A; // TCP_LISTEN
using Address = std::array<std::uint8_t, 16>;

Address mapped(const void* four) {
    Address all{};
    all[10] = all[11] = 0xff;
    std::memcpy(all.data() + 12, four, 4);
    return all;
}

// An address as /proc prints it: 32-bit words in the machine's own order.
std::optional<Address> read_address(const std::string& text) {
    std::array<std::uint32_t, 4> words{};
    const std::size_t count = text.size() / 8;
    if (count != 1 && count != 4) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        unsigned word = 0;
        if (std::sscanf(text.substr(8 * i, 8).c_str(), "%X", &word) != 1) return std::nullopt;
        words[i] = word;
    }
    if (count == 1) return mapped(words.data());
    Address all{};
    std::memcpy(all.data(), words.data(), all.size());
    return all;
}

struct Listener {
    Address address;
    uid_t uid;
    unsigned long inode;
};

void add_listeners(std::vector<Listener>& found, const char* path, unsigned wanted) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), std::fclose);
    std::array<char, 512> line{};
    while (file && std::fgets(line.data(), line.size(), file.get()) != nullptr) {
        std::array<char, 40> address{};
        unsigned port = 0, state = 0, uid = 0;
        unsigned long inode = 0;
        if (std::sscanf(line.data(), " %*u: %39[0-9A-F]:%4X %*s %2X %*s %*s %*s %u %*s %lu", address.data(), &port,
                        &state, &uid, &inode) != 5)
            continue;
        if (port != wanted || state != kListening) continue;
        if (const auto read = read_address(address.data())) found.push_back({*read, uid, inode});
    }
}

std::string link_of(const std::filesystem::path& path) {
    std::error_code gone;
    return std::filesystem::read_symlink(path, gone).string();
}

bool holds(const std::filesystem::path& process, const std::string& socket) {
    std::error_code hidden;
    for (auto at = std::filesystem::directory_iterator(process / "fd", hidden);
         !hidden && at != std::filesystem::directory_iterator(); at.increment(hidden))
        if (link_of(at->path()) == socket) return true;
    return false;
}

bool shares_ours(const std::filesystem::path& process, const char* kind) {
    const auto own = link_of(std::filesystem::path("/proc/self/ns") / kind);
    return !own.empty() && link_of(process / "ns" / kind) == own;
}

// Our own uid is also that of our caged commands, which on the host's network listen where they like. Whoever has the
// socket has to be in our own pid namespace, all of them, and one in our user namespace too: a rootless owhaled's spawner
// has one of its own, its supervisor not. A process that we may not look into does not count as seen.
bool held_by_uncaged(unsigned long inode) {
    const auto socket = "socket:[" + std::to_string(inode) + "]";
    bool seen = false;
    std::error_code hidden;
    for (auto at = std::filesystem::directory_iterator("/proc", hidden);
         !hidden && at != std::filesystem::directory_iterator(); at.increment(hidden)) {
        const auto name = at->path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos || !holds(at->path(), socket)) continue;
        if (!shares_ours(at->path(), "pid")) return false;
        seen = seen || shares_ours(at->path(), "user");
    }
    return seen;
}

Status check_own(const Listener& one, unsigned port) {
    if (one.uid == 0 || one.uid != ::geteuid() || held_by_uncaged(one.inode)) return {};
    return fail(Code::forbidden,
                "the program that serves port " + std::to_string(port) +
                    " here runs as you, but in a cage, or where you cannot look: nothing was sent",
                "use owhaled's Unix socket, or https:// with --fingerprint");
}

bool any_address(const Address& address) {
    return address == Address{} || address == mapped(std::array<std::uint8_t, 4>{}.data());
}

std::unexpected<Error> nobody_known(unsigned port) {
    return fail(Code::forbidden,
                "nobody can tell which program serves port " + std::to_string(port) + " here: nothing was sent",
                "use owhaled's Unix socket, or https:// with --fingerprint");
}

} // namespace

bool trusted(uid_t uid) {
    if (uid == 0 || uid == ::geteuid()) return true;
    const passwd* account = ::getpwnam("owhaled");
    return account != nullptr && account->pw_uid == uid;
}

bool is_alone(const struct stat& info, uid_t owner) {
    return info.st_uid == owner && (info.st_mode & 022) == 0;
}

Status check_listener(const sockaddr* address) {
    const bool six = address->sa_family == AF_INET6;
    const auto* four_of = reinterpret_cast<const sockaddr_in*>(address);
    const auto* six_of = reinterpret_cast<const sockaddr_in6*>(address);
    const unsigned port = ntohs(six ? six_of->sin6_port : four_of->sin_port);
    Address target = six ? Address{} : mapped(&four_of->sin_addr);
    if (six) std::memcpy(target.data(), &six_of->sin6_addr, target.size());
    std::vector<Listener> all;
    add_listeners(all, "/proc/net/tcp", port);
    add_listeners(all, "/proc/net/tcp6", port);
    bool exact = false, known = false;
    for (const auto& one : all) exact = exact || one.address == target;
    for (const auto& one : all) {
        if (exact ? one.address != target : !any_address(one.address)) continue; // the kernel prefers the exact one
        known = true;
        if (!trusted(one.uid))
            return fail(Code::forbidden,
                        "the program that serves port " + std::to_string(port) + " here belongs to uid " +
                            std::to_string(one.uid) + ", which is neither root, owhaled nor you: nothing was sent",
                        "start owhaled, or look for that program: ss -ltnp 'sport = " + std::to_string(port) + "'");
        CHECK(check_own(one, port));
    }
    return known ? Status{} : nobody_known(port);
}

} // namespace owhale::cli
