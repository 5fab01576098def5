#include "broker.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "audit_checks.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "given_certificate.hpp"
#include "heartbeat.hpp"
#include "identity/session_counts.hpp"
#include "mcp/endpoint.hpp"
#include "old_copies.hpp"
#include "run_networks.hpp"
#include "sandbox/blob.hpp"
#include "sandbox/host_rule.hpp"
#include "sandbox/machine.hpp"
#include "state_folder.hpp"
#include "store/lock.hpp"
#include "store/migrations.hpp"
#include "verbs/routes.hpp"

namespace owhale {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr int kSpawnerLost = 3; // exit code: a restart helps, which it does not when the start itself failed
constexpr std::chrono::seconds kReadyTime{30}; // from the start to the spawner's Ready
constexpr std::chrono::seconds kAnswerTime{3}; // for answers under way when owhaled ends
constexpr std::chrono::seconds kSpaceLook{10};
constexpr std::chrono::milliseconds kLastWords{300}; // for who follows the audit log to ask for its end

constexpr std::size_t kLargestPem = 256u << 10;

Result<std::string> read_reopened(const sandbox::Reopened& opened, wire::File which, const std::string& setting,
                                  const std::string& path) {
    const auto index = static_cast<std::size_t>(which);
    const auto& file = opened.files[index];
    if (file) return read_all(file.get(), kLargestPem);
    const int why = opened.err[index];
    return std::unexpected(unusable_file(setting, path, why));
}

// With the port that the spawner listens on: the kernel may have chosen it, and a busy default one is none.
std::string tcp_words(const std::string& setting, std::uint32_t port, bool tls) {
    if (port == 0) return "off";
    return setting.substr(0, setting.rfind(':') + 1) + std::to_string(port) + (tls ? " (TLS)" : " (plain)");
}

void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

} // namespace

log::Level level_of(const std::string& name) {
    return name == "error"     ? log::Level::error
           : name == "warning" ? log::Level::warning
           : name == "debug"   ? log::Level::debug
                               : log::Level::info;
}

Status Broker::open() {
    CHECK(reach_state_folder(settings_));
    CHECK(expect_log(ready_.heads, settings_.state_dir, settings_.audit_heads));
    lock_ = TRY(store::lock_state(settings_.state_dir));
    store::while_migrating([this] { notify_.migrating(); });
    CHECK(open_audit());
    database_ = TRY(store::Database::open(settings_.state_dir + "/state.db", store::Durability::process,
                                          store::Checkpoints::aside));
    CHECK(store::migrate(*database_, "state"));
    key_ = TRY(sandbox::ReceiptKey::open(settings_.state_dir));
    sums_.emplace(io_.get_executor(), *audit_);
    profiles_ = TRY(sandbox::Profiles::load(settings_.profile_dir));
    identity_ = TRY(open_identity());
    audit_->name_devices([this](const std::string& principal) { return identity_->device_name(principal); });
    hosts_.emplace(sandbox::HostRegister::Parts{*audit_, *database_, settings_.hosts_dir}, sandbox::machine().lists);
    CHECK(hosts_->load());
    workspaces_.emplace(sandbox::WorkspaceRegister::Parts{*audit_, *database_});
    CHECK(workspaces_->load());
    CHECK(open_vault());
    const auto executor = io_.get_executor();
    grants_.emplace(approvals::Grants::Parts{executor, settings_, *audit_, *database_});
    prompt_counts_.emplace(approvals::PromptCounts::Parts{executor, settings_, *audit_, *database_});
    approval_stats_.emplace(*prompt_counts_, *database_);
    return {};
}

Result<std::unique_ptr<identity::Service>> Broker::open_identity() {
    const auto end_runs = [this](const std::string& principal) {
        if (runs_) runs_->kill_all_of(principal);
    };
    return identity::Service::open({io_.get_executor(),
                                    settings_,
                                    *database_,
                                    *audit_,
                                    std::move(unix_roles_),
                                    end_runs,
                                    nullptr,
                                    {},
                                    [this](const std::string& device) {
                                        if (server_) server_->cut(device);
                                    }});
}

// On a connection of its own: what it commits survives the loss of power, as the audit log does.
Status Broker::open_vault() {
    auto database = TRY(
        store::Database::open(settings_.state_dir + "/state.db", store::Durability::power, store::Checkpoints::aside));
    vault::Parts parts{io_.get_executor(),
                       std::move(database),
                       *audit_,
                       [this](const identity::Principal& who) -> std::optional<identity::Principal> {
                           if (who.kind != identity::Kind::user) return who;
                           return identity_->person(who.name);
                       },
                       {settings_.argon2_memory, settings_.argon2_passes},
                       vault::SharedHosts(vault_given_.shared_hosts)};
    vault_ = vault::Vault::open(std::move(parts), vault_given_.key);
    vault_given_ = {}; // what it needs of the key it has
    secrets_.emplace(*vault_);
    return {};
}

void Broker::connect(Fd channel) {
    spawner_ = sandbox::SpawnerChannel::make(io_.get_executor(), std::move(channel));
    spawner_->on_ready = [this](const wire::Ready& ready) {
        ready_ = ready;
        ready_timer_.cancel();
    };
    spawner_->on_accepted = [this](const wire::Accepted& accepted, Fd socket) {
        if (server_)
            server_->serve(accepted, std::move(socket));
        else if (early_.size() < settings_.max_connections)
            early_.emplace_back(accepted, std::move(socket));
        else
            spawner_->close_connection(accepted.connection);
    };
    spawner_->on_lost = [this] {
        if (!stopping_) log::error("the spawner has ended; so does the broker");
        if (!stopping_) code_ = server_ ? kSpawnerLost : 1;
        io_.stop();
    };
}

Status Broker::meet_spawner(Fd channel) {
    connect(std::move(channel));
    ready_timer_.expires_after(kReadyTime);
    ready_timer_.async_wait([](const boost::system::error_code&) {}); // wakes the loop below
    while (ready_.version == 0 && std::chrono::steady_clock::now() < ready_timer_.expiry() && io_.run_one() != 0) {}
    if (ready_.version == wire::kVersion) return {};
    return fail(Code::spawner_unavailable,
                ready_.version == 0 ? "the spawner does not answer" : "the spawner is of another version",
                "see the spawner's own lines above; install both programs from one build");
}

void Broker::serve(Fd channel) {
    auto opened = meet_spawner(std::move(channel));
    if (opened) opened = open();
    if (!opened) return fail_with(opened.error());
    for (const int number : {SIGTERM, SIGHUP}) signals_.add(number);
    wait_for_signal();
    asio::co_spawn(io_, keep_watch(notify_, *spawner_), rethrow);
    asio::co_spawn(io_, run(), rethrow);
    io_.run();
}

awaitable<void> Broker::run() {
    auto started = co_await start();
    if (!started) fail_with(started.error());
}

void Broker::fail_with(const Error& error) {
    log::error("owhaled cannot start: " + to_line(error));
    code_ = 1;
    io_.stop();
}

awaitable<Status> Broker::start() {
    CO_CHECK(co_await note_missing_anchor());
    CO_CHECK(co_await open_log());
    CO_CHECK(co_await rules_.load());
    const approvals::Desk::Parts about{io_.get_executor(),
                                       settings_,
                                       *audit_,
                                       *database_,
                                       &*grants_,
                                       &*prompt_counts_,
                                       [this](const std::string& name) { return identity_->person(name); },
                                       [this](const api::Approval& approval, std::uint64_t for_ms, std::string by) {
                                           return allow_host(approval, for_ms, std::move(by));
                                       }};
    desk_ = std::make_unique<approvals::Desk>(about);
    open_questions();
    CO_CHECK(co_await desk_->load());
    sandbox::Runs::Parts runs_use{io_.get_executor(),
                                  settings_,
                                  *spawner_,
                                  *audit_,
                                  *database_,
                                  *profiles_,
                                  rules_,
                                  *key_,
                                  ready_,
                                  desk_.get(),
                                  [this](const std::string& payer) { return identity_->freezes.admits(payer); }};
    runs_use.hosts = &*hosts_;
    runs_use.workspaces = &*workspaces_;
    runs_use.secrets = secrets_of_runs();
    egress_ = make_egress(io_.get_executor(), settings_, *spawner_, ready_, *audit_, &*host_questions_, *database_);
    runs_use.network = egress_.get();
    auto runs = sandbox::Runs::open(std::move(runs_use));
    if (!runs) co_return std::unexpected(std::move(runs).error());
    runs_ = std::move(*runs);
    CO_CHECK(co_await tell_crash());
    CO_CHECK(co_await runs_->reconcile());
    desk_->start();
    CO_CHECK(co_await vault_->compare_with_log());
    CO_CHECK(co_await identity_->start());
    network_ = std::make_unique<Network>(settings_, [this] { return given_certificate(); });
    CO_CHECK(co_await network_->open());
    auto feed = co_await audit::Feed::open(*audit_);
    if (!feed) co_return std::unexpected(feed.error());
    feed_ = std::move(*feed);
    CO_CHECK(copy_to_journal());
    grants_->start();
    pairing_.emplace(pairing::Pairing::Parts{io_.get_executor(), *identity_, *audit_, {}});
    const verbs::Services services{settings_,
                                   ready_,
                                   *runs_,
                                   *profiles_,
                                   rules_,
                                   *audit_,
                                   *identity_,
                                   *desk_,
                                   OWHALE_VERSION,
                                   rfc3339(wall_clock_us()),
                                   [this] { return server_->connections(); },
                                   [this](std::string by, std::function<Status()> standing) {
                                       return reload_rules(std::move(by), std::move(standing));
                                   },
                                   [this] { return network_->fingerprint(); },
                                   feed_.get(),
                                   &*grants_,
                                   &*approval_stats_,
                                   &*hosts_,
                                   [this](std::string name) { return egress_->addresses(std::move(name)); },
                                   vault_.get(),
                                   &*secrets_,
                                   [this] {
                                       return audit_checks({settings_, *audit_, *feed_, *anchors_, journal_.has_value(),
                                                            journal_copy_ ? &*journal_copy_ : nullptr});
                                   },
                                   &*sums_,
                                   &*workspaces_,
                                   &*pairing_,
                                   &tickets_,
                                   [this] { return network_->authority(); },
                                   [this] { return network_->checks(); }};
    transport::Server::Parts parts{*identity_,
                                   network_->limit(),
                                   network_->tls(),
                                   network_->proxies(),
                                   network_->hosts(),
                                   [this](std::uint64_t connection) {
                                       spawner_->close_connection(connection);
                                       runs_->connection_closed(connection);
                                   },
                                   [this](std::uint64_t number) { return runs_->id_of(number); },
                                   &tickets_};
    auto routes = verbs::routes(services);
    routes.push_back(mcp::route(
        {[this](transport::Inner inner, std::shared_ptr<transport::Connection> connection, identity::Principal who) {
             return server_->ask(std::move(inner), std::move(connection), std::move(who));
         },
         OWHALE_VERSION}));
    server_ = std::make_unique<transport::Server>(io_.get_executor(), network_->limits(), std::move(routes),
                                                  std::move(parts));
    CO_CHECK(co_await tell_settings());
    started_us_ = wall_clock_us();
    shown_ = metrics::on_scrape([this](metrics::Exposition& out) { show(out); });
    co_await record("daemon.start", "ok");
    for (auto& [accepted, socket] : early_) server_->serve(accepted, std::move(socket));
    early_.clear();
    retention_.emplace(audit::Retention::Parts{io_.get_executor(), *audit_, settings_.audit_retention,
                                               [this] { return desk_->oldest_us(); }});
    retention_->start();
    asio::co_spawn(io_, watch_space(), rethrow);
    std::string state_dir = settings_.state_dir;
    asio::co_spawn(io_, drop_old_copies(std::move(state_dir), settings_.audit_retention), rethrow);
    log::info("owhaled serves", {{"socket", settings_.socket},
                                 {"tcp", tcp_words(settings_.tcp, ready_.tcp_port, network_->tls() != nullptr)},
                                 {"mode", settings_.mode},
                                 {"state", settings_.state_dir}});
    notify_.ready("Serving on " + settings_.socket);
    co_return Status{};
}

void Broker::show(metrics::Exposition& out) {
    out.begin("owhaled_build");
    out.add({OWHALE_VERSION, settings_.mode}, 1);
    out.begin("owhaled_start_time_seconds");
    out.add_seconds({}, started_us_);
    out.begin("owhaled_spawner_up");
    out.add({}, 1); // without it the broker ends
    const auto now = wall_clock_us();
    out.begin("owhaled_sessions");
    out.add({"login"}, identity::count_live(*database_, identity::SessionKind::login, now).value_or(0));
    out.add({"token"}, identity::count_live(*database_, identity::SessionKind::token, now).value_or(0));
    process_.show(out);
}

sandbox::SecretSource Broker::secrets_of_runs() {
    sandbox::SecretSource out;
    out.for_run = [this](const identity::Principal& who, const std::string& profile,
                         const std::vector<api::SecretUse>& uses) { return vault_->for_run(who, profile, uses); };
    out.open_value = [this](const identity::Principal& who, const std::string& profile,
                            const api::SecretUse& use) -> Result<sandbox::SecretSource::Value> {
        const auto secret = TRY(vault_->find(who, profile, use.name));
        auto opened = TRY(vault_->open_value(who, profile, use));
        return sandbox::SecretSource::Value{secret.owner, secret.name, std::move(opened.variable),
                                            std::move(opened.value)};
    };
    out.note_value = [this](const std::string& owner, const std::string& name, const std::string& run) {
        vault_->note_use(owner, name, run, "");
    };
    return out;
}

void Broker::open_questions() {
    const auto allowed = [this](const sandbox::NetRun& run, const api::HostRule& rule) {
        const auto covers = [&](const api::HostRule& wide) { return sandbox::covers(wide, rule); };
        return std::ranges::any_of(hosts_->standing(run.principal, run.profile), covers);
    };
    const auto told = [this](std::uint64_t run, std::string line) {
        if (egress_ && egress_->on_line) egress_->on_line(run, std::move(line));
    };
    host_questions_.emplace(approvals::HostQuestions::Parts{io_.get_executor(), *desk_, allowed, told});
}

// Of the run's principal alone, whatever the profile: who agreed looked at one run of its.
awaitable<Result<std::string>> Broker::allow_host(const api::Approval& approval, std::uint64_t for_ms, std::string by) {
    if (!approval.frozen || !approval.frozen->scope || approval.frozen->scope->hosts.size() != 1)
        co_return fail(Code::state_unavailable, "the request does not say which host");
    sandbox::HostRegister::Wanted wanted{approval.frozen->scope->hosts.front(),
                                         approval.principal,
                                         {},
                                         for_ms,
                                         "approval " + approval.id,
                                         std::move(by)};
    const auto entry = co_await hosts_->allow(std::move(wanted));
    if (!entry) co_return std::unexpected(entry.error());
    co_return entry->id;
}

void Broker::wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code error, int number) {
        if (error) return;
        take_signal(number);
        wait_for_signal();
    });
}

void Broker::take_signal(int number) {
    if (number == SIGHUP) return reload();
    if (stopping_ || !server_) return io_.stop(); // asked twice, or before anything runs
    stopping_ = true;
    asio::co_spawn(io_, stop(), rethrow);
}

void Broker::reload() {
    notify_.reloading();
    const auto level = config::reload_log_level(settings_);
    if (level)
        log::set_level(level_of(log_level_ = *level));
    else
        log::error("the configuration is not read again: " + to_line(level.error()));
    const auto profiles = profiles_->reload();
    if (profiles)
        log::info("profiles are read again");
    else
        log::error("the profiles stay as they were: " + to_line(profiles.error()));
    asio::co_spawn(io_, reload_rest(level && profiles), rethrow);
}

awaitable<void> Broker::reload_rest(bool so_far) {
    if (runs_) { // else they are being read for the first time
        const std::function<Status()> always;
        std::string by("system");
        const auto rules = co_await reload_rules(std::move(by), always);
        so_far = so_far && rules;
    }
    if (egress_) egress_->reload();
    Status network;
    if (network_) network = co_await network_->reload();
    if (!network) log::error("the TLS certificate stays as it was: " + to_line(network.error()));
    if (server_) server_->set_hosts(network_->hosts());
    const auto lists = hosts_->reload();
    if (!lists) log::error("the lists of hosts stay as they were: " + to_line(lists.error()));
    Status told;
    if (network_) told = co_await tell_settings();
    if (!told) log::error(to_line(told.error()));
    co_await record("daemon.reload", so_far && network && lists ? "ok" : "failed");
    notify_.ready("Serving on " + settings_.socket);
}

// Of the files that the spawner was told of: it alone has the right to read them.
awaitable<Result<transport::Credentials>> Broker::given_certificate() {
    auto opened = co_await spawner_->reopen();
    if (!opened) co_return std::unexpected(opened.error());
    auto certificate = read_reopened(*opened, wire::File::tls_certificate, "tls-cert", settings_.tls_cert);
    if (!certificate) co_return std::unexpected(certificate.error());
    auto key = read_reopened(*opened, wire::File::tls_key, "tls-key", settings_.tls_key);
    if (!key) co_return std::unexpected(key.error());
    co_return transport::Credentials{*std::move(certificate), *std::move(key), "tls-cert: " + settings_.tls_cert,
                                     "tls-key: " + settings_.tls_key};
}

// The administrator's rule files; without a folder, where none was named, there are none.
awaitable<Result<std::vector<policy::Source>>> Broker::given_rules() {
    auto opened = co_await spawner_->reopen();
    if (!opened) co_return std::unexpected(opened.error());
    const auto index = static_cast<std::size_t>(wire::File::policy);
    const auto& blob = opened->files[index];
    if (!blob) {
        const auto row = std::ranges::find(settings_.rows, "policy-dir", &config::Row::key);
        const bool named = row != settings_.rows.end() && row->source != "default";
        if (opened->err[index] == ENOENT && !named) co_return std::vector<policy::Source>{};
        co_return std::unexpected(sandbox::unusable_policy_folder(settings_.policy_dir, opened->err[index]));
    }
    auto lists = wire::read_blob(blob.get(), wire::kPolicyLists);
    if (!lists) co_return std::unexpected(lists.error());
    co_return sandbox::policy_sources(*lists, settings_.policy_dir);
}

// Who asked for it is on disk before, and what came of it after.
awaitable<Result<api::PolicyLoaded>> Broker::reload_rules(std::string by, std::function<Status()> standing) {
    audit::Event event{"policy.reload", by, "policy.reload", "pending", "", {}};
    event.data["before"] = rules_.current()->version;
    auto pending = event;
    const auto written = co_await audit_->append(std::move(pending));
    if (!written) co_return std::unexpected(written.error());
    auto loaded = standing ? standing() : Status{};
    if (loaded) loaded = co_await rules_.load();
    event.outcome = loaded ? "ok" : "failed";
    event.data["after"] = rules_.current()->version;
    if (!loaded) event.data["why"] = loaded.error().message;
    const auto noted = co_await audit_->append(std::move(event));
    if (!noted) log::error(to_line(noted.error()));
    if (!loaded) {
        log::error("the rules stay as they were: " + to_line(loaded.error()));
        co_return std::unexpected(loaded.error());
    }
    const auto set = rules_.current();
    log::info("the rules are read again", {{"version", set->version}, {"rules", std::to_string(set->rules.size())}});
    co_return api::PolicyLoaded{set->version, set->rules.size()};
}

// What others put on its disk is no event: looked at by the clock, for the journal to have it before it is full.
awaitable<void> Broker::watch_space() {
    for (;;) {
        audit_->standing();
        co_await pause(kSpaceLook);
    }
}

awaitable<void> Broker::pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(io_, time);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

awaitable<void> Broker::stop() {
    notify_.stopping();
    log::info("owhaled ends", {{"live_runs", std::to_string(runs_->counts().live)}});
    server_->stop();
    feed_->begin_end();
    grants_->stop();
    co_await runs_->stop();
    desk_->stop();
    // Those who wait for a run hear how it ended.
    const std::function<bool()> answered = [this] { return server_->owed() == 0; };
    co_await wait_until(answered, kAnswerTime);
    co_await identity_->flush();
    co_await pairing_->flush();
    co_await sums_->flush();
    co_await record("daemon.stop", "ok");
    feed_->end();
    co_await let_followers_go();
    co_await anchor_end();
    io_.stop();
}

// Who follows the audit log gets the last event, and goes by himself; whoever is still there is ended.
awaitable<void> Broker::let_followers_go() {
    const std::function<bool()> gone = [this] { return server_->connections() == 0; };
    co_await wait_until(gone, kLastWords);
    server_->stop_followers();
    co_await wait_until(gone, kAnswerTime);
}

awaitable<void> Broker::wait_until(std::function<bool()> done, std::chrono::milliseconds most) {
    const auto until = monotonic_ns() + std::chrono::nanoseconds(most).count();
    while (!done() && monotonic_ns() < until) co_await pause(std::chrono::milliseconds(20));
}

int Broker::finish() {
    if (vault_) vault_->uses().store();
    // The writer first: what was appended is on disk before the files close.
    audit_.reset();
    if (!database_) return code_; // the log was refused
    // Live statements keep the file open; so what is in its log goes to the database here.
    if (const auto done = database_->execute("PRAGMA wal_checkpoint(TRUNCATE)"); !done)
        log::warning(to_line(done.error()));
    return code_;
}

} // namespace owhale
