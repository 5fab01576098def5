// The broker while it serves: its parts, its signals, its end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "anchors.hpp"
#include "approvals/desk.hpp"
#include "approvals/grants.hpp"
#include "approvals/host_questions.hpp"
#include "approvals/stats.hpp"
#include "audit/feed.hpp"
#include "audit/in_force.hpp"
#include "audit/journal_copy.hpp"
#include "audit/log.hpp"
#include "audit/retention.hpp"
#include "audit/sums.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "config/settings.hpp"
#include "egress/egress.hpp"
#include "identity/service.hpp"
#include "metrics/process.hpp"
#include "metrics/scrape.hpp"
#include "network.hpp"
#include "notify.hpp"
#include "pairing/pairing.hpp"
#include "sandbox/host_register.hpp"
#include "sandbox/profiles.hpp"
#include "sandbox/receipt.hpp"
#include "sandbox/rules.hpp"
#include "sandbox/runs.hpp"
#include "sandbox/spawner_channel.hpp"
#include "sandbox/workspace_register.hpp"
#include "store/database.hpp"
#include "transport/server.hpp"
#include "vault/acts.hpp"

namespace owhale {

log::Level level_of(const std::string& name);

class Broker {
public:
    // `unix_roles`: of identity::read_unix_roles(), `vault`: of vault::read_given(): both need files that the confined broker
    // cannot open, and so does `process`. `journal`: none where there is none, or where it is to get nothing.
    Broker(const config::Settings& settings, Notify notify, std::optional<audit::Journald> journal,
           std::vector<identity::AccessRow> unix_roles, vault::Given vault, metrics::Process process)
        : settings_(settings), notify_(std::move(notify)), journal_(std::move(journal)), process_(std::move(process)),
          unix_roles_(std::move(unix_roles)), vault_given_(std::move(vault)) {}

    void serve(Fd channel); // until the end
    int finish();           // closes what is on disk; the exit code

private:
    // Until it is ready: what it says of the audit log's heads is known before anything in the state folder is touched.
    Status meet_spawner(Fd channel);
    // What lies in the state folder, and the profiles.
    Status open();
    Result<std::unique_ptr<identity::Service>> open_identity();
    Status open_vault();
    void connect(Fd channel);
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<Status> start();
    Status open_audit();
    Status compare_anchors();
    boost::asio::awaitable<Status> note_missing_anchor();
    boost::asio::awaitable<Status> note(audit::Event event);
    boost::asio::awaitable<Status> open_log();
    Status copy_to_journal();
    boost::asio::awaitable<void> anchor_end();
    void show(metrics::Exposition& out);
    void wait_for_signal();
    void take_signal(int number);
    void reload();
    boost::asio::awaitable<void> reload_rest(bool so_far);
    boost::asio::awaitable<Result<transport::Credentials>> given_certificate();
    boost::asio::awaitable<Result<std::vector<policy::Source>>> given_rules();
    boost::asio::awaitable<Result<api::PolicyLoaded>> reload_rules(std::string by, std::function<Status()> standing);
    void open_questions();
    sandbox::SecretSource secrets_of_runs();
    boost::asio::awaitable<Result<std::string>> allow_host(const api::Approval& approval, std::uint64_t for_ms,
                                                           std::string by);
    boost::asio::awaitable<void> stop();
    boost::asio::awaitable<void> let_followers_go();
    boost::asio::awaitable<void> wait_until(std::function<bool()> done, std::chrono::milliseconds most);
    boost::asio::awaitable<void> watch_space();
    boost::asio::awaitable<void> pause(std::chrono::milliseconds time);
    boost::asio::awaitable<void> record(audit::EventName event, std::string outcome);
    boost::asio::awaitable<Status> tell_crash();
    audit::AllInForce in_force() const;
    boost::asio::awaitable<Status> tell_settings(); // and files, when other than the last time
    void fail_with(const Error& error);

    const config::Settings& settings_;
    Notify notify_;
    std::optional<audit::Journald> journal_;
    metrics::Process process_;
    std::vector<identity::AccessRow> unix_roles_;
    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_};
    boost::asio::steady_timer ready_timer_{io_};
    Fd lock_;
    std::optional<store::Database> database_;
    std::unique_ptr<audit::Log> audit_;
    std::optional<audit::Sums> sums_;
    std::string log_level_; // in force: a reload can change it
    std::unique_ptr<sandbox::ReceiptKey> key_;
    std::optional<sandbox::Profiles> profiles_;
    sandbox::Rules rules_{[this] { return given_rules(); }};
    wire::Ready ready_{};
    std::unique_ptr<sandbox::SpawnerChannel> spawner_;
    std::optional<Anchors> anchors_;
    std::unique_ptr<identity::Service> identity_;
    std::optional<sandbox::HostRegister> hosts_;
    std::optional<sandbox::WorkspaceRegister> workspaces_;
    vault::Given vault_given_;
    std::unique_ptr<vault::Vault> vault_;
    std::optional<vault::Acts> secrets_;
    std::unique_ptr<approvals::Desk> desk_;
    std::optional<approvals::HostQuestions> host_questions_;
    std::unique_ptr<egress::Egress> egress_;
    std::unique_ptr<sandbox::Runs> runs_;
    std::unique_ptr<audit::Feed> feed_;
    std::optional<audit::Retention> retention_;
    std::optional<audit::JournalCopy> journal_copy_;
    std::optional<approvals::Grants> grants_;
    std::optional<approvals::PromptCounts> prompt_counts_;
    std::optional<approvals::Stats> approval_stats_;
    std::optional<pairing::Pairing> pairing_;
    transport::Tickets tickets_;
    std::unique_ptr<Network> network_;
    std::unique_ptr<transport::Server> server_;
    std::vector<std::pair<wire::Accepted, Fd>> early_; // accepted before the server stood
    metrics::Shown shown_;
    std::int64_t started_us_ = 0;
    bool stopping_ = false;
    int code_ = 0;
};

} // namespace owhale
