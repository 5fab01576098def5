// Identity as it runs: peers and tokens to principals, and the acts on accounts, sessions, access and keys.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <unordered_map>

#include "identity/access_acts.hpp"
#include "identity/account_acts.hpp"
#include "identity/core.hpp"
#include "identity/device_acts.hpp"
#include "identity/doors.hpp"
#include "identity/freeze_acts.hpp"
#include "identity/identity.hpp"
#include "identity/token_acts.hpp"
#include "shared/api.hpp"

namespace owhale::identity {

class Service final : public Identity {
public:
    // Reads the state; the first start makes a key. As the confined broker.
    static Result<std::unique_ptr<Service>> open(Parts parts);

    // Before the first request: the first account, keys that are too old; then once a minute what grows old.
    boost::asio::awaitable<Status> start();

    Principal of_peer(const Peer& peer) override;
    Result<Principal> of_token(const Peer& peer, std::string_view bearer) override;
    Result<Principal> of_signature(const Peer& peer, const SignedHead& head) override;
    Result<Principal> refresh(const Peer& peer, const Principal& who) override;
    boost::asio::awaitable<Status> prove(const Peer& peer, const Principal& who, std::string password) override;
    bool stands_above(const Peer& peer, const Principal& who) const override;
    void denied(const Peer& peer, const Principal& who, std::string verb) override;
    void asked_for_password(const Peer& peer, const Principal& who, std::string verb) override;
    void refused(audit::EventName event, const Peer& peer, std::string reason) override;
    void refused_proof(const Peer& peer, Shown shown, std::string reason) override;
    boost::asio::awaitable<void> flush(); // writes down what failures were counted by now: at the end

    Doors doors;
    AccountActs accounts;
    TokenActs tokens;
    AccessActs access;
    KeyActs keys;
    FreezeActs freezes;
    DeviceActs devices;
    api::Jwks jwks() const { return core_->keys->jwks(); }
    Result<api::Check> first_password() { return check_first_password(); }
    Result<std::string> first_account();
    // A person ("user:NAME") or a device of one ("device:<id>") with the rights of now, on no connection; empty when there is
    // no such account, or no such device, any more.
    std::optional<Principal> person(const std::string& name) const;
    // What a device ("device:<id>") is called, also one whose time is over; "" when there is none any more.
    std::string device_name(const std::string& principal) const;

private:
    explicit Service(std::unique_ptr<Core> core);
    Result<api::Check> check_first_password();
    Principal of_run(const Peer& peer) const;
    Result<std::string> jti_of(std::string_view bearer);
    Result<const Session*> live_session(const std::string& jti);
    Result<Principal> of_session(const Peer& peer, const std::string& jti);
    Principal principal_of(const Peer& peer, const User& user, const Session& session) const;
    Result<Principal> of_device(const Peer& peer, const std::string& id) const;
    // Of a rootless strict owhaled without accounts, its own user makes the first one.
    bool is_founder(const Peer& peer) const;
    boost::asio::awaitable<void> keep_up();

    std::unique_ptr<Core> core_;
    boost::asio::steady_timer minute_;
    // Digests of tokens whose signature was checked before, and their jti: a signature is checked once, all else always.
    std::unordered_map<std::string, std::string> seen_;
};

} // namespace owhale::identity
