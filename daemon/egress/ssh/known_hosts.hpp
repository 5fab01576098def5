// The hosts, by the fingerprints of their keys, that people have let a principal's runs log in at: a question once, not once
// a run. In the table ssh_hosts of schema/state.
#pragma once

#include <memory>
#include <string>

#include "shared/error.hpp"

namespace owhale::store {
class Database;
}

namespace owhale::egress::ssh {

class KnownHosts {
public:
    virtual ~KnownHosts() = default;
    // state_unavailable
    virtual Result<bool> knows(const std::string& principal, const std::string& fingerprint) = 0;
    // `by`: the request that was agreed to.
    virtual Status add(const std::string& principal, const std::string& fingerprint, const std::string& by) = 0;
};

// Outlived by `database`; used on its thread.
std::shared_ptr<KnownHosts> known_hosts(store::Database& database);

} // namespace owhale::egress::ssh
