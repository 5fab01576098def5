// With what the broker meets those who connect: rate limits, the names it answers to, its certificate.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/lists.hpp"
#include "config/settings.hpp"
#include "shared/api.hpp"
#include "shared/api_pairing.hpp"
#include "transport/hosts.hpp"
#include "transport/limits.hpp"
#include "transport/rate_limit.hpp"
#include "transport/tls.hpp"

namespace owhale {

class Network {
public:
    // Opens the files of `tls-cert` and `tls-key`, which need rights that the broker gave up.
    using Given = std::function<boost::asio::awaitable<Result<transport::Credentials>>()>;

    Network(const config::Settings& settings, Given given);

    // Reads or makes the certificate, where TCP speaks TLS, and says its fingerprint in the log.
    boost::asio::awaitable<Status> open();
    // SIGHUP: the certificate anew. On an error the old one stays, and so do all connections.
    boost::asio::awaitable<Status> reload();

    transport::RateLimit& limit() { return limit_; }
    transport::Tls* tls() { return tls_.get(); } // null: plain
    // What clients may call us: `hosts`, and what the certificate says.
    transport::Hosts hosts() const;
    std::vector<config::Address> proxies() const;
    transport::Limits limits() const;
    // What signed the certificate in force, where owhaled made that itself.
    Result<api::Authority> authority() const;
    // Doctor's row of a certificate of owhaled's own; none without.
    std::vector<api::Check> checks() const;
    std::string fingerprint() const { return tls_ ? tls_->fingerprint() : std::string(); }

private:
    boost::asio::awaitable<Result<transport::Credentials>> credentials();
    void say_which() const;
    void say_what_it_lacks() const;

    const config::Settings& settings_;
    Given given_;
    transport::RateLimit limit_;
    std::unique_ptr<transport::Tls> tls_;
};

} // namespace owhale
