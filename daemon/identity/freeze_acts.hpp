// The red button: pressed, let go, looked at. Admission stops and starts here; the runs themselves are held by sandbox.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "identity/core.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::identity {

class FreezeActs {
public:
    explicit FreezeActs(Core& core) : core_(core) {}

    // Those that the asker may know of: its own, everybody's; with the right over all, all.
    api::FreezeList list(const Principal& who) const;
    // Written down first. It acts also when it could not be written down or stored, and then says so: nothing starts, and
    // what runs is to be held still all the same. One's own principal, or as a person that of the uid on whose Unix
    // connection one is, with the permission over one's own; any other, and everybody, with that over all.
    // invalid_value, forbidden.
    struct Pressed {
        api::Freeze freeze;
        Status kept; // that it is in the log, and holds after a restart
    };
    boost::asio::awaitable<Result<Pressed>> set(Asker asker, api::FreezeRequest request);
    // By who may freeze all; or a person lets go what it or its own uid has frozen of these two. not_found, forbidden.
    boost::asio::awaitable<Status> thaw(Asker asker, std::string principal);

    // frozen, for who starts something: the principal, of a run's runs that of whoever made the first.
    Status admits(const std::string& principal) const { return core_.freezes.admits(principal); }

private:
    Core& core_;
};

} // namespace owhale::identity
