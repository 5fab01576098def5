#include "identity/service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sodium.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "base/whole_seconds.hpp"
#include "identity/first_account.hpp"
#include "identity/jwt.hpp"
#include "identity/powers.hpp"

namespace owhale::identity {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kKeptEnded = 30ll * 86'400 * kSecond; // rows of sessions that have ended
constexpr std::size_t kMostSeen = 16'384;
constexpr const char* kLogIn = "log in again: owhalectl login";
constexpr const char* kPair = "pair it again: owhalectl pair join URL";

std::string digest_of(std::string_view token) {
    std::string digest(crypto_generichash_BYTES, '\0');
    ::crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(),
                         reinterpret_cast<const unsigned char*>(token.data()), token.size(), nullptr, 0);
    return digest;
}

constexpr std::uint32_t bits(auto... permissions) {
    return (static_cast<std::uint32_t>(permissions) | ...);
}

// What no agent's token has, whatever its role: the account itself, and a person's sessions and devices.
constexpr std::uint32_t kPersons = bits(Permission::account, Permission::sessions, Permission::devices);
// What only an account can have of its own: a uid by itself has no password, no sessions and no tokens.
constexpr std::uint32_t kAccounts = kPersons | bits(Permission::tokens);

constexpr std::string_view kDevice = "device:"; // before a device's id, as a principal

} // namespace

Service::Service(std::unique_ptr<Core> core)
    : doors(*core), accounts(*core), tokens(*core), access(*core), keys(*core), freezes(*core), devices(*core),
      core_(std::move(core)), minute_(core_->parts.io) {
    core_->refresh = [this](const Peer& peer, const Principal& who) { return refresh(peer, who); };
}

Result<std::unique_ptr<Service>> Service::open(Parts parts) {
    auto core = TRY(Core::open(std::move(parts))); // not inside `new`: what it got would leak when this returns
    return std::unique_ptr<Service>(new Service(std::move(core)));
}

awaitable<Status> Service::start() {
    CO_CHECK(co_await prepare_first_account(*core_));
    CO_CHECK(co_await keys.keep_up());
    asio::co_spawn(core_->parts.io, keep_up(), asio::detached);
    co_return Status{};
}

awaitable<void> Service::keep_up() {
    for (;;) {
        minute_.expires_after(std::chrono::minutes(1));
        boost::system::error_code ended;
        co_await minute_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        if (ended) co_return;
        const auto now = wall_clock_us();
        const auto swept = core_->sessions.sweep(now, now - kKeptEnded);
        const auto over = core_->devices.sweep(now);
        const auto kept = co_await keys.keep_up();
        for (const auto& status : {swept, over, kept})
            if (!status) log::error(to_line(status.error()));
    }
}

Principal Service::of_run(const Peer& peer) const {
    Principal principal;
    principal.kind = Kind::run;
    principal.name = peer.principal();
    principal.why =
        peer.kind == Peer::Kind::local ? "the run's own socket" : "a loopback connection out of the run's cgroup";
    principal.uid = peer.uid;
    principal.gid = peer.gid;
    principal.run = peer.run;
    principal.run_id = peer.run_id;
    principal.own = bits(Permission::runs_create, Permission::runs_read, Permission::runs_control);
    return principal;
}

Principal Service::of_peer(const Peer& peer) {
    if (peer.run != 0) return of_run(peer);
    Principal principal;
    principal.why = "a TCP connection without a token";
    if (peer.kind == Peer::Kind::tcp) return principal;
    principal.kind = Kind::unix_uid;
    principal.name = peer.principal();
    principal.uid = peer.uid;
    principal.gid = peer.gid;
    principal.why = "the kernel's credentials of this Unix connection; ";
    const auto* row = core_->access.find(peer.uid, peer.gid, peer.groups);
    if (row == nullptr) {
        principal.why += "no row of access fits, and strict mode lets in nobody else";
    } else {
        principal.why += "the row " + text_of(row->subject) + " of " + row->source;
        grant(principal, row->roles);
        principal.own &= ~kAccounts;
    }
    if (is_founder(peer)) {
        principal.own |= bits(Permission::users);
        principal.any |= bits(Permission::users);
        principal.why += "; there is no account yet, and this user runs owhaled";
    }
    return principal;
}

bool Service::is_founder(const Peer& peer) const {
    return core_->rootless() && core_->strict() && core_->users.empty() && peer.kind == Peer::Kind::local &&
           peer.run == 0 && peer.uid == core_->parts.settings.uid;
}

bool Service::stands_above(const Peer& peer, const Principal& who) const {
    if (who.kind != Kind::unix_uid) return false;
    return core_->rootless() ? is_founder(peer) : peer.is_root();
}

Result<std::string> Service::jti_of(std::string_view bearer) {
    auto digest = digest_of(bearer);
    if (const auto at = seen_.find(digest); at != seen_.end()) return at->second;
    auto read = TRY(read_token(bearer, [this](std::string_view kid) { return core_->keys->find(kid); }));
    if (auto good = check_claims(read.claims, core_->issuer, wall_clock_us() / kSecond); !good) {
        // Once seen expired it stays so, should the clock go back.
        if (good.error().code == Code::token_expired) CHECK(live_session(read.claims.jti));
        return std::unexpected(std::move(good).error());
    }
    const auto* session = TRY(core_->sessions.find(read.claims.jti));
    const auto* user = session != nullptr ? core_->users.find(session->user) : nullptr;
    if (user != nullptr && read.claims.sub != Core::principal_of(*user))
        return fail(Code::token_malformed, "the token names another account than its session", kLogIn);
    if (seen_.size() >= kMostSeen) seen_.clear();
    seen_.emplace(std::move(digest), read.claims.jti);
    return read.claims.jti;
}

Result<const Session*> Service::live_session(const std::string& jti) {
    const auto* session = TRY(core_->sessions.find(jti));
    const auto now = wall_clock_us();
    if (session == nullptr) return fail(Code::token_revoked, "the token's session is gone", kLogIn);
    if (session->revoked && *session->revoked < session->expires)
        return fail(Code::token_revoked, "the token was revoked", kLogIn);
    if (session->revoked || session->expires <= now) {
        CHECK(core_->sessions.expire(jti));
        return fail(Code::token_expired, "the token has expired", kLogIn);
    }
    if (session->created > now + kSkew * kSecond)
        return fail(Code::token_not_yet_valid, "the token is not valid yet: this machine's clock has gone back",
                    "set the clock, or log in again: owhalectl login");
    if (core_->keys->find(session->kid) == nullptr)
        return fail(Code::token_unknown_key, "the token was signed with a key that is believed no more", kLogIn);
    // When it was used last is no reason to refuse it.
    if (const auto noted = core_->sessions.touch(jti, now); !noted) log::warning(to_line(noted.error()));
    return session;
}

Principal Service::principal_of(const Peer& peer, const User& user, const Session& session) const {
    Principal principal;
    principal.kind = Kind::user;
    principal.name = Core::principal_of(user);
    principal.user = user.name;
    principal.account = user.id;
    principal.session = session.jti;
    principal.expires = session.expires;
    principal.must_change = user.must_change;
    principal.password_changed = user.password_changed.value_or(0);
    principal.for_agent = session.kind == SessionKind::token;
    principal.frozen = principal.for_agent && core_->freezes.holding(principal.name);
    principal.profile = session.profile;
    principal.cwd = session.cwd;
    if (peer.kind == Peer::Kind::local) principal.uid = peer.uid, principal.gid = peer.gid;
    // A token's role holds for as long as its account could give it.
    const auto roles = !principal.for_agent ? user.roles : covers(user.roles, session.roles) ? session.roles : 0;
    grant(principal, roles);
    principal.why =
        (principal.for_agent ? "a token for an agent, of the account " : "a login of the account ") + user.name;
    if (principal.for_agent) principal.own &= ~kPersons, principal.any &= ~(kPersons | bits(Permission::tokens));
    if (user.must_change) {
        principal.own = bits(Permission::account);
        principal.any = 0;
        principal.why += "; its password has to be changed first";
    }
    return principal;
}

std::string Service::device_name(const std::string& principal) const {
    if (!principal.starts_with(kDevice)) return {};
    const auto* device = core_->devices.find(principal.substr(kDevice.size()));
    return device == nullptr ? std::string() : device->name;
}

std::optional<Principal> Service::person(const std::string& name) const {
    constexpr std::string_view kUser = "user:";
    Peer nowhere;
    nowhere.kind = Peer::Kind::tcp;
    if (name.starts_with(kDevice)) {
        auto device = of_device(nowhere, name.substr(kDevice.size()));
        if (!device) return std::nullopt;
        device->uid = core_->devices.find(device->session)->joined_uid;
        return *std::move(device);
    }
    const auto* user = name.starts_with(kUser) ? core_->users.find(name.substr(kUser.size())) : nullptr;
    if (user == nullptr || user->disabled) return std::nullopt;
    return principal_of(nowhere, *user, {});
}

Result<Principal> Service::of_token(const Peer& peer, std::string_view bearer) {
    if (peer.run != 0) return of_run(peer);
    return of_session(peer, TRY(jti_of(bearer)));
}

Result<Principal> Service::refresh(const Peer& peer, const Principal& who) {
    if (who.kind == Kind::device && peer.run == 0) {
        auto device = TRY(of_device(peer, who.session));
        device.signature = who.signature;
        return device;
    }
    if (who.kind != Kind::user || peer.run != 0) return of_peer(peer);
    return of_session(peer, who.session);
}

Result<Principal> Service::of_signature(const Peer& peer, const SignedHead& head) {
    if (peer.run != 0) return of_run(peer);
    const auto now = wall_clock_us();
    auto found = TRY(core_->signatures.check(core_->devices, head, now / kSecond));
    auto device = TRY(of_device(peer, found.device));
    device.signature = std::move(found.proof);
    // When it was used last is no reason to refuse it.
    if (const auto noted = core_->devices.touch(found.device, now, peer.principal()); !noted)
        log::warning(to_line(noted.error()));
    return device;
}

Result<Principal> Service::of_device(const Peer& peer, const std::string& id) const {
    const auto* device = core_->devices.find(id);
    if (device == nullptr) return fail(Code::token_revoked, "the device is not paired here any more", kPair);
    if (device->ended || device->expires <= wall_clock_us()) {
        CHECK(core_->devices.expire(id));
        return fail(Code::token_expired, "the device's time has ended " + whole_seconds(rfc3339(device->expires)),
                    kPair);
    }
    const auto* user = core_->users.find(device->user);
    if (user == nullptr || user->disabled)
        return fail(Code::token_revoked, "the device's owner is disabled or gone", "ask an admin of this owhaled");
    Principal principal;
    principal.kind = Kind::device;
    principal.name = std::string(kDevice) + id;
    principal.user = user->name;
    principal.account = user->id;
    principal.session = id;
    principal.device = device->name;
    principal.powers = device->powers;
    principal.expires = device->expires;
    if (peer.kind == Peer::Kind::local) principal.uid = peer.uid, principal.gid = peer.gid;
    grant(principal, user->roles);
    confine(principal, device->powers);
    principal.why = "a request that the device " + device->name + " of " + user->name + " signed";
    if (user->must_change) {
        principal.own = principal.any = 0;
        principal.why += "; its owner has to change the password first";
    }
    return principal;
}

Result<Principal> Service::of_session(const Peer& peer, const std::string& jti) {
    const auto* session = TRY(live_session(jti));
    const auto* user = core_->users.find(session->user);
    if (user == nullptr || user->disabled)
        return fail(Code::token_revoked, "the token's account is disabled or gone", "ask an admin of this owhaled");
    return principal_of(peer, *user, *session);
}

awaitable<Status> Service::prove(const Peer& peer, const Principal& who, std::string password) {
    Secret secret(password);
    auto from = peer;
    auto whom = who;
    co_return co_await doors.prove(std::move(from), std::move(whom), std::move(secret));
}

void Service::denied(const Peer& peer, const Principal& who, std::string verb) {
    core_->journal.denied(peer, who, std::move(verb));
}

void Service::asked_for_password(const Peer& peer, const Principal& who, std::string verb) {
    core_->journal.asked_for_password(peer, who, std::move(verb));
}

void Service::refused(audit::EventName event, const Peer& peer, std::string reason) {
    core_->journal.refused(event, peer, std::move(reason));
}

// What names no device may be any text: it is not kept.
void Service::refused_proof(const Peer& peer, Shown shown, std::string reason) {
    if (!parse_uuid(shown.device)) shown.device.clear();
    const auto* device = core_->devices.find(shown.device);
    core_->journal.refused_proof(peer, shown, device == nullptr ? std::string() : device->name, std::move(reason));
}

awaitable<void> Service::flush() {
    return core_->journal.flush();
}

Result<api::Check> Service::check_first_password() {
    return identity::check_first_password(*core_);
}

Result<std::string> Service::first_account() {
    return first_account_now(*core_);
}

} // namespace owhale::identity
