#include "transport/gate.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <sodium.h>

#include "base/clock.hpp"
#include "transport/forwarded.hpp"

namespace owhale::transport {
namespace {

using identity::Kind;
using identity::Peer;
using identity::Principal;

constexpr std::string_view kCredentials = "authorization", kPassword = "owhale-password";
constexpr std::size_t kLongestPassword = 1024; // bytes of base64
constexpr const char* kLogIn = "Log in: owhalectl login, or POST /v1/login.";

// All that one may do with a password that somebody else chose.
constexpr std::array<std::string_view, 6> kBeforeChange = {"password.change", "logout",  "whoami",
                                                           "health",          "openapi", "jwks"};

// All that an agent's token is good for while its account is frozen.
constexpr std::array<std::string_view, 4> kWhenFrozen = {"whoami", "health", "openapi", "jwks"};

std::string take_field(Head& head, std::string_view name) {
    const auto at = head.fields.find(name);
    if (at == head.fields.end()) return {};
    auto value = std::exchange(at->second, {});
    head.fields.erase(at);
    return value;
}

void wipe(std::string& secret) {
    sodium_memzero(secret.data(), secret.size());
    secret.clear();
}

// The token of "Bearer TOKEN" (RFC 6750); a scheme's case does not matter (RFC 9110 section 11.1).
std::optional<std::string_view> bearer(std::string_view credentials) {
    constexpr std::string_view scheme = "bearer ";
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (credentials.size() <= scheme.size() ||
        !std::ranges::equal(credentials.substr(0, scheme.size()), scheme, {}, lower))
        return std::nullopt;
    return credentials.substr(scheme.size());
}

std::uint32_t bit(identity::Permission permission) {
    return static_cast<std::uint32_t>(permission);
}

// "admin", "admin or agent": the roles that hold a permission.
std::string roles_with(identity::Permission permission) {
    std::string names;
    for (const auto& row : identity::roles())
        if (((row.own | row.any) & bit(permission)) != 0) (names += names.empty() ? "" : " or ") += row.name;
    return names;
}

std::string roles_of(const Principal& who) {
    std::string names;
    for (const auto& name : identity::role_names(who.role_set)) (names += names.empty() ? "" : ", ") += name;
    return names.empty() ? "none" : names;
}

bool is_of_accounts(identity::Permission permission) {
    using identity::Permission;
    return permission == Permission::account || permission == Permission::sessions || permission == Permission::tokens;
}

// In the words of who asks: what they are, and who may do it instead.
std::unexpected<Error> not_permitted(const Match& match, const Principal& who) {
    const std::string verb(match.verb->name), permission = " (" + std::string(match.verb->permission) + ")";
    if (who.kind == Kind::anonymous) return fail(Code::unauthenticated, verb + " needs a token", kLogIn);
    if (who.kind == Kind::run)
        return fail(Code::forbidden, "a run may not " + verb + permission, "do it outside of the cage");
    if (who.for_agent)
        return fail(Code::forbidden, "a token for an agent may not " + verb + permission,
                    "a person has to do this, logged in: owhalectl login");
    if (who.kind == Kind::unix_uid && (who.own | who.any) == 0)
        return fail(Code::forbidden, who.name + " has no role on this socket, and may not " + verb + permission,
                    "root can give it one: sudo owhalectl setup --allow NAME; or log in: owhalectl login");
    if (who.kind == Kind::unix_uid && is_of_accounts(match.permission))
        return fail(Code::unauthenticated,
                    verb + " is for accounts, and " + who.name + " is a user id without one" + permission, kLogIn);
    return fail(Code::forbidden,
                verb + " needs the role " + roles_with(match.permission) + permission + "; " + who.name + " has " +
                    roles_of(who),
                "log in as an account that has it: owhalectl login; or ask whoever runs owhaled");
}

// Verbs that decide who may do what: their refusals are written down.
bool decides(const Verb& verb) {
    const auto about = verb.permission;
    return (verb.traits & (kStepUp | kNarrows)) != 0 ||
           (verb.method != "GET" && (about == "users" || about == "sessions" || about == "tokens"));
}

Status permit(const Match& match, const Principal& who) {
    const std::string verb(match.verb->name);
    if (who.must_change && std::ranges::find(kBeforeChange, verb) == kBeforeChange.end())
        return fail(Code::password_change_required, who.name + " has to choose a password of its own first",
                    "owhalectl passwd, or POST /v1/password; until then the token is good for nothing else");
    if (who.frozen && std::ranges::find(kWhenFrozen, verb) == kWhenFrozen.end())
        return fail(Code::frozen, who.name + " is frozen, and its tokens for agents with it",
                    "A person lets it go on: owhalectl freeze ls says who froze it, and why.");
    if (!who.may(match.permission, true)) return not_permitted(match, who);
    if (!match.route->handler && !match.route->upgrade && !match.route->stream)
        return fail(Code::unsupported, verb + " is not served here");
    return {};
}

// A window is that of one session on one client's connection: other tokens of the account, and whoever else a proxy
// puts on this connection, have no part in it.
bool window_is_open(const Connection& connection, const Principal& who) {
    const auto& window = connection.step_up;
    return !connection.proxied && !who.for_agent && window.is_of(who) && monotonic_ns() < window.until_ns;
}

// Who has no password to show costs nobody an attempt.
bool can_prove(const Principal& who) {
    return who.kind == Kind::user && !who.for_agent;
}

Error no_proof(const Match& match, const Principal& who) {
    if (who.for_agent)
        return {Code::step_up_required,
                "a token for an agent never steps up: " + std::string(match.verb->name),
                "A person has to do this, logged in: owhalectl login.",
                0,
                {}};
    const bool account = who.kind == Kind::user;
    return {Code::step_up_required,
            who.name + " has to show its password for " + std::string(match.verb->name),
            account ? "Send it with the request, in base64, as the header Owhale-Password; or open a window on this "
                      "connection with POST /v1/step-up."
                    : kLogIn,
            0,
            {}};
}

Result<std::string> decode_password(const std::string& text) {
    std::string password(text.size(), '\0');
    std::size_t size = 0;
    const bool good = text.size() <= kLongestPassword &&
                      sodium_base642bin(reinterpret_cast<unsigned char*>(password.data()), password.size(), text.data(),
                                        text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0;
    if (!good) wipe(password);
    if (!good)
        return fail(Code::bad_request, "the header Owhale-Password is not base64 of at most 1 KiB",
                    "Encode the password's UTF-8 bytes in base64, padded.");
    password.resize(size);
    return password;
}

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
    return sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
}

} // namespace

std::string Proof::text() const {
    switch (by) {
    case By::nothing:
        return {};
    case By::root:
        return "root";
    case By::window:
        return "window";
    case By::password:
        return "password for " + act;
    }
    return {};
}

void Gate::note_refusal(const Peer& peer, const Principal& who, const Verb& verb, const Response& response) {
    constexpr unsigned kForbidden = 403;
    if (response.status == kForbidden && decides(verb)) identity_.denied(peer, who, std::string(verb.name));
}

void Gate::note_limit(const Peer& peer, std::string_view policy) {
    identity_.refused("rate.limited", peer, std::string(policy));
}

Response Gate::limited(const Peer& peer, const Excess& excess) {
    note_limit(peer, excess.policy);
    return too_many(excess);
}

void Gate::see_through_proxy(Connection& connection, const Head& head) const {
    auto& peer = connection.peer;
    if (peer.kind != Peer::Kind::tcp || proxies_.empty()) return;
    connection.proxied = std::ranges::find(proxies_, connection.socket_address) != proxies_.end();
    if (!connection.proxied) return;
    peer.address = client_behind(proxies_, connection.socket_address, head.field("x-forwarded-for"));
    peer.loopback = false; // the proxy's word is no proof of being on this machine
}

std::expected<Principal, Response> Gate::authenticate(const Peer& peer, std::string_view credentials) {
    if (credentials.empty()) return identity_.of_peer(peer);
    const auto token = bearer(credentials);
    if (const auto excess = limit_.before_token(peer, token.value_or("")))
        return std::unexpected(limited(peer, *excess));
    auto who = token ? identity_.of_token(peer, *token)
                     : fail(Code::unauthenticated, "the Authorization header is not a Bearer token",
                            "Send Authorization: Bearer TOKEN, or none; POST /v1/login gives a token.");
    const bool bad = !who && describe(who.error().code).status == 401;
    if (token || bad) limit_.token_was(!bad, peer, token.value_or(""));
    if (bad) identity_.refused("token.refused", peer, who.error().message);
    if (!who) return std::unexpected(problem(who.error()));
    return *std::move(who);
}

Verdict Gate::count(const Peer& peer, const Principal& who, const Match* match) {
    const bool permitted = match != nullptr && who.may(match->permission, true);
    const unsigned traits = permitted ? match->verb->traits : 0;
    if ((traits & kLogin) != 0 && match->permission == identity::Permission::none) return limit_.login(peer);
    if ((traits & kLogin) != 0 && can_prove(who) && permit(*match, who)) return limit_.step_up(peer, who);
    // What waits for one's own runs is bounded by one's connections. Who holds no permission at all is a stranger.
    if ((traits & kUnmetered) != 0 && (who.own | who.any) != 0) return std::nullopt;
    return limit_.api(peer, who);
}

std::expected<Pass, Response> Gate::enter(Connection& connection, Head& head, const Target& target) {
    auto credentials = take_field(head, kCredentials);
    auto password = take_field(head, kPassword);
    see_through_proxy(connection, head);
    auto who = authenticate(connection.peer, credentials);
    wipe(credentials);
    if (!who) {
        wipe(password);
        return std::unexpected(std::move(who).error());
    }
    auto match = admit(connection.peer, *who, head.method, target);
    if (match) return Pass{*std::move(match), *std::move(who), std::move(password)};
    wipe(password);
    return std::unexpected(std::move(match).error());
}

std::expected<Pass, Response> Gate::enter_again(const Connection& connection, const Principal& who,
                                                const std::string& method, const Target& target) {
    auto now = identity_.refresh(connection.peer, who);
    if (!now) return std::unexpected(problem(now.error()));
    auto match = admit(connection.peer, *now, method, target);
    if (!match) return std::unexpected(std::move(match).error());
    return Pass{*std::move(match), *std::move(now), {}};
}

// How often, where to, and whether it may.
std::expected<Match, Response> Gate::admit(const Peer& peer, const Principal& who, const std::string& method,
                                           const Target& target) {
    auto match = router_.find(method, target);
    if (const auto excess = count(peer, who, match ? &*match : nullptr)) return std::unexpected(limited(peer, *excess));
    if (!match) return match;
    if (const auto permitted = permit(*match, who); !permitted) {
        auto refused = problem(permitted.error());
        note_refusal(peer, who, *match->verb, refused);
        return std::unexpected(std::move(refused));
    }
    return match;
}

// The same question as at the head, which may be half a minute ago: the body took its time, or the proof did.
std::expected<void, Response> Gate::ask_again(const Connection& connection, Pass& pass) {
    auto who = identity_.refresh(connection.peer, pass.who);
    if (!who) return std::unexpected(problem(who.error()));
    pass.who = *std::move(who);
    if (const auto permitted = permit(pass.match, pass.who); !permitted)
        return std::unexpected(problem(permitted.error()));
    return {};
}

// One Argon2id, on another thread, so it is counted before and given back when the password was right.
asio::awaitable<std::expected<void, Response>> Gate::prove_password(const Connection& connection, Pass& pass) {
    if (const auto excess = limit_.step_up(connection.peer, pass.who))
        co_return std::unexpected(limited(connection.peer, *excess));
    auto password = decode_password(pass.password);
    if (!password) co_return std::unexpected(problem(password.error()));
    const auto proved = co_await identity_.prove(connection.peer, pass.who, *std::move(password));
    if (!proved) co_return std::unexpected(problem(proved.error()));
    limit_.forgive_step_up(connection.peer, pass.who);
    co_return ask_again(connection, pass);
}

asio::awaitable<std::expected<Proof, Response>> Gate::prove(const Connection& connection, Pass& pass, std::string act,
                                                            std::string_view body) {
    using By = Proof::By;
    if (auto again = ask_again(connection, pass); !again) {
        wipe(pass.password);
        note_refusal(connection.peer, pass.who, *pass.match.verb, again.error());
        co_return std::unexpected(std::move(again).error());
    }
    const auto traits = pass.match.verb->traits;
    const bool asked = (traits & kStepUp) != 0 || ((traits & kNarrows) != 0 && !pass.who.for_agent);
    const auto by = !asked                                              ? By::nothing
                    : identity_.stands_above(connection.peer, pass.who) ? By::root
                    : window_is_open(connection, pass.who)              ? By::window
                                                                        : By::password;
    std::expected<void, Response> proved;
    if (by == By::password && (pass.password.empty() || !can_prove(pass.who)))
        proved = std::unexpected(problem(no_proof(pass.match, pass.who)));
    else if (by == By::password)
        proved = co_await prove_password(connection, pass);
    wipe(pass.password);
    if (!proved) {
        note_refusal(connection.peer, pass.who, *pass.match.verb, proved.error());
        co_return std::unexpected(std::move(proved).error());
    }
    co_return by == By::password ? Proof{by, std::move(act) + " sha256:" + sha256_hex(body)} : Proof{by, {}};
}

} // namespace owhale::transport
