// Passwords at the door: login, logout, the change of one's own password, and step-up.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "identity/core.hpp"
#include "shared/api_identity.hpp"

namespace owhale::identity {

class Doors {
public:
    explicit Doors(Core& core) : core_(core) {}
    using Gone = Hasher::Gone;

    // credentials_wrong in the same words and for one Argon2id, whether the account or the password is wrong;
    // rate_limited, for none, while the account waits; forbidden for a run, and for a first login from elsewhere.
    boost::asio::awaitable<Result<api::Login>> login(Peer peer, api::LoginRequest request, Gone gone);
    boost::asio::awaitable<Status> logout(Asker asker);
    // Ends the account's other logins. Its agents' tokens go on: they never knew the password.
    // credentials_wrong, password_weak; conflict when another change came first.
    boost::asio::awaitable<Status> change_password(Asker asker, api::PasswordRequest request, Gone gone);
    // See Identity::prove.
    boost::asio::awaitable<Status> prove(Peer peer, Principal who, Secret password);
    // A window on this connection is about to open.
    boost::asio::awaitable<Status> note_window(Asker asker, std::int64_t seconds);

private:
    struct Attempt {            // one password tried
        audit::EventName event; // "login", "step_up", "password.change"
        Peer peer;
        std::string name;         // as it was given
        std::int64_t account = 0; // 0: there is none of that name
        bool bootstrap = false;
        std::string hash; // "" of no account and of the first one
        Throttle* throttle = nullptr;
        std::string key;
    };
    Result<Attempt> attempt(audit::EventName event, const Peer& peer, const std::string& name);
    // Whose delay holds for it, if any.
    Status choose_throttle(Attempt& attempt);
    boost::asio::awaitable<Status> try_password(Attempt attempt, const std::string& password, Gone gone);
    void fail_audited(const Attempt& attempt, const char* reason);
    bool is_as_it_was(const Attempt& attempt);
    Status check_first_login(const Peer& peer, const api::LoginRequest& request) const;
    boost::asio::awaitable<Status> hash_anew(Attempt& attempt, const std::string& password);
    boost::asio::awaitable<Result<api::Login>> open_session(Peer peer, Attempt attempt);
    Result<std::optional<std::string>> one_too_many(const User& user, std::int64_t now);
    Session new_session(const Peer& peer, const User& user) const;
    Status apply_change(const Asker& asker, const User& user, const std::string& hash, std::int64_t now);

    Core& core_;
};

} // namespace owhale::identity
