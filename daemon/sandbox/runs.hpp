// The registry of runs: makes them, finds them, keeps their rows, ends them. One instance, on the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "sandbox/plan.hpp"
#include "sandbox/receipt.hpp"
#include "sandbox/secret_source.hpp"
#include "sandbox/spawner_channel.hpp"
#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::audit {
class Log;
}
namespace owhale::store {
class Database;
}

namespace owhale::sandbox {

class Profiles;
class Rules;
struct ProjectFile; // sandbox/rules.hpp
class Run;
struct Parent;  // sandbox/bounds.hpp
class Consent;  // sandbox/consent.hpp
class Network;  // sandbox/network.hpp
class HostBook; // sandbox/host_book.hpp
class WorkspaceRegister;

struct Caller { // who asks, as the spawner counts and the kernel noted
    std::uint64_t connection = 0;
    std::string principal;
    std::uint32_t uid = 0;     // of a Unix connection; -1 over TCP
    std::uint32_t account = 0; // over TCP: the account's number; 0 on a Unix connection
    std::string profile, cwd;  // what a token confines its runs to; "" anything
    std::uint64_t parent = 0;  // the run that asks, by its number on the wire; 0 none
    std::string parent_id;
    std::shared_ptr<const Parent> asker; // that run, as the registry found it when it asked; null none
    std::string
        payer; // whose share of runs this takes: the principal's, of a run's runs that of whoever made the first
    std::function<bool()> gone;                     // whether the client has hung up by now; may be empty
    std::function<Status()> standing;               // whether it still may start runs, now; empty: always
    std::shared_ptr<const identity::Principal> who; // whose secrets it may use; null: nobody's
};

struct Made { // by create() or exec()
    std::string id;
    std::shared_ptr<Run> run; // null when an Idempotency-Key named a run that has ended
};

struct IdempotencyKey { // RFC draft-ietf-httpapi-idempotency-key-header; "" none
    std::string key;
    std::string request; // digest of the body
};

struct Counts {
    std::uint64_t live = 0, total = 0;
};

class Runs {
public:
    // What it uses; all of it outlives it. on_run_ended and on_box_ended of `spawner` become its own.
    struct Parts {
        boost::asio::any_io_executor executor;
        const config::Settings& settings;
        SpawnerChannel& spawner;
        audit::Log& audit;
        store::Database& database; // schema/state
        const Profiles& profiles;
        Rules& rules;
        const ReceiptKey& key;
        const wire::Ready& ready;   // filled when the spawner's Ready came
        Consent* consent = nullptr; // null: what needs an answer is denied. on_answer becomes the registry's own
        // Whether runs of a payer (Caller::payer) may start now: frozen otherwise. Empty: always.
        std::function<Status(const std::string& payer)> admits{};
        Network* network = nullptr; // null: no run has a scoped network. on_line becomes the registry's own
        HostBook* hosts = nullptr;  // null: there are no lists
        const WorkspaceRegister* workspaces = nullptr; // null: none is registered
        SecretSource secrets{};
    };
    static Result<std::unique_ptr<Runs>> open(Parts parts);
    virtual ~Runs() = default;

    // Before the first request: rows that a crash left live become `lost`, in the audit log too; old output goes.
    virtual boost::asio::awaitable<Status> reconcile() = 0;
    // Ends every live run (SIGTERM, the grace of the settings, SIGKILL) and returns when all have ended.
    virtual boost::asio::awaitable<void> stop() = 0;

    // The request is checked, resolved, recorded and started; the answer lives on in the registry. A command that
    // cannot be found or executed, or a cage that cannot be built, is a run in state `failed`; anything wrong with the
    // request is an error and no run. What the policy refuses is a run in state `denied`; what it asks about, one in state
    // `waiting_approval`, which goes on by itself.
    // A key that was used before answers with the run it made; with another request it is a conflict.
    virtual boost::asio::awaitable<Result<Made>> create(api::RunRequest request, Caller caller, IdempotencyKey key) = 0;
    virtual boost::asio::awaitable<Result<Made>> exec(std::shared_ptr<Run> target, api::ExecRequest request,
                                                      Caller caller) = 0;
    // An approved run whose requester was away goes on as asked for by this caller: not_found, conflict, forbidden.
    virtual boost::asio::awaitable<Result<Made>> claim(std::string id, Caller caller) = 0;
    // A client that waited was told that its run waits for people: that goes on without it.
    virtual boost::asio::awaitable<void> outlive_client(std::shared_ptr<Run> run) = 0;
    // The verdict that create() would come to; nothing is run or recorded.
    virtual boost::asio::awaitable<Result<api::Verdict>> check(api::RunRequest request, Caller caller) = 0;
    // A live run, or nullptr.
    virtual std::shared_ptr<Run> live(const std::string& id) = 0;
    // A run's record as the API shows it; not_found unless it is the principal's own or `any`.
    virtual Result<api::Run> show(const std::string& id, const std::string& principal, bool any) = 0;
    virtual Result<api::RunList> list(const std::string& principal, bool any, const std::string& state,
                                      const std::string& before, std::size_t limit) = 0;
    // run_live while it lives.
    virtual Status remove(const std::string& id) = 0;
    virtual void signal(const Run& run, int signal) = 0;
    // SIGTERM, and SIGKILL after the grace.
    virtual void kill(Run& run, std::chrono::milliseconds grace) = 0;
    // Where the kept output of a run lies.
    virtual std::string folder(const std::string& id) const = 0;
    virtual Counts counts() = 0;
    // The id of a live run by its number on the wire; "" none.
    virtual std::string id_of(std::uint64_t number) = 0;
    // Ends every live run of a principal (SIGTERM, the grace of the settings, SIGKILL); returns how many there are.
    virtual std::size_t kill_all_of(const std::string& principal) = 0;

    // Holds every live run still whose payer is not admitted, and lets the others go on.
    struct Stillness {
        std::map<std::string, std::uint64_t> held; // by payer
        std::uint64_t by_signal = 0;               // of these: by SIGSTOP, for want of cgroup v2
    };
    virtual boost::asio::awaitable<Stillness> hold_frozen() = 0;

    // A folder as the caller reaches it (or `user`, for root), if it may be registered as a workspace: errors as of create(),
    // workspace_refused among them.
    struct Place {
        std::string path; // without links
        std::uint32_t uid = 0;
    };
    virtual boost::asio::awaitable<Result<Place>> workspace_at(Caller caller, std::string folder, std::string user) = 0;

    virtual Result<api::BoxList> boxes(const std::string& principal, bool any) = 0;
    // Whether a token with these bounds ("" none) may have to do with a box: its own runs could use it. not_found, forbidden.
    virtual Status may_touch_box(const std::string& id, const std::string& profile, const std::string& cwd) = 0;
    virtual Status reset_box(const std::string& id, const std::string& principal, bool any) = 0;

    // A port of a live run that has a scoped network, on the host's loopback; answers with the port that was chosen.
    // port_in_use, forbidden, conflict, busy; not_found: it has ended; unsupported: it has another network.
    virtual boost::asio::awaitable<Result<api::Publish>> publish(std::shared_ptr<Run> run, api::Publish port) = 0;

    // The connection's client went: what it waited for or held attached ends after 10 s unless detached.
    virtual void connection_closed(std::uint64_t connection) = 0;
};

} // namespace owhale::sandbox
