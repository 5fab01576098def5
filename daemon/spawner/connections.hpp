// The connections that the kernel vouched for: numbered, and believed only while open, or while they are held.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::spawner {

struct Identity {
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups; // supplementary, root-like ones taken out
    std::uint32_t groups_dropped = 0;
};

struct Rights {
    Identity identity;                      // whose rights a resolve has
    std::uint32_t run_uid = 0, run_gid = 0; // what a run gets
};

enum class Door : std::uint8_t { unix_socket, tcp, run }; // by which listener it came

struct Connection {
    Fd socket; // a second descriptor of the peer's socket: tells us when it hangs up, whatever the broker says; empty: it did
    Door door = Door::unix_socket;
    std::uint64_t run = 0;       // the run whose listener, or whose cgroup, it came from; 0 none
    bool may_run = false;        // of a run: it may ask for runs of its own
    std::uint32_t holds = 0;     // requests of it that wait for an answer
    std::int64_t held_until = 0; // monotonic, nanoseconds; of a held one
    Rights rights;               // not of a TCP peer that is no run: an account's number is named with each resolve
};

class Connections {
public:
    // Returns its number, which is never given again.
    std::uint64_t add(Connection connection);
    // Of one that is open or held.
    const Connection* find(std::uint64_t number) const;
    // Its peer has gone. What is held is still found.
    void close(std::uint64_t number);
    // 0, ENOTCONN (not open), EAGAIN (wire::kMaxHeld, wire::kMaxHeldOfUid). What is held already may be held again.
    int hold(std::uint64_t number, std::int64_t now);
    void release(std::uint64_t number);
    // Ends what is held of a run, and what has been held too long.
    void end_holds_of(std::uint64_t run);
    void expire(std::int64_t now);
    std::vector<std::uint64_t> of_run(std::uint64_t run) const;

private:
    void end_hold(std::map<std::uint64_t, Connection>::iterator at);

    std::map<std::uint64_t, Connection> table_;
    std::map<std::uint64_t, std::size_t> held_of_; // by uid, and kTcpClients
    std::size_t held_ = 0;
    std::uint64_t next_ = 1;
};

// What a uid may bring into a run besides itself.
Identity make_identity(std::uint32_t uid, std::uint32_t gid, const std::vector<std::uint32_t>& groups);

struct LocalPeer { // of a Unix socket, as the kernel noted it at connect
    std::uint32_t uid = 0, gid = 0;
    std::int32_t pid = 0;
    std::vector<std::uint32_t> groups; // supplementary, all of them
    std::string program;               // its comm; informative, "" when it has gone
};
Result<LocalPeer> local_peer(int socket);

} // namespace owhale::spawner
