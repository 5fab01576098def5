#include "identity/core.hpp"

#include "base/clock.hpp"
#include "identity/jwt.hpp"
#include "identity/names.hpp"

namespace owhale::identity {
namespace {

constexpr std::chrono::seconds kAccountCeiling{900}, kPeerCeiling{60};
constexpr std::int64_t kSecond = 1'000'000;

} // namespace

Result<std::unique_ptr<Core>> Core::open(Parts parts) {
    const auto& settings = parts.settings;
    const Access::Standing standing{settings.rootless, settings.rules->socket_roles.empty(), settings.uid};
    auto& database = parts.database;
    Facts facts(database);
    auto users = TRY(Users::open(database));
    auto keys = TRY(Keyring::open(database, settings.state_dir + "/jwt", wall_clock_us()));
    auto access = TRY(Access::open(database, parts.unix_roles, standing));
    auto instance = TRY(facts.instance());
    auto freezes = TRY(Freezes::open(database));
    auto devices = TRY(Devices::open(database));
    if (!parts.clock) parts.clock = monotonic_ns;
    const auto clock = parts.clock;
    const auto io = parts.io;
    auto& audit = parts.audit;
    const Argon2 argon2({settings.argon2_memory, settings.argon2_passes}, parts.hashes);
    return std::unique_ptr<Core>(new Core{std::move(parts),
                                          "owhaled:" + instance,
                                          std::move(users),
                                          Sessions(database),
                                          std::move(keys),
                                          std::move(access),
                                          std::move(facts),
                                          std::move(freezes),
                                          std::move(devices),
                                          Signatures(wall_clock_us() / kSecond),
                                          Throttle(clock, kAccountCeiling),
                                          Throttle(clock, kPeerCeiling),
                                          Hasher(io, argon2),
                                          Journal(io, audit),
                                          Turn(io),
                                          {},
                                          {}});
}

std::string Core::token_of(const Session& session, const User& user) const {
    Claims claims{issuer, std::string(kAudience), principal_of(user), session.jti, 0, 0, 0};
    claims.iat = claims.nbf = session.created / kSecond;
    claims.exp = session.expires / kSecond;
    return write_token(claims, keys->current());
}

Result<User> Core::account_of(const Principal& who) const {
    const auto* user = who.kind == Kind::user ? users.find(who.account) : nullptr;
    if (user == nullptr)
        return fail(Code::unauthenticated, who.name + " has no account", "log in first: owhalectl login");
    return *user;
}

Result<User> Core::named(const std::string& name) const {
    const auto* user = users.find(name);
    if (user == nullptr) return fail(Code::not_found, "there is no such account", "`owhalectl users ls` lists them");
    return *user;
}

Status Core::still(const Asker& asker, Permission permission) const {
    const auto now = TRY(refresh(asker.peer, asker.who));
    if (!now.may(permission, true))
        return fail(Code::forbidden, asker.who.name + " lost the right to this while it asked",
                    "`owhalectl whoami` tells what is left");
    if (!asker.proof.empty() && now.password_changed != asker.who.password_changed)
        return fail(Code::step_up_required, "the password was changed meanwhile", "show the new one");
    return {};
}

boost::asio::awaitable<Result<Turn::Held>> Core::turn_of(const Asker& asker, Permission permission) {
    auto held = co_await turn.take();
    if (!held) co_return std::unexpected(held.error());
    CO_CHECK(still(asker, permission));
    co_return std::move(*held);
}

Status Core::end_all_of(const User& user, std::int64_t now) {
    if (parts.end_runs) parts.end_runs(principal_of(user));
    for (const auto* device : devices.of(user.id)) end_connections_of(device->id);
    TRY(sessions.revoke_of(user.id, std::nullopt, "", now)); // last: it fails where the disk is full
    return {};
}

void Core::end_connections_of(const std::string& device) const {
    if (parts.end_connections) parts.end_connections("device:" + device);
}

void Core::end_device(const std::string& id) {
    devices.end(id, wall_clock_us());
    end_connections_of(id);
}

// All are refused before the first row goes: that fails where the disk is full.
Status Core::remove_devices_of(const User& user) {
    std::vector<std::string> ids;
    for (const auto* device : devices.of(user.id)) ids.push_back(device->id);
    for (const auto& id : ids) end_device(id);
    for (const auto& id : ids) CHECK(devices.remove(id, wall_clock_us()));
    return {};
}

std::optional<std::string> text_of(const std::optional<std::int64_t>& time) {
    if (!time) return std::nullopt;
    return rfc3339(*time);
}

} // namespace owhale::identity
