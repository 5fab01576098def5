#include "broker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "audit_checks.hpp"
#include "base/clock.hpp"
#include "heartbeat.hpp"
#include "identity/session_counts.hpp"
#include "mcp/endpoint.hpp"
#include "old_copies.hpp"
#include "run_networks.hpp"
#include "start_failure.hpp"
#include "verbs/routes.hpp"

namespace owhale {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr int kSpawnerLost = 3; // exit code: a restart helps, which it does not when the start itself failed
constexpr std::chrono::seconds kReadyTime{30}; // from the start to the spawner's Ready
constexpr std::chrono::seconds kSpaceLook{10};

// With the port that the spawner listens on: the kernel may have chosen it, and a busy default one is none.
std::string tcp_words(const std::string& setting, std::uint32_t port, bool tls) {
    if (port == 0) return "off";
    return setting.substr(0, setting.rfind(':') + 1) + std::to_string(port) + (tls ? " (TLS)" : " (plain)");
}

void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

} // namespace

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
    tell_start_failure(error, journal_ ? &*journal_ : nullptr);
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

} // namespace owhale
