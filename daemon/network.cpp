#include "network.hpp"

#include <algorithm>
#include <sodium.h>

#include "base/log.hpp"
#include "own_certificate.hpp"

namespace owhale {
namespace {

using boost::asio::awaitable;

transport::Rates rates_of(const config::Settings& settings) {
    return {settings.login_rate, settings.api_rate, settings.api_burst, settings.anonymous_rate};
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) (out += out.empty() ? "" : ", ") += name;
    return out;
}

// Load takes its own copy.
void wipe(std::string& key) {
    sodium_memzero(key.data(), key.size());
}

} // namespace

Network::Network(const config::Settings& settings, Given given)
    : settings_(settings), given_(std::move(given)), limit_(rates_of(settings)) {}

awaitable<Result<transport::Credentials>> Network::credentials() {
    if (settings_.tls_cert.empty()) co_return own_certificate(settings_);
    co_return co_await given_();
}

void Network::say_which() const {
    log::info("TLS certificate in force", {{"fingerprint", tls_->fingerprint()}});
    if (!tls_->doubt().empty())
        log::warning("clients will not trust the TLS certificate: it " + tls_->doubt(),
                     {{"fingerprint", tls_->fingerprint()}});
}

void Network::say_what_it_lacks() const {
    const auto missing = hosts_missing_in(settings_, tls_->names());
    if (missing.empty()) return;
    log::warning("owhaled's own certificate was made before these names stood in hosts, and is not good for them",
                 {{"names", joined(missing)}, {"fix", other_certificate(settings_)}});
}

awaitable<Status> Network::open() {
    if (settings_.tcp == "off" || settings_.tls != "on") co_return Status{};
    auto found = co_await credentials();
    if (!found) co_return std::unexpected(found.error());
    auto tls = transport::Tls::make(*found);
    wipe(found->key);
    if (!tls) co_return std::unexpected(tls.error());
    tls_ = std::move(*tls);
    say_which();
    say_what_it_lacks();
    co_return Status{};
}

awaitable<Status> Network::reload() {
    if (!tls_) co_return Status{};
    auto found = co_await credentials();
    if (!found) co_return std::unexpected(found.error());
    const auto before = tls_->fingerprint();
    const auto replaced = tls_->replace(*found);
    wipe(found->key);
    if (!replaced) co_return std::unexpected(replaced.error());
    if (tls_->fingerprint() != before) say_which();
    co_return Status{};
}

Result<api::Authority> Network::authority() const {
    if (tls_) return own_authority(settings_, tls_->fingerprint());
    return fail(Code::unsupported, "owhaled does not listen with TLS, so it has no certificate",
                "set tcp and tls = on in owhaled.conf, and restart owhaled: man owhaled.conf");
}

std::vector<api::Check> Network::checks() const {
    if (!tls_ || !settings_.tls_cert.empty()) return {};
    api::Check check{"certificate", "ok", "owhaled's own, for " + joined(tls_->names()), "", ""};
    const auto missing = hosts_missing_in(settings_, tls_->names());
    if (missing.empty() && tls_->doubt().empty()) return {check};
    check.state = "weaker";
    if (!tls_->doubt().empty()) check.detail += "; it " + tls_->doubt();
    if (!missing.empty()) check.detail += "; not for " + joined(missing) + ", which stands in hosts";
    check.lost = "browsers do not believe it " + (missing.empty() ? "at all" : "for " + joined(missing)) +
                 ", so the page there decides nothing";
    check.fix = other_certificate(settings_);
    return {check};
}

transport::Hosts Network::hosts() const {
    auto names = config::parse_hosts(settings_.hosts).value_or(std::vector<std::string>{});
    if (tls_) names.insert(names.end(), tls_->names().begin(), tls_->names().end());
    return transport::Hosts(names);
}

std::vector<config::Address> Network::proxies() const {
    return config::parse_proxies(settings_.trusted_proxies).value_or(std::vector<config::Address>{});
}

transport::Limits Network::limits() const {
    transport::Limits limits;
    limits.max_body = settings_.max_body;
    limits.max_bodies = std::max(limits.max_bodies, 2 * limits.max_body);
    limits.max_connections = settings_.max_connections;
    limits.max_connections_per_uid = settings_.max_connections_per_uid;
    limits.max_connections_per_address = settings_.max_connections_per_address;
    limits.max_tcp_connections = settings_.max_connections / 2;
    limits.owner = settings_.rootless ? settings_.uid : 0;
    return limits;
}

} // namespace owhale
