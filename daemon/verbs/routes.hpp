// Every row of the verb table with its handler.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "sandbox/plan.hpp"
#include "shared/api.hpp"
#include "shared/api_pairing.hpp"
#include "transport/exchange.hpp"

namespace owhale::approvals {
class Desk;
class Grants;
class Stats;
} // namespace owhale::approvals
namespace owhale::audit {
class Feed;
class Log;
class Sums;
} // namespace owhale::audit
namespace owhale::identity {
class Service;
}
namespace owhale::pairing {
class Pairing;
}
namespace owhale::sandbox {
class HostRegister;
class Profiles;
class Rules;
class Runs;
class WorkspaceRegister;
} // namespace owhale::sandbox

namespace owhale::transport {
class Tickets;
}
namespace owhale::vault {
class Acts;
class Vault;
} // namespace owhale::vault

namespace owhale::verbs {

struct Services { // what handlers use; all of it outlives the server
    const config::Settings& settings;
    const wire::Ready& ready;
    sandbox::Runs& runs;
    const sandbox::Profiles& profiles;
    const sandbox::Rules& rules;
    audit::Log& audit;
    identity::Service& identity;
    approvals::Desk& desk;
    std::string version;                      // "0.1.0"
    std::string started;                      // RFC 3339
    std::function<std::size_t()> connections; // open ones
    // Reads the rules again for a principal that still may.
    std::function<boost::asio::awaitable<Result<api::PolicyLoaded>>(std::string, std::function<Status()>)> reload_rules;
    std::function<std::string()> fingerprint; // of the TLS certificate in force; "" none
    audit::Feed* feed = nullptr;              // never null where events are served
    approvals::Grants* grants = nullptr;      // these two where approvals are
    approvals::Stats* approval_stats = nullptr;
    sandbox::HostRegister* hosts = nullptr;
    // The addresses that a name has now; null without egress.
    std::function<boost::asio::awaitable<Result<std::vector<std::string>>>(std::string)> addresses = nullptr;
    vault::Vault* vault = nullptr; // these two where secrets are
    vault::Acts* secrets = nullptr;
    std::function<std::vector<api::Check>()> audit_checks = nullptr; // doctor's rows of the audit log
    audit::Sums* sums = nullptr; // of what callers who are known do often; where policy.check is
    sandbox::WorkspaceRegister* workspaces = nullptr;
    pairing::Pairing* pairing = nullptr;                               // where devices are paired
    transport::Tickets* tickets = nullptr;                             // where WebSockets are
    std::function<Result<api::Authority>()> authority = nullptr;       // of owhaled's own certificate
    std::function<std::vector<api::Check>()> network_checks = nullptr; // doctor's rows of how it is reached
};

std::vector<transport::Route> routes(const Services& services);

} // namespace owhale::verbs
