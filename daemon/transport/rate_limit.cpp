#include "transport/rate_limit.hpp"

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "metrics/counts.hpp"
#include "transport/peer_key.hpp"

namespace owhale::transport {
namespace {

using identity::Kind;
using identity::Peer;
using identity::Principal;

constexpr std::size_t kStrangers = 1u << 21, kKnown = 1u << 16, kGood = 1u << 12;
// More than one connection per request of the API's limit. It bounds what strangers can make us sign.
constexpr std::uint64_t kHandshakes = 6000, kHandshakeBurst = 500;
// A first visit takes some forty files.
constexpr std::uint64_t kPage = 1200, kPageBurst = 400;
constexpr std::int64_t kSecond = 1'000'000'000;

struct Counted { // in the words of the log
    std::string_view policy, what, setting;
};
constexpr std::array kCounted = {
    Counted{"login", "logins", "login-rate"},
    Counted{"step-up", "proofs of the password", "login-rate"},
    Counted{"api", "requests", "api-rate"},
    Counted{"anonymous", "requests of nobody known", "anonymous-rate"},
    Counted{"token", "tokens and signatures that were no good", "anonymous-rate"},
    Counted{"tls", "TLS handshakes", ""},
    Counted{"page", "files of the page", ""},
};

std::string text_of(std::string_view scope, const PeerKey& key) {
    std::string text(scope);
    text += static_cast<char>(key.kind);
    return text.append(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
}

bool is_stranger(const Peer& peer) {
    return peer.kind == Peer::Kind::tcp && peer.run == 0;
}

// Of a token its session; of the kernel's word the peer.
std::string api_key(const Peer& peer, const Principal& who) {
    return who.session.empty() ? text_of("api", key_of(peer)) : "token " + who.session;
}

// On the Unix socket the uid's for this account. Over TCP that of the account's session: an address may be many people's,
// and who has one token of an account shall not use up what its other holders have (the delay of identity is by account).
std::string step_up_key(const Peer& peer, const Principal& who) {
    const bool by_session = is_stranger(peer) && !who.user.empty();
    return by_session ? "step-up of " + who.user + " " + who.session
                      : text_of("step-up", key_of(peer)) + " " + who.user;
}

bool is_root(const Peer& peer) {
    return peer.kind == Peer::Kind::local && peer.run == 0 && peer.uid == 0;
}

} // namespace

RateLimit::RateLimit(const Rates& rates, Clock clock)
    : clock_(clock ? std::move(clock) : Clock(monotonic_ns)),
      login_{"login", "rate_login", rates.login, Rate::per_minute(rates.login, rates.login)},
      step_up_{"step-up", "rate_step-up", rates.login, Rate::per_minute(rates.login, rates.login)},
      api_{"api", "rate_api", rates.api, Rate::per_minute(rates.api, rates.api_burst)},
      anonymous_{"anonymous", "rate_anonymous", rates.anonymous, Rate::per_minute(rates.anonymous, rates.anonymous)},
      token_{"token", "rate_token", rates.anonymous, Rate::per_minute(rates.anonymous, rates.anonymous)},
      handshake_{"tls", "rate_tls", kHandshakes, Rate::per_minute(kHandshakes, kHandshakeBurst)},
      page_{"page", "rate_page", kPage, Rate::per_minute(kPage, kPageBurst)}, strangers_(kStrangers), known_(kKnown),
      good_(kGood) {}

Verdict RateLimit::verdict(const Decision& decision, const Scope& scope) const {
    if (decision.allowed) return std::nullopt;
    metrics::counts().limited.add(scope.counted);
    return Excess{scope.name, scope.quota, static_cast<std::uint64_t>((decision.wait_ns + kSecond - 1) / kSecond)};
}

Verdict RateLimit::take(RateTable& table, const RateTable::Key& key, const Scope& scope) {
    return verdict(table.take(key, scope.rate, clock_()), scope);
}

Verdict RateLimit::handshake(const Peer& peer) {
    return take(strangers_, strangers_.key(text_of("tls", key_of(peer))), handshake_);
}

Verdict RateLimit::page(const Peer& peer) {
    return take(strangers_, strangers_.key(text_of("page", key_of(peer))), page_);
}

Verdict RateLimit::login(const Peer& peer) {
    auto& table = is_stranger(peer) ? strangers_ : known_;
    return take(table, table.key(text_of("login", key_of(peer))), login_);
}

Verdict RateLimit::step_up(const Peer& peer, const Principal& who) {
    if (is_root(peer)) return std::nullopt;
    return take(known_, known_.key(step_up_key(peer, who)), step_up_);
}

void RateLimit::forgive_step_up(const Peer& peer, const Principal& who) {
    known_.give_back(known_.key(step_up_key(peer, who)), step_up_.rate, clock_());
}

Verdict RateLimit::api(const Peer& peer, const Principal& who) {
    if (is_stranger(peer) && who.session.empty())
        return take(strangers_, strangers_.key(text_of("anonymous", key_of(peer))), anonymous_);
    return take(known_, known_.key(api_key(peer, who)), api_);
}

Verdict RateLimit::before_token(const Peer& peer, std::string_view token) const {
    if (was_good(known_.key(token))) return std::nullopt;
    const auto& table = is_stranger(peer) ? strangers_ : known_;
    return verdict(table.look(table.key(text_of("token", key_of(peer))), token_.rate, clock_()), token_);
}

void RateLimit::token_was(bool good, const Peer& peer, std::string_view token) {
    const auto key = known_.key(token);
    auto& place = good_[key[0] % good_.size()];
    if (good) {
        place = key;
        return;
    }
    if (place == key) place = {}; // revoked or expired since: from now on it is one of the bad ones
    auto& table = is_stranger(peer) ? strangers_ : known_;
    take(table, table.key(text_of("token", key_of(peer))), token_);
}

std::string reason_of(const Excess& excess) {
    const auto row = std::ranges::find(kCounted, excess.policy, &Counted::policy);
    const bool known = row != kCounted.end();
    const auto what = !excess.what.empty() ? excess.what : known ? row->what : std::string_view("requests");
    auto out = "too many " + std::string(what) + ": " + std::to_string(excess.quota) + " a minute are allowed";
    if (known && !row->setting.empty()) out += " (" + std::string(row->setting) + ")";
    return out;
}

Response too_many(const Excess& excess) {
    const std::string policy(excess.policy);
    Error error{Code::rate_limited,
                excess.what.empty()
                    ? "too many requests: \"" + policy + "\" allows " + std::to_string(excess.quota) + " a minute"
                    : "too many " + std::string(excess.what) + " came from here",
                "Wait " + std::to_string(excess.seconds) + " s.",
                0,
                {}};
    error.retry_after = static_cast<unsigned>(excess.seconds);
    auto response = problem(error);
    response.headers.emplace_back("RateLimit", "\"" + policy + "\";r=0;t=" + std::to_string(excess.seconds));
    response.headers.emplace_back("RateLimit-Policy", "\"" + policy + "\";q=" + std::to_string(excess.quota) + ";w=60");
    return response;
}

} // namespace owhale::transport
