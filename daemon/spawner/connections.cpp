#include "spawner/connections.hpp"

#include <cerrno>
#include <sys/socket.h>

#include "base/files.hpp"
#include "sandbox/plan.hpp"
#include "spawner/accounts.hpp"

namespace owhale::spawner {
namespace {

constexpr std::uint32_t kNoGroup = 65534; // Debian's nogroup
constexpr std::size_t kMaxGroups = 64;    // wire::Resolved carries as many
constexpr std::size_t kMaxComm = 64;

Result<std::vector<std::uint32_t>> peer_groups(int socket) {
    std::vector<std::uint32_t> groups(65536);
    auto length = static_cast<socklen_t>(groups.size() * sizeof groups[0]);
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) != 0)
        return fail_errno("SO_PEERGROUPS");
    groups.resize(length / sizeof groups[0]);
    return groups;
}

constexpr std::uint64_t kTcpClients = 1ull << 32;   // beside the uids
constexpr std::uint32_t kMaxHolds = wire::kMaxHeld; // of one connection

// Whose share of the holds it takes.
std::uint64_t holder_of(const Connection& connection) {
    return connection.door == Door::tcp && connection.run == 0 ? kTcpClients : connection.rights.identity.uid;
}

// A process may give itself any name, control characters too: it is shown to people.
std::string program_of(std::int32_t pid) {
    if (pid <= 0) return {};
    auto name = read_file("/proc/" + std::to_string(pid) + "/comm", kMaxComm).value_or("");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    for (auto& c : name)
        if (c < ' ' || c > '~') c = '?';
    return name;
}

// newgrp and sg make any group of the user its primary one: a root-like one gives way to the account's own.
std::uint32_t allowed_gid(std::uint32_t uid, std::uint32_t gid) {
    if (uid == 0 || !root_like(gid)) return gid;
    const auto account = find_account(uid);
    return account && !root_like(account->gid) ? account->gid : kNoGroup;
}

} // namespace

Identity make_identity(std::uint32_t uid, std::uint32_t gid, const std::vector<std::uint32_t>& groups) {
    Identity identity{uid, allowed_gid(uid, gid), {}, 0};
    gid = identity.gid;
    for (const auto group : groups) {
        if (group == gid) continue;
        if (identity.groups.size() < kMaxGroups && !root_like(group))
            identity.groups.push_back(group);
        else
            ++identity.groups_dropped;
    }
    return identity;
}

Result<LocalPeer> local_peer(int socket) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return fail_errno("SO_PEERCRED");
    return LocalPeer{credentials.uid, credentials.gid, credentials.pid, TRY(peer_groups(socket)),
                     program_of(credentials.pid)};
}

std::uint64_t Connections::add(Connection connection) {
    const auto number = next_++;
    table_.emplace(number, std::move(connection));
    return number;
}

const Connection* Connections::find(std::uint64_t number) const {
    const auto at = table_.find(number);
    return at == table_.end() ? nullptr : &at->second;
}

void Connections::close(std::uint64_t number) {
    const auto at = table_.find(number);
    if (at == table_.end()) return;
    at->second.socket.reset();
    if (at->second.holds == 0) table_.erase(at);
}

int Connections::hold(std::uint64_t number, std::int64_t now) {
    const auto at = table_.find(number);
    if (at == table_.end() || !at->second.socket) return ENOTCONN;
    auto& connection = at->second;
    if (connection.holds == 0) {
        auto& own = held_of_[holder_of(connection)];
        if (held_ >= wire::kMaxHeld || own >= wire::kMaxHeldOfUid) return EAGAIN;
        ++own;
        ++held_;
    }
    if (connection.holds == kMaxHolds) return EAGAIN;
    ++connection.holds;
    connection.held_until = now + wire::kHoldTime * 1'000'000'000;
    return 0;
}

void Connections::end_hold(std::map<std::uint64_t, Connection>::iterator at) {
    auto& connection = at->second;
    connection.holds = 0;
    --held_;
    const auto own = held_of_.find(holder_of(connection));
    if (--own->second == 0) held_of_.erase(own);
    if (!connection.socket) table_.erase(at);
}

void Connections::release(std::uint64_t number) {
    const auto at = table_.find(number);
    if (at == table_.end() || at->second.holds == 0) return;
    if (at->second.holds > 1)
        --at->second.holds;
    else
        end_hold(at);
}

void Connections::end_holds_of(std::uint64_t run) {
    for (auto at = table_.begin(); at != table_.end();) {
        const auto next = std::next(at);
        if (at->second.run == run && at->second.holds != 0) end_hold(at);
        at = next;
    }
}

void Connections::expire(std::int64_t now) {
    for (auto at = table_.begin(); at != table_.end();) {
        const auto next = std::next(at);
        if (at->second.holds != 0 && now >= at->second.held_until) end_hold(at);
        at = next;
    }
}

std::vector<std::uint64_t> Connections::of_run(std::uint64_t run) const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, connection] : table_)
        if (connection.run == run && connection.socket) numbers.push_back(number);
    return numbers;
}

} // namespace owhale::spawner
