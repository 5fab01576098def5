// Who asks, as the transport asks it: peers and tokens in, principals out. One instance, on the io thread.
//
// Errors: unauthenticated and the token_* codes (401), credentials_wrong (401, the same words and the same cost whether
// the account or the password is wrong), password_change_required, step_up_required, rate_limited with retry_after.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event_name.hpp"
#include "identity/principal.hpp"
#include "identity/signatures.hpp"
#include "shared/error.hpp"

namespace owhale::identity {

// One connection, as the spawner's kernel told it.
struct Peer {
    enum class Kind { local, tcp };
    Kind kind = Kind::local; // local: a Unix socket
    std::uint64_t connection = 0;
    uid_t uid = static_cast<uid_t>(-1); // local; of a loopback TCP peer what it is counted by, never a right; else -1
    gid_t gid = static_cast<gid_t>(-1);
    std::vector<std::uint32_t> groups; // supplementary, all of them
    std::int32_t pid = 0;              // informative only
    std::string program;               // its comm, informative only
    std::uint64_t run = 0;             // of a run's listener, or of a loopback peer in a run's cgroup; 0 none
    std::string run_id;
    std::array<std::uint8_t, 16> address{}; // TCP: IPv6, or IPv4 mapped into it
    std::uint16_t port = 0;
    bool loopback = false;
    bool tls = false;

    // "unix:1000 (pid 77, owhalectl)", "tcp 127.0.0.1"
    std::string describe() const;
    // The same without what changes from one connection to the next: "unix:1000", "run:<id>", "tcp 127.0.0.1"
    std::string principal() const;
    // What failures count by: "unix:1000", "run:<id>", "ip:192.0.2.7", "ip:2001:db8::/64"; TCP of here: "local uid 1000"
    std::string origin() const;
    // uid 0 on a Unix socket that is not a run's.
    bool is_root() const { return kind == Kind::local && run == 0 && uid == 0; }
};

// A proof of who asks, as it was shown.
struct Shown {
    std::string_view kind; // "token", "ticket" or "signature"
    std::string device;    // that a signature names, unchecked; "" none
};

class Identity {
public:
    virtual ~Identity() = default;

    // Of a connection that shows no token. A local peer without roles, and a TCP peer, get a principal without
    // permissions: verbs for anyone still answer.
    virtual Principal of_peer(const Peer& peer) = 0;
    // Of a connection that shows `bearer` (a JWT without the word Bearer). A run's peer stays what it is, whatever it
    // shows. A local peer keeps its uid beside the account.
    virtual Result<Principal> of_token(const Peer& peer, std::string_view bearer) = 0;

    // Of a request that a paired device signed: Kind::device. A run's peer stays what it is. Each counts once.
    virtual Result<Principal> of_signature(const Peer& peer, const SignedHead& head) = 0;

    // The same asker as of now, for what takes time: a body that comes slowly, a proof, a channel that stays open. Of a
    // token its session and account as they stand (no signature is verified again), of a device its row and its owner, of a
    // local peer its rows of access.
    virtual Result<Principal> refresh(const Peer& peer, const Principal& who) = 0;

    // Whether this password is that of the principal's account: what a step-up asks. Costs one Argon2id, on another
    // thread. step_up_required for principals that have no account (`unix:` and `run:` never step up), but see
    // stands_above().
    virtual boost::asio::awaitable<Status> prove(const Peer& peer, const Principal& who, std::string password) = 0;
    // uid 0 on the Unix socket of a root owhaled may manage accounts without an account of its own: it could edit the
    // database as well, and nothing that owhaled runs is ever uid 0.
    virtual bool stands_above(const Peer& peer, const Principal& who) const = 0;
    // A verb that decides was refused: it is audited, the first of a peer singly, those of a flood summed
    // (audit/sums.hpp). Returns at once.
    virtual void denied(const Peer& peer, const Principal& who, std::string verb) = 0;
    // No refusal: a verb that takes the password came without it, from one who can show it. As denied().
    virtual void asked_for_password(const Peer& peer, const Principal& who, std::string verb) = 0;
    // rate.limited or connection.refused, of a peer of whom no more is known. As denied().
    virtual void refused(audit::EventName event, const Peer& peer, std::string reason) = 0;
    // token.refused: what was shown was no proof of who asks. As denied().
    virtual void refused_proof(const Peer& peer, Shown shown, std::string reason) = 0;
};

} // namespace owhale::identity
