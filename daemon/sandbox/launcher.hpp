// The way of one run, in the design's order: look, decide, write the intent down, build the cage, run, end, receipt,
// write the outcome down. Nothing runs when the intent cannot be written.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "audit/log.hpp"
#include "base/uuid.hpp"
#include "sandbox/bounds.hpp"
#include "sandbox/code_files.hpp"
#include "sandbox/consent.hpp"
#include "sandbox/digest.hpp"
#include "sandbox/judge.hpp"
#include "sandbox/looker.hpp"
#include "sandbox/network.hpp"
#include "sandbox/plan_builder.hpp"
#include "sandbox/profiles.hpp"
#include "sandbox/run.hpp"
#include "sandbox/run_rows.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::sandbox {

// What egress keeps ready for a run that may never start: let go of it with this.
class NetLease {
public:
    NetLease() = default;
    NetLease(Network& network, std::uint64_t run) : network_(&network), run_(run) {}
    NetLease(NetLease&& other) noexcept : network_(std::exchange(other.network_, nullptr)), run_(other.run_) {}
    NetLease& operator=(NetLease&& other) noexcept {
        std::swap(network_, other.network_);
        std::swap(run_, other.run_);
        return *this;
    }
    ~NetLease() {
        if (network_ != nullptr) network_->close(run_);
    }
    // It runs: its end closes it.
    void used() { network_ = nullptr; }

private:
    Network* network_ = nullptr;
    std::uint64_t run_ = 0;
};

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
    std::vector<api::FrozenFile> files; // of what is asked for: the program, its interpreter, scripts
    std::string stdin_digest;           // of stdin that was given whole, "" none
    std::optional<std::string> joined;  // the run whose cage it enters
    api::Verdict verdict;
    policy::Ceiling ceiling;
    ProjectFiles projects;                  // of the workspace, and of the run that asks
    std::string read_only;                  // why the verdict leaves the workspace read-only, "" it does not
    std::vector<api::Hint> narrowed;        // what the verdict took of what was asked for
    std::vector<std::string> notes;         // said on its stderr before it starts
    std::string agent_file;                 // what an interpreter runs, of a known agent
    std::string talks_to;                   // as in Judged
    std::vector<api::HostRule> named_hosts; // as Judged.hosts
    std::uint64_t join = 0;                 // wire number of the run whose cage it enters
    std::string verb = "runs.create";
    std::vector<CodeFile> code;         // of ask: what it runs beside the program
    NamedPrograms named;                // of ask: what PATH says the files of
    std::vector<std::string> bound;     // of `files`, those that run from copies which nobody can change
    std::optional<Agreement> agreed;    // of ask: who let it go on
    std::string plan_digest;            // what they agreed to
    std::optional<api::NetScope> scope; // of a scoped network
    CageNet cage_net;                   // what its cage is given of it
    NetLease lease;
    std::map<std::string, std::string>
        secret_env;                      // placeholders, endpoints, and values that were asked for as they are
    std::set<std::string> secret_values; // names of variables of secret_env that hold a value
    std::vector<std::pair<std::string, std::string>> env_secrets; // owner and name of these
    std::optional<Error> failure; // a program that cannot be found or executed: a run that fails
    std::map<std::string, std::uint64_t> timing;
    std::optional<Error> unaskable; // of ask: why nobody can agree to it; then it is denied

    // The verdict says so, too: for who asked, and for the log.
    void take_unaskable(Error why);

    // By its verdict, or because somebody agreed.
    bool may_run() const { return verdict.decision == "allow" || (verdict.decision == "ask" && agreed); }
};

// Whether the cage has the host's own file at that path.
bool is_same_inside(const std::string& path, const View& view);

class Launcher {
public:
    Launcher(const Runs::Parts& parts, RunRows& rows)
        : parts_(parts), rows_(rows), looker_(parts.spawner, parts.settings, parts.ready, blocking_, parts.workspaces),
          judge_(parts.settings, blocking_), digests_(blocking_) {}

    // Of `ask` whole, too, so that it can be frozen; of `deny` no further than the verdict.
    boost::asio::awaitable<Result<Prepared>> prepare(api::RunRequest request, const Caller& caller,
                                                     std::uint64_t number, Uuid id);
    boost::asio::awaitable<Result<Prepared>> prepare_exec(api::ExecRequest request, const Caller& caller,
                                                          const Run& target, std::uint64_t number, Uuid id);
    // The verdict on a request, as it would be now; nothing is prepared.
    boost::asio::awaitable<Result<api::Verdict>> check(api::RunRequest request, const Caller& caller);
    // What the API and the receipt know before it runs.
    void describe(Run& run, const Prepared& prepared) const;
    // The run is running, or it failed or was denied with its record saying why. An error means that nothing was tried:
    // the audit log forbade it. The row of one that is to run is made while its cage is; the end of any other is the caller's.
    boost::asio::awaitable<Status> start(Run& run, Prepared& prepared);
    // Whether no component of these absolute paths is a link, as the caller reaches them.
    boost::asio::awaitable<Result<bool>> are_plain(Caller caller, std::string user, std::vector<std::string> paths);
    // As Runs has it.
    boost::asio::awaitable<Result<Runs::Place>> workspace_at(Caller caller, std::string folder, std::string user);
    // It waited for an answer, and does not run: the state that it ends in, and why.
    boost::asio::awaitable<void> refuse(Run& run, State state, Error error);
    // After its end: state, receipt, audit outcome. The row is the caller's.
    boost::asio::awaitable<void> finish(Run& run);

    // Outcomes that the audit log refused, when it may take them again.
    boost::asio::awaitable<void> write_late();

private:
    // Looks, holds what was found to the caller's fences, and looks once more where the workspace was found above one.
    boost::asio::awaitable<Result<Looked>> look(Prepared& prepared, const Caller& caller, const Tables& tables);
    boost::asio::awaitable<Result<std::vector<Fence>>> real_fences(const Caller& caller);
    // Checks the request, looks, judges, and holds it to the verdict's ceiling; on deny and ask it stops there.
    boost::asio::awaitable<Status> admit(Prepared& prepared, api::RunRequest request, const Caller& caller);
    boost::asio::awaitable<Result<std::shared_ptr<const ProjectFile>>> project_of(Looked& looked, const Caller& caller);
    // `scope`: of the network that it gets; null where it is not scoped.
    boost::asio::awaitable<Status> ask_rules(Prepared& prepared, const Caller& caller, policy::Facts facts,
                                             const api::NetScope* scope);
    boost::asio::awaitable<Status> judge(Prepared& prepared, const Caller& caller);
    boost::asio::awaitable<Status> judge_exec(Prepared& prepared, const Caller& caller, const Run& target,
                                              const std::map<std::string, std::string>& env);
    boost::asio::awaitable<Status> hold_to_ceiling(Prepared& prepared, const Caller& caller, const Tables& tables);
    // What people would agree to beside the program; what they cannot, is noted as unaskable.
    boost::asio::awaitable<Status> bind_what_is_asked(Prepared& prepared, const Caller& caller, const View& view,
                                                      std::string path);
    boost::asio::awaitable<Status> bind_files(Prepared& prepared, const Caller& caller, const View& view,
                                              std::string path);
    struct Named { // to be looked up
        std::string program, path, role;
        bool needed;
    };
    std::vector<std::string> open_paths(const Prepared& prepared, const View& view, const std::string& own) const;
    boost::asio::awaitable<Result<std::string>> bind_found(Prepared& prepared, const Caller& caller, const View& view,
                                                           const Named& named);
    boost::asio::awaitable<Status> follow_hashbang(Prepared& prepared, const Caller& caller, const View& view,
                                                   const std::string& line, const std::string& path);
    boost::asio::awaitable<Status> bind_named(Prepared& prepared, const Caller& caller, const View& view,
                                              const std::string& own);
    boost::asio::awaitable<Status> bind_folder(Prepared& prepared, const Caller& caller, const View& view,
                                               const std::string& path, std::vector<CodeFile> files);
    boost::asio::awaitable<void> follow_link(api::FrozenFile& file, const Caller& caller,
                                             const api::RunRequest& request);
    // Its files run from copies that nobody can change, if they still are what was agreed to.
    Status hold_to_agreed(Prepared& prepared) const;
    boost::asio::awaitable<Status> deny(Run& run, const Prepared& prepared);
    Status standing_of(const Run& run) const;
    struct Gate;
    boost::asio::awaitable<void> write_intent(std::shared_ptr<Run> run, audit::Event intent,
                                              std::shared_ptr<Gate> gate);
    void keep_row(const Run& run, Gate& gate);
    boost::asio::awaitable<Status> take_refusal(Run& run, const Gate& gate);
    boost::asio::awaitable<void> write_outcome(Run& run);
    void write_start(const Run& run);
    boost::asio::awaitable<void> write_sooner_or_later(audit::Event event);
    Status set_limits(Prepared& prepared, const api::RunRequest& request, const Caller& caller) const;
    Status choose_program(Prepared& prepared) const;
    Status check_host_network(const Prepared& prepared) const;
    // launcher_agent.cpp: the command is an agent's that is known; and it still is, now that its program is found.
    void know_agent(Prepared& prepared, const Caller& caller, const api::RunRequest& request) const;
    bool is_agents_own(const Prepared& prepared) const;
    void tell_of_agent(Prepared& prepared) const;
    boost::asio::awaitable<Status> hold_agent(Prepared& prepared, const Caller& caller, const Tables& tables,
                                              std::optional<std::string> asked_net);
    // launcher_network.cpp
    Status choose_network(Prepared& prepared, const Caller& caller) const;
    void narrow_network(Prepared& prepared) const;
    Status take_placeholders(Prepared& prepared, const Caller& caller, NetRun& to) const;
    // Told to the facts; answers with the scope and the secrets' hosts. Prepared stays as it is.
    std::optional<api::NetScope> know_placeholders(Prepared& prepared, const Caller& caller,
                                                   policy::Facts& facts) const;
    Status take_secrets(Prepared& prepared, const Caller& caller, NetRun& to) const;
    Status prepare_network(Prepared& prepared, const Caller& caller, std::uint64_t number) const;
    void open_network(Run& run, Prepared& prepared, RunPieces pieces) const;
    // Secrets that it may only use where owhaled reads its TLS, on its stderr: it would see an answer of the host alone.
    void tell_unread(Run& run, const Prepared& prepared) const;
    boost::asio::awaitable<void> publish_ports(Run& run, std::vector<api::Publish> ports);
    void close_network(Run& run) const;
    void fail_run(Run& run, const Error& error) const;
    void note_started(Run& run, const wire::RunStarted& facts) const;

    Runs::Parts parts_;
    RunRows& rows_;
    Blocking blocking_;
    Looker looker_;
    Judge judge_;
    ProgramDigests digests_;
    std::deque<audit::Event> unwritten_;
};

} // namespace owhale::sandbox
