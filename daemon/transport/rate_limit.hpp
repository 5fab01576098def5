// How often: which bucket a request counts in, and the answer to one too many.
//
// Scopes: "login", a minute's logins of one peer; "step-up", a minute's proofs of one account's password; "api",
// requests of a uid, a token or a run; "anonymous", requests of a TCP address without a token; "token", tokens of one
// peer that were not good, at the rate of strangers; "tls", handshakes of one address; "page", the page's files for one address. Strangers have a table of their own:
// their number is without bound, that of uids and tokens is not, and neither shall push the other out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/exchange.hpp"
#include "transport/rate_table.hpp"

namespace owhale::transport {

struct Rates { // requests a minute
    std::uint64_t login = 10;
    std::uint64_t api = 3000, api_burst = 500;
    std::uint64_t anonymous = 60;
};

struct Excess {                // one request too many
    std::string_view policy;   // the scope's name
    std::uint64_t quota = 0;   // of the scope, a minute
    std::uint64_t seconds = 1; // until one more is allowed, rounded up
    std::string_view what{};   // there was too much of, where that is not what the policy is for; else ""
};
using Verdict = std::optional<Excess>; // empty: go on

class RateLimit {
public:
    using Clock = std::function<std::int64_t()>; // monotonic nanoseconds
    explicit RateLimit(const Rates& rates, Clock clock = {});

    Verdict handshake(const identity::Peer& peer);
    Verdict page(const identity::Peer& peer);
    Verdict login(const identity::Peer& peer);
    // uid 0 on the Unix socket is never limited here.
    Verdict step_up(const identity::Peer& peer, const identity::Principal& who);
    void forgive_step_up(const identity::Peer& peer, const identity::Principal& who); // the proof was good
    Verdict api(const identity::Peer& peer, const identity::Principal& who);

    // A token is looked at only while the peer's bucket for bad ones has room: each costs a signature's verification.
    // One that was good lately has paid already, so that who tries tokens on an address shuts out nobody there.
    Verdict before_token(const identity::Peer& peer, std::string_view token) const;
    void token_was(bool good, const identity::Peer& peer, std::string_view token);

private:
    struct Scope {
        std::string_view name, counted; // as metrics call it
        std::uint64_t quota;
        Rate rate;
    };
    Verdict take(RateTable& table, const RateTable::Key& key, const Scope& scope);
    Verdict verdict(const Decision& decision, const Scope& scope) const;
    bool was_good(const RateTable::Key& token) const { return good_[token[0] % good_.size()] == token; }

    Clock clock_;
    Scope login_, step_up_, api_, anonymous_, token_, handshake_, page_;
    RateTable strangers_; // 2^21 places, 48 MiB at most: a million live addresses leave its groups half empty
    RateTable known_;     // 2^16 places, 1.5 MiB: uids, tokens and runs
    std::vector<RateTable::Key> good_; // tokens that were good lately; a newer one takes the place of its like
};

// For the log: of what there was too much, and what allows how much.
std::string reason_of(const Excess& excess);
// 429 with Retry-After, RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-09).
Response too_many(const Excess& excess);

} // namespace owhale::transport
