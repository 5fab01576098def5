#include "transport/gate.hpp"

#include <algorithm>

#include "transport/forwarded.hpp"
#include "transport/permit.hpp"
#include "transport/wipe.hpp"

namespace owhale::transport {
namespace {

using identity::Peer;
using identity::Principal;

constexpr std::string_view kCredentials = "authorization", kPassword = "owhale-password";
constexpr std::string_view kSignature = "signature", kInput = "signature-input", kDigest = "content-digest";
constexpr std::string_view kProtocols = "sec-websocket-protocol";

std::string take_field(Head& head, std::string_view name) {
    const auto at = head.fields.find(name);
    if (at == head.fields.end()) return {};
    auto value = std::exchange(at->second, {});
    head.fields.erase(at);
    return value;
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

std::string take_ticket(Head& head) {
    if (!head.upgrade()) return {};
    auto protocols = take_field(head, kProtocols);
    auto ticket = take_prefixed(protocols, kTicketPrefix);
    if (!protocols.empty()) head.fields[std::string(kProtocols)] = std::move(protocols);
    return ticket;
}

} // namespace

void Gate::note_refusal(const Peer& peer, const Principal& who, const Verb& verb, const Response& response) {
    constexpr unsigned kForbidden = 403;
    if (response.status == kForbidden && decides(verb)) identity_.denied(peer, who, std::string(verb.name));
}

void Gate::note_limit(const Peer& peer, const Excess& excess) {
    identity_.refused("rate.limited", peer, reason_of(excess));
}

Response Gate::limited(const Peer& peer, const Excess& excess) {
    note_limit(peer, excess);
    return too_many(excess);
}

void Gate::see_through_proxy(Connection& connection, const Head& head) const {
    auto& peer = connection.peer;
    if (peer.kind != Peer::Kind::tcp || proxies_.empty()) return;
    connection.proxied = std::ranges::find(proxies_, connection.socket_address) != proxies_.end();
    if (!connection.proxied) return;
    peer.address = client_behind(proxies_, connection.socket_address, head.field("x-forwarded-for"));
    peer.loopback = false; // the proxy's word is no proof of being on this machine
    peer.uid = static_cast<uid_t>(-1);
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
    if (bad) identity_.refused_proof(peer, {"token", {}}, who.error().message);
    if (!who) return std::unexpected(problem(who.error()));
    return *std::move(who);
}

// As a token: each costs a signature's verification. A device's id is no secret as a token is: it is good from where it was good,
// and nobody takes that from it by a bad signature. An answer that looked at no signature (busy) says nothing of either.
std::expected<Principal, Response> Gate::of_signature(const Peer& peer, const identity::SignedHead& head) {
    const auto device = identity::claimed_device(head);
    const auto claimed = "device " + device + " " + peer.origin();
    if (const auto excess = limit_.before_token(peer, claimed)) return std::unexpected(limited(peer, *excess));
    auto who = identity_.of_signature(peer, head);
    const bool bad = !who && describe(who.error().code).status == 401;
    if (who) limit_.token_was(true, peer, claimed);
    const bool over = bad && (who.error().code == Code::token_revoked || who.error().code == Code::token_expired);
    if (bad) limit_.token_was(false, peer, over ? claimed : std::string());
    if (bad) identity_.refused_proof(peer, {"signature", device}, who.error().message);
    if (!who) return std::unexpected(problem(who.error()));
    return *std::move(who);
}

// What it is good for is its owner's of now. A bad one counts as a bad token does; a good one is there once.
std::expected<Principal, Response> Gate::of_ticket(const Peer& peer, const std::string& ticket,
                                                   const std::string& path) {
    if (const auto excess = limit_.before_token(peer, ticket)) return std::unexpected(limited(peer, *excess));
    const auto owner = tickets_ != nullptr ? tickets_->spend(ticket, path) : std::nullopt;
    auto who = owner ? identity_.refresh(peer, *owner)
                     : fail(Code::unauthenticated, "the ticket is unknown, used, too old, or for another path",
                            "ask for another one: POST /v1/runs/{id}/ticket");
    if (who) return *std::move(who);
    limit_.token_was(false, peer, ticket);
    identity_.refused_proof(peer, {"ticket", {}}, who.error().message);
    return std::unexpected(problem(who.error()));
}

Verdict Gate::count(const Peer& peer, const Principal& who, const Match* match) {
    const bool permitted = match != nullptr && who.may(match->permission, true);
    const unsigned traits = permitted ? match->verb->traits : 0;
    if ((traits & kLogin) != 0 && match->permission == identity::Permission::none) {
        auto excess = limit_.login(peer);
        if (excess && match->verb->name.starts_with("pair.")) excess->what = "tries of a pairing code";
        return excess;
    }
    if ((traits & kLogin) != 0 && can_prove(who) && permit(*match, who)) return limit_.step_up(peer, who);
    // What waits for one's own runs is bounded by one's connections. Who holds no permission at all is a stranger.
    if ((traits & kUnmetered) != 0 && (who.own | who.any) != 0) return std::nullopt;
    return limit_.api(peer, who);
}

std::expected<Pass, Response> Gate::enter(Connection& connection, Head& head, const Target& target) {
    auto credentials = take_field(head, kCredentials);
    auto password = take_field(head, kPassword);
    auto ticket = take_ticket(head);
    const auto signature = take_field(head, kSignature), input = take_field(head, kInput);
    see_through_proxy(connection, head);
    const identity::SignedHead signed_head{head.method, head.target, head.field(kDigest), input, signature};
    const bool is_signed = !signature.empty() || !input.empty();
    const int proofs = int{is_signed} + int{!credentials.empty()} + int{!ticket.empty()};
    auto who = proofs > 1        ? std::unexpected(problem({Code::bad_request,
                                                            "more than one proof of who asks",
                                                            "Send a signature, a token or a ticket.",
                                                            0,
                                                            {}}))
               : is_signed       ? of_signature(connection.peer, signed_head)
               : !ticket.empty() ? of_ticket(connection.peer, ticket, target.path)
                                 : authenticate(connection.peer, credentials);
    wipe(credentials);
    wipe(ticket);
    connection.device = who && who->kind == identity::Kind::device ? who->name : std::string();
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
    now->signature = nullptr; // which was for the outer request alone
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

} // namespace owhale::transport
