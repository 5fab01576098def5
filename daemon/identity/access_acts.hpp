// Who may use the socket, and the keys that sign tokens: what an admin changes of them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "identity/core.hpp"
#include "shared/api_identity.hpp"

namespace owhale::identity {

class AccessActs {
public:
    explicit AccessActs(Core& core) : core_(core) {}

    api::AccessList list() const;
    // At once, on connections that are open too. No role at all shuts out.
    boost::asio::awaitable<Result<api::Access>> grant(Asker asker, std::string subject, api::RolesRequest request);
    boost::asio::awaitable<Status> remove(Asker asker, std::string subject);

private:
    Core& core_;
};

class KeyActs {
public:
    explicit KeyActs(Core& core) : core_(core) {}

    boost::asio::awaitable<Result<api::KeyRotated>> rotate(Asker asker);
    // Old enough keys are replaced, retired ones whose last token has expired are believed no more.
    boost::asio::awaitable<Status> keep_up();

private:
    boost::asio::awaitable<Result<api::KeyRotated>> replace(Asker asker); // with the turn held
    Status drop_expired(std::int64_t now);
    Core& core_;
};

} // namespace owhale::identity
