// The device's side of pairing: nobody knows who it is yet.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sodium.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "identity/base64url.hpp"
#include "identity/names.hpp"
#include "identity/powers.hpp"
#include "pairing/pairing.hpp"
#include "shared/pairing/bound.hpp"
#include "shared/pairing/code.hpp"
#include "shared/pairing/words.hpp"

namespace owhale::pairing {
namespace {

constexpr auto kMakerFell = "whoever made the code may pair no device any more";

namespace asio = boost::asio;
using asio::awaitable;
using Side = CPace::Side;

std::unexpected<Error> not_paired() {
    return fail(Code::pairing_failed, "the code is wrong, was used, or is not good any more",
                "look at it again: it is good for ten minutes, five tries and one device; another: owhalectl pair new");
}

template <std::size_t N> Result<std::array<std::uint8_t, N>> bytes_of(std::string_view text, const char* what) {
    const auto read = identity::from_base64url(text);
    if (!read || read->size() != N)
        return fail(Code::invalid_value, std::string(what) + ": " + std::to_string(N) + " bytes in base64url");
    std::array<std::uint8_t, N> out{};
    std::ranges::copy(*read, reinterpret_cast<char*>(out.data()));
    return out;
}

// 128 bits of randomness: who knows it takes part.
std::string new_join() {
    std::array<std::uint8_t, 16> bytes{};
    ::randombytes_buf(bytes.data(), bytes.size());
    return identity::to_base64url(bytes);
}

// A key with which anybody could sign is nobody's (RFC 8032 keys of small order verify more than one message).
bool is_key(const identity::DeviceKey& key) {
    identity::DeviceKey ignored{};
    return ::crypto_sign_ed25519_pk_to_curve25519(ignored.data(), key.data()) == 0;
}

// By its own claim nobody takes another device's place: whoever holds its key does.
Status check_replaces(const api::JoinProof& proof, const identity::Principal& who) {
    if (!proof.replaces || (who.kind == identity::Kind::device && who.session == *proof.replaces)) return {};
    return fail(Code::forbidden, "replaces: this request is not signed by the device that it names",
                "leave it out; `owhalectl devices rm` removes that one");
}

awaitable<void> append(audit::Log& log, audit::Event event) {
    const auto written = co_await log.append(std::move(event));
    if (!written) log::error(to_line(written.error()));
}

// So that a try that nobody goes on with is told, and a code that it was the last of ends, though nobody asks.
awaitable<void> sweep_later(std::weak_ptr<Codes> codes, asio::any_io_executor io) {
    asio::steady_timer timer(io, std::chrono::seconds(Codes::kProof));
    boost::system::error_code ended;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    const auto still = codes.lock();
    if (still && !ended) still->sweep();
}

} // namespace

void Pairing::failed(const identity::Peer& peer, const char* reason, const Entry* entry) {
    audit::Event event{"pair.join", peer.principal(), "pair.join", "failed", "", {}};
    event.data["peer"] = peer.describe();
    event.data["reason"] = reason;
    if (entry != nullptr) event.data["pairing"] = entry->id;
    sums_.put(peer.origin(), std::move(event)); // not by code, too: who makes codes would make keys
}

void Pairing::failed_try(const Entry& entry, std::string by, std::string at, std::string reason) {
    audit::Event event{"pair.join", std::move(by), "pair.join", "failed", "", {}};
    event.data["peer"] = std::move(at);
    event.data["reason"] = "try " + std::to_string(entry.wrong) + " of " + std::to_string(kTries) + ": " + reason;
    event.data["pairing"] = entry.id;
    event.data["maker"] = entry.maker;
    asio::co_spawn(parts_.executor, append(parts_.audit, std::move(event)), asio::detached);
}

void Pairing::tell_end(const Entry& entry, std::string outcome, std::string why) {
    audit::Event event{"pair.end", "system", "", std::move(outcome), "", {}};
    event.data["pairing"] = entry.id;
    event.data["maker"] = entry.maker;
    event.data["name"] = entry.name;
    event.data["why"] = std::move(why);
    asio::co_spawn(parts_.executor, append(parts_.audit, std::move(event)), asio::detached);
}

void Pairing::end(Entry& entry, State how, std::string why) {
    codes_->end(entry, how);
    tell_end(entry, how == State::cancelled ? "cancelled" : "failed", std::move(why));
}

void Pairing::remember_told(std::string join) {
    constexpr std::size_t kMost = 64; // of more at once the proofs are summed
    if (told_.size() == kMost) told_.pop_front();
    told_.push_back(std::move(join));
}

bool Pairing::was_told(const std::string& join) {
    return std::erase(told_, join) > 0;
}

// Of a code that is not there all is done as with one that is: neither the answer nor the time tells which it was.
Result<api::JoinAnswer> Pairing::join(const identity::Peer& peer, const std::string& fingerprint,
                                      const api::JoinRequest& request) {
    if (!is_hint(request.hint)) return fail(Code::invalid_value, "hint: the first two characters of the code");
    const auto sid = TRY(bytes_of<CPace::kSidSize>(request.sid, "sid"));
    Share share;
    share.y = TRY(bytes_of<32>(request.share, "share"));
    Joiner who{TRY(bytes_of<32>(request.key, "key")), request.name, request.via, peer.describe(), peer.uid};
    if (!is_key(who.key)) return fail(Code::invalid_value, "key: this is no Ed25519 key");
    if (!identity::is_plain_text(who.name, kLongestName))
        return fail(Code::invalid_value, "name: 1 to 64 bytes of text without unseen characters");
    if (std::ranges::find(kVia, who.via) == kVia.end())
        return fail(Code::invalid_value, "via: program, browser or browser-untrusted");
    share.ad = joiner_ad(who.key, who.name, who.via, fingerprint);

    const auto entry = codes_->open_with(request.hint);
    const bool real = entry != nullptr && entry->tries < kTries && maker_stands(*entry);
    auto code = real ? entry->code : new_code();
    CPace cpace(Side::responder, code, kChannel, std::string(reinterpret_cast<const char*>(sid.data()), sid.size()),
                maker_ad(fingerprint));
    ::sodium_memzero(code.data(), code.size());
    CHECK(cpace.meet(std::move(share)));
    api::JoinAnswer answer{new_join(), identity::to_base64url(cpace.own().y), identity::to_base64url(cpace.own_tag())};
    if (!real) {
        const bool stands = entry == nullptr || maker_stands(*entry);
        failed(peer,
               entry == nullptr ? "no code that is open begins so"
               : stands         ? "the code was tried too often"
                                : kMakerFell,
               entry.get());
        remember_told(answer.join);
        if (!stands) end(*entry, State::dead, kMakerFell);
        return answer;
    }
    codes_->begin(*entry, answer.join, Attempt{std::move(cpace), std::move(who), peer.principal()});
    std::weak_ptr<Codes> codes(codes_);
    asio::co_spawn(parts_.executor, sweep_later(std::move(codes), parts_.executor), asio::detached);
    return answer;
}

awaitable<Result<api::JoinState>> Pairing::prove(Prover prover, std::string join, api::JoinProof proof) {
    const auto& peer = prover.peer;
    CO_CHECK(check_replaces(proof, prover.who));
    const auto tag = bytes_of<64>(proof.tag, "tag");
    if (!tag) co_return std::unexpected(tag.error());
    const auto entry = codes_->of_join(join);
    if (entry == nullptr || entry->state != State::open || !maker_stands(*entry)) {
        if (!was_told(join)) failed(peer, "the code has ended, or there is no such attempt", entry.get());
        co_return not_paired();
    }
    auto attempt = entry->attempts.extract(join); // one proof each
    if (!attempt.mapped().cpace.is_their_tag(*tag)) {
        ++entry->wrong;
        failed_try(*entry, peer.principal(), peer.describe(), "the code was wrong, or somebody was in between");
        if (entry->is_spent()) end(*entry, State::dead, kSpent);
        co_return not_paired();
    }
    if (parts_.identity.devices.has_key(attempt.mapped().who.key)) {
        ++entry->wrong;
        failed_try(*entry, peer.principal(), peer.describe(), "the key is another device's");
        end(*entry, State::cancelled, "a device that is paired already tried it");
        co_return fail(Code::conflict, "a device with this key is paired already",
                       "make a new key, and ask for a code");
    }
    entry->wipe_code(); // used: whoever else began with it comes too late
    entry->joiner = std::move(attempt.mapped().who);
    codes_->lapse_all(*entry);
    entry->join = std::move(join);
    entry->device = to_string(make_uuid());
    entry->gone = std::move(prover.gone);
    if (proof.replaces && prover.who.person() == entry->maker) {
        entry->replaces = *proof.replaces;
        entry->replaces_name = prover.who.device;
    }
    entry->state = State::joined;
    codes_->restart_clock(*entry);
    co_await asio::post(parts_.executor, asio::use_awaitable); // the wrong tries' rows go first
    const auto noted = co_await note_joined(peer, *entry);
    if (!noted) codes_->end(*entry, State::cancelled);
    if (!noted) co_return std::unexpected(noted.error());
    entry->tell();
    co_return told(*entry);
}

awaitable<Status> Pairing::note_joined(const identity::Peer& peer, const Entry& entry) {
    audit::Event event{"pair.join", peer.principal(), "pair.prove", "ok", "", {}};
    event.data["peer"] = peer.describe();
    event.data["pairing"] = entry.id;
    event.data["maker"] = entry.maker;
    event.data["device"] = entry.device;
    event.data["name"] = entry.joiner->name;
    event.data["words"] = words_of(entry.joiner->key);
    event.data["via"] = entry.joiner->via;
    if (!entry.replaces.empty()) event.data["replaces"] = entry.replaces;
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

api::JoinState Pairing::told(const Entry& entry) const {
    api::JoinState out;
    out.state = name_of(entry.state);
    out.device = entry.device;
    out.words = words_of(entry.joiner->key);
    out.principal = entry.maker;
    out.can = identity::power_names(entry.powers);
    out.expires = rfc3339(entry.expires_us);
    if (!entry.replaces.empty()) out.replaces = entry.replaces;
    return out;
}

// Of who proved it alone: an attempt that is under way is told nothing.
Result<api::JoinState> Pairing::state(const std::string& join, std::function<bool()> gone) {
    const auto entry = codes_->of_join(join);
    if (entry == nullptr || entry->join != join) return not_paired();
    if (gone) entry->gone = std::move(gone);
    return told(*entry);
}

awaitable<void> Pairing::until_changed(std::string join, std::chrono::milliseconds most) {
    const auto entry = codes_->of_join(join);
    if (entry == nullptr) co_return;
    const auto before = entry->state;
    if (entry->has_ended()) co_return;
    asio::steady_timer mine(parts_.executor, most);
    const auto hear = entry->waiters.insert(entry->waiters.end(), &mine);
    boost::system::error_code ignored;
    while (entry->state == before && mine.expiry() > std::chrono::steady_clock::now())
        co_await mine.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    entry->waiters.erase(hear);
}

} // namespace owhale::pairing
