// Identity from the kernel's credentials alone: no accounts, no tokens.
#pragma once

#include "identity/identity.hpp"

namespace owhale::identity {

class KernelIdentity final : public Identity {
public:
    Principal of_peer(const Peer& peer) override;
    Result<Principal> of_token(const Peer& peer, std::string_view bearer) override;
    boost::asio::awaitable<Status> prove(const Peer& peer, const Principal& who, std::string password) override;
    bool stands_above(const Peer& peer, const Principal& who) const override;
};

} // namespace owhale::identity
