#include "daemon.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <linux/close_range.h>
#include <optional>
#include <sodium.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit/log.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "confine/confine.hpp"
#include "notify.hpp"
#include "sandbox/profiles.hpp"
#include "sandbox/receipt.hpp"
#include "sandbox/runs.hpp"
#include "sandbox/spawner_channel.hpp"
#include "state_folder.hpp"
#include "store/database.hpp"
#include "store/lock.hpp"
#include "store/migrations.hpp"
#include "transport/server.hpp"
#include "verbs/routes.hpp"

namespace owhale {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr int kSpawnerLost = 3; // exit code: a restart helps, which it does not when the start itself failed
constexpr std::chrono::seconds kReadyTime{30}; // from the start to the spawner's Ready
constexpr std::chrono::seconds kAnswerTime{3}; // for answers under way when owhaled ends

log::Level level_of(const std::string& name) {
    return name == "error"     ? log::Level::error
           : name == "warning" ? log::Level::warning
           : name == "debug"   ? log::Level::debug
                               : log::Level::info;
}

// The folder of a configuration file, when it is one of owhaled's own, so that a file put in its place is found on
// SIGHUP; else the file alone.
std::string readable_config(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto folder = path.substr(0, slash == std::string::npos ? 0 : slash);
    return folder.ends_with("/owhaled") ? folder : path;
}

class Broker {
public:
    Broker(const config::Settings& settings, Notify notify) : settings_(settings), notify_(std::move(notify)) {}

    Status open();
    void serve(Fd channel); // until the end
    int finish();           // closes what is on disk; the exit code

private:
    void connect(Fd channel);
    awaitable<void> run();
    awaitable<Status> start();
    awaitable<bool> spawner_ready();
    void wait_for_signal();
    void take_signal(int number);
    void reload();
    awaitable<void> stop();
    awaitable<void> pause(std::chrono::milliseconds time);
    awaitable<void> record(std::string event, std::string outcome);
    void fail_with(const Error& error);

    const config::Settings& settings_;
    Notify notify_;
    asio::io_context io_{1};
    asio::signal_set signals_{io_};
    asio::steady_timer ready_timer_{io_};
    Fd lock_;
    std::optional<store::Database> database_;
    std::unique_ptr<audit::Log> audit_;
    std::unique_ptr<sandbox::ReceiptKey> key_;
    std::optional<sandbox::Profiles> profiles_;
    wire::Ready ready_{};
    std::unique_ptr<sandbox::SpawnerChannel> spawner_;
    std::unique_ptr<sandbox::Runs> runs_;
    std::unique_ptr<transport::Server> server_;
    std::vector<std::pair<wire::Accepted, Fd>> early_; // accepted before the server stood
    bool stopping_ = false;
    int code_ = 0;
};

Status Broker::open() {
    CHECK(reach_state_folder(settings_));
    lock_ = TRY(store::lock_state(settings_.state_dir));
    database_ = TRY(store::Database::open(settings_.state_dir + "/state.db", store::Durability::process));
    CHECK(store::migrate(*database_, "state"));
    audit_ = TRY(audit::Log::open(settings_.state_dir));
    key_ = TRY(sandbox::ReceiptKey::open(settings_.state_dir));
    profiles_ = TRY(sandbox::Profiles::load(settings_.profile_dir));
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
    };
    spawner_->on_lost = [this] {
        if (!stopping_) log::error("the spawner has ended; so does the broker");
        if (!stopping_) code_ = server_ ? kSpawnerLost : 1;
        io_.stop();
    };
}

void Broker::serve(Fd channel) {
    ready_timer_.expires_after(kReadyTime);
    connect(std::move(channel));
    for (const int number : {SIGTERM, SIGHUP}) signals_.add(number);
    wait_for_signal();
    asio::co_spawn(io_, run(), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
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

awaitable<bool> Broker::spawner_ready() {
    boost::system::error_code ignored;
    if (ready_.version == 0) co_await ready_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return ready_.version == wire::kVersion;
}

awaitable<Status> Broker::start() {
    if (!co_await spawner_ready())
        co_return fail(Code::spawner_unavailable,
                       ready_.version == 0 ? "the spawner does not answer" : "the spawner is of another version",
                       "see the spawner's own lines above; install both programs from one build");
    auto runs =
        sandbox::Runs::open({io_.get_executor(), settings_, *spawner_, *audit_, *database_, *profiles_, *key_, ready_});
    if (!runs) co_return std::unexpected(std::move(runs).error());
    runs_ = std::move(*runs);
    CO_CHECK(co_await runs_->reconcile());
    const transport::Limits limits{settings_.max_body, settings_.max_connections, settings_.max_connections_per_uid};
    const verbs::Services services{
        settings_, ready_, *runs_, *profiles_, *audit_, OWHALE_VERSION, rfc3339(wall_clock_us()), [this] {
            return server_->connections();
        }};
    server_ = std::make_unique<transport::Server>(io_.get_executor(), limits, verbs::routes(services),
                                                  [this](std::uint64_t connection) {
                                                      spawner_->close_connection(connection);
                                                      runs_->connection_closed(connection);
                                                  });
    co_await record("daemon.start", "ok");
    for (auto& [accepted, socket] : early_) server_->serve(accepted, std::move(socket));
    early_.clear();
    log::info("owhaled serves",
              {{"socket", settings_.socket}, {"mode", settings_.mode}, {"state", settings_.state_dir}});
    notify_.ready("Serving on " + settings_.socket);
    co_return Status{};
}

awaitable<void> Broker::record(std::string event, std::string outcome) {
    audit::Event entry{std::move(event), "system", "", std::move(outcome), "", {}};
    entry.data["version"] = OWHALE_VERSION;
    entry.data["mode"] = settings_.mode;
    const auto written = co_await audit_->append(std::move(entry));
    if (!written) log::error(to_line(written.error()));
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
    asio::co_spawn(io_, stop(), asio::detached);
}

void Broker::reload() {
    notify_.reloading();
    if (const auto level = config::reload_log_level(settings_))
        log::set_level(level_of(*level));
    else
        log::error("the configuration is not read again: " + to_line(level.error()));
    if (const auto done = profiles_->reload(); done)
        log::info("profiles are read again");
    else
        log::error("the profiles stay as they were: " + to_line(done.error()));
    asio::co_spawn(io_, record("daemon.reload", "ok"), asio::detached);
    notify_.ready("Serving on " + settings_.socket);
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
    co_await runs_->stop();
    // Those who wait for a run hear how it ended.
    const auto until = monotonic_ns() + std::chrono::nanoseconds(kAnswerTime).count();
    while (server_->connections() > 0 && monotonic_ns() < until) co_await pause(std::chrono::milliseconds(20));
    co_await record("daemon.stop", "ok");
    io_.stop();
}

int Broker::finish() {
    // The writer first: what was appended is on disk before the files close.
    audit_.reset();
    // Live statements keep the file open; so what is in its log goes to the database here.
    if (const auto done = database_->execute("PRAGMA wal_checkpoint(TRUNCATE)"); !done)
        log::warning(to_line(done.error()));
    return code_;
}

// Whatever the supervisor had open and let through is no way in for a taken-over broker.
Status close_strays(int channel) {
    const auto number = static_cast<unsigned>(channel);
    if (number > 3 && ::syscall(SYS_close_range, 3, number - 1, 0) != 0) return fail_errno("close_range");
    if (::syscall(SYS_close_range, number + 1, ~0u, 0) != 0) return fail_errno("close_range");
    return {};
}

Status confine_to(const config::Settings& settings) {
    Confinement to;
    to.uid = settings.uid;
    to.gid = settings.gid;
    to.root = !settings.rootless;
    to.writable = {settings.state_dir};
    to.readable = {settings.profile_dir};
    if (!settings.config_file.empty()) to.readable.push_back(readable_config(settings.config_file));
    to.landlock_required = settings.rules->missing_layer_refuses;
    if (TRY(confine(to)) == 0)
        log::warning("this kernel has no Landlock: the broker could open every file that its user can");
    return {};
}

// Everything up to the loop. The databases are read after the confinement: their bytes are no reason for rights.
Result<std::unique_ptr<Broker>> prepare(const config::Settings& settings, int channel) {
    CHECK(close_strays(channel));
    if (::sodium_init() < 0) return fail(Code::internal, "libsodium does not start");
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGINT, SIG_IGN); // of a terminal's whole group; the supervisor hears it too and sends SIGTERM
    auto notify = Notify::open();
    ::umask(022); // folders above the state folder have to be passable for the broker's user
    CHECK(prepare_state_folder(settings));
    ::umask(077);
    CHECK(confine_to(settings));
    auto broker = std::make_unique<Broker>(settings, std::move(notify));
    CHECK(broker->open());
    return broker;
}

} // namespace

int run_broker(const config::Settings& settings, Fd channel) {
    log::set_level(level_of(settings.log_level));
    for (const auto& warning : settings.warnings) log::warning(warning);
    auto broker = prepare(settings, channel.get());
    if (!broker) {
        log::error("owhaled cannot start: " + to_line(broker.error()));
        return 1;
    }
    try {
        (*broker)->serve(std::move(channel));
    } catch (const std::exception& error) {
        log::error("the broker ends by a defect", {{"what", error.what()}});
        std::_Exit(1);
    }
    // Coroutines that still wait refer to the parts in no particular order: the process ends without unwinding them.
    std::_Exit((*broker)->finish());
}

} // namespace owhale
