#include "identity/account_acts.hpp"

#include "base/clock.hpp"
#include "identity/first_account.hpp"
#include "identity/names.hpp"
#include "identity/passwords.hpp"

namespace owhale::identity {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kMostListed = 10'000; // accounts there can be at once

boost::json::array names_of(std::uint32_t roles) {
    boost::json::array out;
    for (const auto& name : role_names(roles)) out.emplace_back(name);
    return out;
}

} // namespace

Result<api::User> AccountActs::shown(const User& user) {
    const auto now = wall_clock_us();
    api::User out;
    out.name = user.name;
    out.roles = role_names(user.roles);
    out.disabled = user.disabled;
    out.must_change_password = user.must_change;
    out.created = rfc3339(user.created);
    out.password_changed = text_of(user.password_changed);
    if (user.password_changed) out.password_changed_by = user.password_changed_by;
    out.last_login = text_of(user.last_login);
    out.sessions = TRY(core_.sessions.count(user.id, SessionKind::login, now));
    out.tokens = TRY(core_.sessions.count(user.id, SessionKind::token, now));
    return out;
}

Result<api::UserList> AccountActs::list() {
    api::UserList out;
    for (const auto* user : core_.users.all()) out.users.push_back(TRY(shown(*user)));
    return out;
}

Result<api::User> AccountActs::show(const std::string& name) {
    return shown(TRY(core_.named(name)));
}

Status AccountActs::keeps_an_admin(const User& user) const {
    if ((user.roles & kAdmin) == 0 || user.disabled || core_.users.has_admin_beside(user)) return {};
    return fail(Code::last_admin, user.name + " is the last admin who can log in",
                "make another account an admin first: owhalectl users add NAME --role admin");
}

awaitable<Status> AccountActs::note(audit::EventName event, const Asker& asker, const User& user) {
    boost::json::object none;
    co_return co_await note(event, asker, user, std::move(none));
}

awaitable<Status> AccountActs::note(audit::EventName event, const Asker& asker, const User& user,
                                    boost::json::object data) {
    data["account"] = user.name;
    co_return co_await core_.journal.note(event, asker, std::move(data));
}

Status AccountActs::check_new(const api::UserRequest& request) const {
    CHECK(check_name(request.name));
    const auto roles = TRY(roles_of(request.roles));
    if (request.password) CHECK(check_new_password(*request.password, request.name));
    if (core_.users.empty() && (roles & kAdmin) == 0)
        return fail(Code::invalid_value, "the first account has to be an admin", "add --role admin");
    if (core_.users.find(request.name) != nullptr)
        return fail(Code::conflict, "there is an account " + request.name + " already", "choose another name");
    if (core_.users.all().size() >= kMostListed) return fail(Code::conflict, "there are too many accounts");
    return {};
}

// The hash of the password that was given, or of `one_time`, which is made when none was.
awaitable<Result<std::string>> AccountActs::first_hash(std::optional<std::string>& given, std::string& one_time) {
    if (!given) one_time = make_password();
    std::string copy = given ? *given : one_time;
    if (given) ::sodium_memzero(given->data(), given->size());
    Secret secret(copy);
    co_return co_await core_.hasher.make(std::move(secret));
}

awaitable<Result<api::UserMade>> AccountActs::create(Asker asker, api::UserRequest request) {
    std::string one_time;
    const WipeAtEnd wipe(one_time);
    CO_CHECK(check_new(request));
    auto given = std::exchange(request.password, std::nullopt);
    const auto hash = co_await first_hash(given, one_time);
    if (!hash) co_return std::unexpected(hash.error());
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    CO_CHECK(check_new(request)); // again: another may have come first
    User user;
    user.name = request.name;
    user.roles = roles_of(request.roles).value_or(0);
    user.must_change = !given;
    user.created = wall_clock_us();
    user.created_by = asker.who.name;
    boost::json::object data{{"roles", names_of(user.roles)}, {"must_change", user.must_change}};
    CO_CHECK(co_await note("user.create", asker, user, std::move(data)));
    const bool first = core_.users.empty();
    const auto added = core_.users.add(std::move(user), *hash);
    if (!added) co_return std::unexpected(added.error());
    if (first)
        CO_CHECK(core_.facts.tell_first_password({asker.who.name, rfc3339(wall_clock_us()), asker.peer.describe()}));
    auto seen = shown(**added);
    if (!seen) co_return std::unexpected(seen.error());
    api::UserMade made{std::move(*seen), std::nullopt};
    if (!given) made.one_time_password = one_time;
    co_return made;
}

awaitable<Status> AccountActs::remove(Asker asker, std::string name) {
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    const auto user = core_.named(name);
    if (!user) co_return std::unexpected(user.error());
    CO_CHECK(keeps_an_admin(*user));
    CO_CHECK(co_await note("user.remove", asker, *user));
    const auto now = wall_clock_us();
    CO_CHECK(core_.remove_devices_of(*user)); // first: it holds even where nothing can be stored
    CO_CHECK(core_.end_all_of(*user, now));
    CO_CHECK(core_.users.remove(user->id, now));
    core_.sessions.forget(user->id);
    co_return Status{};
}

awaitable<Result<api::User>> AccountActs::enable(Asker asker, std::string name) {
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    const auto user = core_.named(name);
    if (!user) co_return std::unexpected(user.error());
    if (user->disabled) {
        CO_CHECK(co_await note("user.enable", asker, *user));
        CO_CHECK(core_.users.set_disabled(user->id, false));
    }
    co_return show(name);
}

awaitable<Result<api::User>> AccountActs::disable(Asker asker, std::string name) {
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    const auto user = core_.named(name);
    if (!user) co_return std::unexpected(user.error());
    CO_CHECK(keeps_an_admin(*user));
    if (!user->disabled) {
        CO_CHECK(co_await note("user.disable", asker, *user));
        CO_CHECK(core_.users.set_disabled(user->id, true));
    }
    CO_CHECK(core_.end_all_of(*user, wall_clock_us()));
    co_return show(name);
}

awaitable<Result<api::User>> AccountActs::set_roles(Asker asker, std::string name, api::RolesRequest request) {
    const auto roles = roles_of(request.roles);
    if (!roles) co_return std::unexpected(roles.error());
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    const auto user = core_.named(name);
    if (!user) co_return std::unexpected(user.error());
    if ((*roles & kAdmin) == 0) CO_CHECK(keeps_an_admin(*user));
    boost::json::object data{{"roles", names_of(*roles)}, {"before", names_of(user->roles)}};
    CO_CHECK(co_await note("user.roles", asker, *user, std::move(data)));
    CO_CHECK(core_.users.set_roles(user->id, *roles));
    co_return show(name);
}

awaitable<Result<api::OneTime>> AccountActs::reset(Asker asker, std::string name) {
    const auto user = core_.named(name);
    if (!user) co_return std::unexpected(user.error());
    auto password = make_password();
    const WipeAtEnd wipe(password);
    std::string copy(password);
    Secret secret(copy);
    const auto hash = co_await core_.hasher.make(std::move(secret));
    if (!hash) co_return std::unexpected(hash.error());
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    const auto same = core_.named(name);
    if (!same || same->id != user->id) co_return fail(Code::not_found, "the account was removed meanwhile");
    CO_CHECK(co_await note("user.reset", asker, *same));
    const auto now = wall_clock_us();
    CO_CHECK(core_.remove_devices_of(*same)); // first: it holds even where nothing can be stored
    CO_CHECK(core_.users.set_password(same->id, *hash, true, asker.who.name, now));
    CO_CHECK(core_.sessions.revoke_of(same->id, std::nullopt, "", now));
    if (same->bootstrap) {
        forget_setup_code(core_);
        CO_CHECK(core_.facts.tell_first_password({asker.who.name, rfc3339(now), asker.peer.describe()}));
    }
    co_return api::OneTime{name, password};
}

} // namespace owhale::identity
