// What a run's scope is made of beside its own words: named lists of hosts, and lines that somebody has allowed for longer.
// daemon/verbs and daemon/approvals change it; see host_lists.hpp and host_entries.hpp for what is behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/api_network.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

class HostBook {
public:
    virtual ~HostBook() = default;
    // The hosts of a list ("npm", without @): each `from` says "list npm". invalid_value when there is no such list, or
    // when this machine says nothing of it.
    virtual Result<std::vector<api::HostRule>> list(std::string_view name) const = 0;
    // Lines that hold for runs of this principal with this profile, now; `from` says whose word each is.
    virtual std::vector<api::HostRule> standing(const std::string& principal, const std::string& profile) const = 0;
    // A run of theirs has ended, and this is whom it reached.
    virtual void note_used(const std::string& /*principal*/, const std::string& /*profile*/,
                           const api::NetReport& /*report*/) {}
};

} // namespace owhale::sandbox
