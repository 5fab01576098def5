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
};

struct Started {
    wire::RunStarted facts{};
    Fd in, out, err; // tty: `in` is the pty master, the others are empty
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
    // An error here carries the jail step, the errno and the detail; the command never ran.
    virtual boost::asio::awaitable<Result<Started>> run(wire::Run request, wire::Blob strings) = 0;
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
    virtual void reset_box(std::string_view key, std::uint32_t uid) = 0;
};

} // namespace owhale::sandbox
