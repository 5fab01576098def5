// What was asked about and what was found: resolves under way, and resolutions that a run may refer to, once.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "spawner/connections.hpp"
#include "spawner/kept_children.hpp"
#include "spawner/loop.hpp"
#include "spawner/options.hpp"
#include "spawner/resolve.hpp"

namespace owhale::spawner {

class Resolutions {
public:
    Resolutions(Loop& loop, const Options& options, const Connections& connections)
        : loop_(loop), options_(options), connections_(connections) {}

    // Whether a live run sees a path of the host's: what it asks about lies there. Set once, before the first packet.
    std::function<bool(std::uint64_t run, const std::string& path)> seen_by;
    // Whether a program's name, as it stands, leads to a place that the run's cage has.
    std::function<bool(std::uint64_t run, const std::string& path)> named_by;

    Status on_resolve(Packet& packet);
    Status on_drop(Packet& packet);
    // The child's answer is there, or its end.
    Status answered(std::uint64_t number);
    // Takes a resolution out: it is good for one run. forbidden when there is none of this number.
    Result<Resolution> take(std::uint64_t number);

    // Answers for the children that are late, and reaps those that ended.
    Status tick(std::int64_t now);
    // Forgets what nobody used for a minute.
    void expire(std::int64_t now);
    // When tick() is to be called next, on the monotonic clock; `latest` if nothing is waited for.
    std::int64_t next_deadline(std::int64_t latest) const;
    bool reaping() const { return !ending_.empty(); }
    void end_all();

private:
    Status refuse(const wire::Resolve& message, const char* step, int err);
    Result<Child> ask(Question question);
    void let_go(Child& child);
    Status send_answer(Answer& answer);
    const char* outside_of_asker(Answer& answer) const;

    Loop& loop_;
    const Options& options_;
    const Connections& connections_;
    std::map<std::uint64_t, Child> resolving_;
    KeptChildren kept_;
    struct Ending { // a child that was killed: to be reaped when the kernel lets it go
        Fd pidfd;
        std::uint32_t uid;
    };
    std::vector<Ending> ending_;
    std::map<std::uint64_t, Resolution> resolutions_;
};

} // namespace owhale::spawner
