// What an admin does to accounts. Each act is checked, written down and done in one turn.
//
// Errors: not_found, invalid_value, password_weak, conflict; last_admin when no enabled admin would be left.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "identity/core.hpp"
#include "shared/api_identity.hpp"

namespace owhale::identity {

class AccountActs {
public:
    explicit AccountActs(Core& core) : core_(core) {}

    Result<api::UserList> list();
    Result<api::User> show(const std::string& name);
    // Without a password a one-time one is made, which must be changed.
    boost::asio::awaitable<Result<api::UserMade>> create(Asker asker, api::UserRequest request);
    boost::asio::awaitable<Status> remove(Asker asker, std::string name);
    boost::asio::awaitable<Result<api::User>> enable(Asker asker, std::string name);
    boost::asio::awaitable<Result<api::User>> disable(Asker asker, std::string name);
    boost::asio::awaitable<Result<api::User>> set_roles(Asker asker, std::string name, api::RolesRequest request);
    // Ends all that the account has open, its agents' tokens and its devices too.
    boost::asio::awaitable<Result<api::OneTime>> reset(Asker asker, std::string name);

private:
    Result<api::User> shown(const User& user);
    Status keeps_an_admin(const User& user) const;
    Status check_new(const api::UserRequest& request) const;
    boost::asio::awaitable<Result<std::string>> first_hash(std::optional<std::string>& given, std::string& one_time);
    boost::asio::awaitable<Status> note(audit::EventName event, const Asker& asker, const User& user);
    boost::asio::awaitable<Status> note(audit::EventName event, const Asker& asker, const User& user,
                                        boost::json::object data);

    Core& core_;
};

} // namespace owhale::identity
