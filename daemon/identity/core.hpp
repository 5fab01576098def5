// What the acts of identity share: its stores, its clocks, its worker. On the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/settings.hpp"
#include "identity/access.hpp"
#include "identity/devices.hpp"
#include "identity/facts.hpp"
#include "identity/freezes.hpp"
#include "identity/hasher.hpp"
#include "identity/journal.hpp"
#include "identity/keyring.hpp"
#include "identity/sessions.hpp"
#include "identity/signatures.hpp"
#include "identity/throttle.hpp"
#include "identity/turn.hpp"
#include "identity/users.hpp"

namespace owhale::identity {

struct Parts { // all of it outlives identity
    boost::asio::any_io_executor io;
    const config::Settings& settings;
    store::Database& database; // schema/state
    audit::Log& audit;
    std::vector<AccessRow> unix_roles; // of read_unix_roles()
    // Ends the live runs of a principal: of an account that is disabled or removed.
    std::function<void(const std::string& principal)> end_runs;
    std::atomic<std::uint64_t>* hashes = nullptr; // counts calls of Argon2id
    Throttle::Clock clock;                        // monotonic, nanoseconds; empty: the kernel's
    // Ends the connections that a device ("device:<id>") speaks on.
    std::function<void(const std::string& principal)> end_connections{};
};

struct Core {
    Parts parts;
    std::string issuer; // "owhaled:<UUID of this state>"
    Users users;
    Sessions sessions;
    std::unique_ptr<Keyring> keys;
    Access access;
    Facts facts;
    Freezes freezes;
    Devices devices;
    Signatures signatures;
    Throttle accounts; // by account, of peers that it does not know
    Throttle peers;    // by account and peer
    Hasher hasher;
    Journal journal;
    Turn turn;              // changes to accounts and sessions
    std::string setup_code; // "" unless the first account is still to be set up
    std::function<Result<Principal>(const Peer&, const Principal&)> refresh{}; // of Identity; the service's

    static Result<std::unique_ptr<Core>> open(Parts parts);

    bool rootless() const { return parts.settings.rootless; }
    bool strict() const { return !parts.settings.rules->default_account; }
    // "user:alice"
    static std::string principal_of(const User& user) { return "user:" + user.name; }
    // Signs the token of a session.
    std::string token_of(const Session& session, const User& user) const;
    // The account of a principal that has one and still exists; unauthenticated otherwise.
    Result<User> account_of(const Principal& who) const;
    // A turn for an act that takes this permission, once the asker still has it: while its body came, a password was
    // hashed and others had their turn, it may have been ended. unauthenticated, token_*, forbidden, step_up_required.
    boost::asio::awaitable<Result<Turn::Held>> turn_of(const Asker& asker, Permission permission);
    // The check alone.
    Status still(const Asker& asker, Permission permission) const;
    // By name; not_found.
    Result<User> named(const std::string& name) const;
    // Ends what an account has open, and its runs.
    Status end_all_of(const User& user, std::int64_t now);
    void end_connections_of(const std::string& device) const;
    // Refused from now on, its connections cut; its row stays.
    void end_device(const std::string& id);
    // Of an account that is removed, or whose password somebody may have had.
    Status remove_devices_of(const User& user);
};

// A time in microseconds as messages show it (RFC 3339); none stays none.
std::optional<std::string> text_of(const std::optional<std::int64_t>& time);

} // namespace owhale::identity
