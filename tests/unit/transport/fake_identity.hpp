// Identity as the gate's tests need it: principals by table, a password that is "right", and counts of what it cost.
#pragma once

#include <set>
#include <string>

#include "identity/identity.hpp"
#include "identity/powers.hpp"
#include "shared/pairing/http_signature.hpp"

namespace owhale::transport {

class FakeIdentity final : public identity::Identity {
public:
    int verified = 0;                            // tokens looked at
    int proved = 0;                              // passwords compared
    std::string revoked;                         // a token that is good no more
    std::vector<std::string> refusals, troubles; // of those who are known, of peers
    std::vector<std::string> questions;          // for a password

    identity::Principal of_peer(const identity::Peer& peer) override {
        identity::Principal who;
        if (peer.run != 0) return run(peer);
        if (peer.kind != identity::Peer::Kind::local) return who;
        who.kind = identity::Kind::unix_uid;
        who.name = "unix:" + std::to_string(peer.uid);
        who.uid = peer.uid;
        who.gid = peer.gid;
        if (peer.uid == 0) identity::grant(who, identity::kAdmin);
        if (peer.uid != 0 && peer.uid != kNobody) identity::grant(who, identity::kAgent);
        return who;
    }

    // "NAME" is a login of an administrator of that name, "NAME+agent" an agent's token of his, "new" has to change
    // its password first.
    Result<identity::Principal> of_token(const identity::Peer& peer, std::string_view bearer) override {
        ++verified;
        if (peer.run != 0) return run(peer);
        if (bearer == revoked) return fail(Code::token_revoked, "the token was revoked");
        if (bearer.starts_with("bad")) return fail(Code::token_signature, "the signature is wrong");
        identity::Principal who;
        who.kind = identity::Kind::user;
        who.user = bearer.substr(0, bearer.find('+'));
        who.name = "user:" + who.user;
        who.session = "jti of " + std::string(bearer);
        who.must_change = bearer == "new";
        who.for_agent = bearer.ends_with("+agent");
        identity::grant(who, bearer.ends_with("+agent") ? identity::kAgent : identity::kAdmin);
        return who;
    }

    // Signed by the device "1" when it is "good"; "narrow": one of an approver, with the powers approve, audit and freeze.
    // Others are none.
    Result<identity::Principal> of_signature(const identity::Peer& peer, const identity::SignedHead& head) override {
        ++verified;
        if (peer.run != 0) return run(peer);
        if (head.signature == "gone") return fail(Code::token_revoked, "the device is not paired here any more");
        if (head.signature == "early") return fail(Code::busy, "owhaled has just started");
        const bool narrow = head.signature == "narrow";
        if (head.signature != "good" && !narrow) return fail(Code::token_signature, "the signature is wrong");
        identity::Principal who;
        who.kind = identity::Kind::device;
        who.name = "device:1";
        who.user = "alice";
        who.session = "1";
        who.device = "laptop";
        who.powers = identity::kMayApprove | identity::kMayAudit | identity::kMayFreeze;
        identity::grant(who, narrow ? identity::kApprover : identity::kAdmin);
        if (narrow) identity::confine(who, who.powers);
        auto proof = std::make_shared<identity::Signed>();
        proof->digest = pairing::read_digest(head.content_digest).value_or(proof->digest);
        who.signature = std::move(proof);
        return who;
    }

    Result<identity::Principal> refresh(const identity::Peer& peer, const identity::Principal& who) override {
        if (peer.run != 0) return run(peer);
        if (who.kind == identity::Kind::device) return who;
        if (who.kind != identity::Kind::user) return of_peer(peer);
        if (ended.contains(who.user)) return fail(Code::token_revoked, "the token was revoked");
        auto now = who;
        if (demoted.contains(who.user)) identity::grant(now, 0);
        return now;
    }
    std::set<std::string> ended, demoted; // accounts: their sessions, their roles

    boost::asio::awaitable<Status> prove(const identity::Peer&, const identity::Principal& who,
                                         std::string password) override {
        if (who.kind != identity::Kind::user) co_return fail(Code::step_up_required, who.name + " has no account");
        ++proved;
        if (password != "right") co_return fail(Code::credentials_wrong, "name or password is wrong");
        co_return Status{};
    }

    bool stands_above(const identity::Peer& peer, const identity::Principal& who) const override {
        return peer.kind == identity::Peer::Kind::local && peer.run == 0 && who.uid == 0;
    }

    void denied(const identity::Peer&, const identity::Principal& who, std::string verb) override {
        refusals.push_back(who.name + " " + verb);
    }
    void asked_for_password(const identity::Peer&, const identity::Principal& who, std::string verb) override {
        questions.push_back(who.name + " " + verb);
    }
    void refused(audit::EventName event, const identity::Peer&, std::string reason) override {
        troubles.push_back(std::string(event.text()) + " " + reason);
    }
    void refused_proof(const identity::Peer&, identity::Shown shown, std::string reason) override {
        troubles.push_back(std::string(shown.kind) + " " + shown.device + " " + reason);
    }

    static constexpr uid_t kNobody = 65534; // a uid without a role

private:
    static identity::Principal run(const identity::Peer& peer) {
        identity::Principal who;
        who.kind = identity::Kind::run;
        who.name = "run:" + peer.run_id;
        who.run = peer.run;
        who.own = static_cast<std::uint32_t>(identity::Permission::runs_create);
        return who;
    }
};

} // namespace owhale::transport
