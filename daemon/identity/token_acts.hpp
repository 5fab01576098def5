// Sessions and agents' tokens, as those who hold them and as admins see and end them; and how a token is minted.
//
// A token is never wider than its maker: one role, which may no more than the maker; profile and folder that the maker is bound to,
// or narrower; and made with another token, an end no later than that one's. Another's id is not_found.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "identity/core.hpp"
#include "shared/api_identity.hpp"

namespace owhale::identity {

class TokenActs {
public:
    explicit TokenActs(Core& core) : core_(core) {}

    struct Wanted {       // of a list
        std::string user; // "" one's own
        bool ended = false;
    };
    Result<api::SessionList> sessions(const Principal& who, const Wanted& wanted);
    boost::asio::awaitable<Status> revoke_session(Asker asker, std::string id);
    // Logins alone: agents' tokens are ended one by one, or by disabling the account.
    boost::asio::awaitable<Result<api::Revoked>> revoke_sessions(Asker asker, std::string user);

    Result<api::TokenList> tokens(const Principal& who, const Wanted& wanted);
    Result<api::Token> token(const Principal& who, const std::string& id);
    boost::asio::awaitable<Result<api::TokenMade>> mint(Asker asker, api::TokenRequest request);
    boost::asio::awaitable<Status> revoke_token(Asker asker, std::string id);

private:
    // Whose a list is: an account's number, 0 for everybody's, -1 for nobody's.
    Result<std::int64_t> owner_of(const Principal& who, const std::string& user, Permission permission) const;
    Result<Session> visible(const Principal& who, const std::string& id, SessionKind kind);
    boost::asio::awaitable<Status> revoke(Asker asker, std::string id, SessionKind kind, audit::EventName event);
    Result<Session> narrowed(const Asker& asker, const api::TokenRequest& request) const;
    Status check_family(const Principal& who, std::int64_t now);
    api::Token shown(const Session& session) const;
    std::string owner_name(const Session& session) const;

    Core& core_;
};

} // namespace owhale::identity
