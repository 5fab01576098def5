// What the broker reads again when it is told to, with the files that its spawner opens for it.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "base/files.hpp"
#include "broker.hpp"
#include "given_certificate.hpp"
#include "sandbox/blob.hpp"

namespace owhale {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kLargestPem = 256u << 10;

Result<std::string> read_reopened(const sandbox::Reopened& opened, wire::File which, const std::string& setting,
                                  const std::string& path) {
    const auto index = static_cast<std::size_t>(which);
    const auto& file = opened.files[index];
    if (file) return read_all(file.get(), kLargestPem);
    const int why = opened.err[index];
    return std::unexpected(unusable_file(setting, path, why));
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

} // namespace owhale
