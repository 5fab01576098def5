// The broker's end of the wire to the spawner (sandbox/plan.hpp), as coroutines. One instance, on the io thread.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/blob.hpp"
#include "sandbox/network_packets.hpp"
#include "sandbox/plan.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

struct Resolution { // what `resolved` said
    std::uint64_t number = 0;
    wire::Resolved facts{};
    std::string cwd, workspace, program, program_real, home, user, git, git_common, hashbang;
    bool nameless = false; // the uid has no name on this machine: `user` is made up
    std::vector<wire::PathFact> probes;
    std::vector<std::string> scanned; // kResolveScan: 'p' or 'g', then a path below the workspace
    Fd program_fd;
    std::vector<std::pair<std::size_t, Fd>> reads; // probe index, descriptor
    Fd ssh_agent; // kResolveSshAgent: connected to the requester's own agent; else facts.ssh_agent says why not
};

struct Started {
    wire::RunStarted facts{};
    Fd in, out, err;   // tty: `in` is the pty master, the others are empty
    RunPieces network; // kRunNetScoped, kRunSshAgent; else without a piece
};

struct Reopened {                       // of the files that the spawner was told of at start
    std::array<Fd, wire::kFiles> files; // by wire::File; empty where it could not be had
    std::array<int, wire::kFiles>
        err{}; // why: ENOENT (not named, or not there), EPERM (owner or mode), ELOOP (a link), …
};

class SpawnerChannel {
public:
    static std::unique_ptr<SpawnerChannel> make(boost::asio::any_io_executor executor, Fd socket);
    virtual ~SpawnerChannel() = default;

    // Called on the io thread, in the order in which the spawner sent them.
    std::function<void(const wire::Ready&)> on_ready;
    std::function<void(const wire::Accepted&, Fd)> on_accepted;
    std::function<void(std::uint64_t connection)> on_connection_gone;
    std::function<void(const wire::RunEnded&)> on_run_ended;
    std::function<void(std::string box_key)> on_box_ended;
    std::function<void()> on_lost; // the spawner went: end the broker

    virtual boost::asio::awaitable<Result<Resolution>> resolve(wire::Resolve request, wire::Blob strings) = 0;
    // An error here carries the jail step, the errno and the detail; the command never ran. A gated run (wire::kRunGated) is
    // built at once, and starts when go() was called for it.
    virtual boost::asio::awaitable<Result<Started>> run(wire::Run request, wire::Blob strings) = 0;
    virtual void go(std::uint64_t run) = 0;
    virtual void drop_resolution(std::uint64_t resolution) = 0;
    virtual void signal(std::uint64_t run, int signal) = 0;
    virtual void kill(std::uint64_t run, wire::EndReason reason, std::uint32_t grace_ms) = 0;
    virtual void close_connection(std::uint64_t connection) = 0;
    // The connection's number stays good for resolve() after its client hung up, until as many releases. unreachable: it is
    // not open any more; busy: too many are held.
    virtual boost::asio::awaitable<Status> hold(std::uint64_t connection) = 0;
    virtual void release(std::uint64_t connection) = 0;
    // Holds a run still, or lets it go on; how it is held. not_found: it has ended.
    virtual boost::asio::awaitable<Result<wire::FrozenBy>> freeze(std::uint64_t run, bool still) = 0;
    // Opens them anew.
    virtual boost::asio::awaitable<Result<Reopened>> reopen() = 0;
    // Unconnected, non-blocking TCP sockets in the network namespace of a live run; 1 to wire::kMaxInner of AF_INET or
    // AF_INET6. not_found: it has ended; invalid_value: it has the host's network.
    virtual boost::asio::awaitable<Result<std::vector<Fd>>> inner_sockets(std::uint64_t run, int family,
                                                                          std::size_t count) = 0;
    // A listener of the host's for a live run, closed by closing it; `address` is IPv6 or IPv4 mapped into it, port 0 lets
    // the kernel choose. not_found, port_in_use, forbidden (address or port), busy (16 of one run, in its life).
    virtual boost::asio::awaitable<Result<OpenedPort>>
    open_port(std::uint64_t run, std::array<std::uint8_t, 16> address, std::uint16_t port) = 0;
    // Gives a tree head of the audit log to the spawner's file; 0 or the errno of wire::AuditHeadKept. `head.header` is set
    // here. spawner_unavailable: no answer.
    virtual boost::asio::awaitable<Result<int>> keep_head(wire::AuditHead head) = 0;
    virtual void reset_box(std::string_view key, std::uint32_t uid) = 0;
};

} // namespace owhale::sandbox
