// The way of one run, in the design's order: look, decide, write the intent down, build the cage, run, end, receipt,
// write the outcome down. Nothing runs when the intent cannot be written.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "audit/log.hpp"
#include "sandbox/bounds.hpp"
#include "sandbox/digest.hpp"
#include "sandbox/looker.hpp"
#include "sandbox/plan_builder.hpp"
#include "sandbox/profiles.hpp"
#include "sandbox/run.hpp"

namespace owhale::sandbox {

// A request that was checked and looked up; nothing has been done for it yet.
struct Prepared {
    api::RunRequest request;
    Command command;
    std::shared_ptr<const Profile> profile;
    Looked looked;
    RunLimits limits;
    Plan plan;
    std::string id, box;
    std::string program_digest;
    api::Verdict verdict;
    std::uint64_t join = 0; // wire number of the run whose cage it enters
    std::string verb = "runs.create";
    std::optional<Error> failure; // a program that cannot be found or executed: a run that fails
    std::map<std::string, std::uint64_t> timing;
};

class Launcher {
public:
    explicit Launcher(const Runs::Parts& parts)
        : parts_(parts), looker_(parts.spawner, parts.settings, parts.ready, blocking_), digests_(blocking_) {}

    boost::asio::awaitable<Result<Prepared>> prepare(api::RunRequest request, const Caller& caller,
                                                     std::uint64_t number);
    boost::asio::awaitable<Result<Prepared>> prepare_exec(api::ExecRequest request, const Caller& caller,
                                                          const Run& target, std::uint64_t number);
    // What the API and the receipt know before it runs.
    void describe(Run& run, const Prepared& prepared) const;
    // The run is running, or failed with its record saying why. An error means that nothing was tried: the audit log or
    // the verdict forbade it.
    boost::asio::awaitable<Status> start(Run& run, Prepared& prepared);
    // After its end: state, receipt, audit outcome. The row is the caller's.
    boost::asio::awaitable<void> finish(Run& run);

    // Outcomes that the audit log refused, when it may take them again.
    boost::asio::awaitable<void> write_late();

private:
    // Looks, holds what was found to the caller's fences, and looks once more where the workspace was found above one.
    boost::asio::awaitable<Result<Looked>> look(Prepared& prepared, const Caller& caller, const Tables& tables);
    boost::asio::awaitable<Result<std::vector<Fence>>> real_fences(const Caller& caller);
    Status check_standing(Run& run) const;
    boost::asio::awaitable<Status> write_intent(const Run& run, const Prepared& prepared);
    boost::asio::awaitable<void> write_outcome(Run& run);
    Status choose_program(Prepared& prepared) const;
    void fail_run(Run& run, const Error& error) const;
    void note_started(Run& run, const wire::RunStarted& facts) const;

    Runs::Parts parts_;
    Blocking blocking_;
    Looker looker_;
    ProgramDigests digests_;
    std::deque<audit::Event> unwritten_;
};

} // namespace owhale::sandbox
