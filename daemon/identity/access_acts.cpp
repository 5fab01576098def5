#include "identity/access_acts.hpp"

#include "base/clock.hpp"
#include "identity/jwt.hpp"
#include "identity/names.hpp"

namespace owhale::identity {
namespace {

using boost::asio::awaitable;

api::Access shown(const AccessRow& row) {
    api::Access out;
    out.subject = text_of(row.subject);
    out.roles = role_names(row.roles);
    out.source = row.source;
    if (row.added) out.added = rfc3339(*row.added);
    if (!row.by.empty()) out.by = row.by;
    return out;
}

} // namespace

api::AccessList AccessActs::list() const {
    api::AccessList out;
    for (const auto& row : core_.access.all()) out.access.push_back(shown(row));
    return out;
}

awaitable<Result<api::Access>> AccessActs::grant(Asker asker, std::string subject, api::RolesRequest request) {
    const auto whom = parse_subject(subject);
    if (!whom) co_return std::unexpected(whom.error());
    const auto roles = roles_of(request.roles, true);
    if (!roles) co_return std::unexpected(roles.error());
    if (core_.access.is_own(*whom))
        co_return fail(Code::invalid_value, subject + " is owhaled's own: its roles are fixed",
                       "`owhalectl setup --show` lists the rows that can be changed");
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    boost::json::array names;
    for (const auto& name : role_names(*roles)) names.emplace_back(name);
    boost::json::object data{{"subject", subject}, {"roles", std::move(names)}};
    constexpr audit::EventName event("access.grant");
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    const auto now = wall_clock_us();
    CO_CHECK(core_.access.grant(*whom, *roles, asker.who.name, now));
    co_return shown({*whom, *roles, "setup", now, asker.who.name});
}

awaitable<Status> AccessActs::remove(Asker asker, std::string subject) {
    const auto whom = parse_subject(subject);
    if (!whom) co_return std::unexpected(whom.error());
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    CO_CHECK(core_.access.has(*whom));
    boost::json::object data{{"subject", subject}};
    constexpr audit::EventName event("access.remove");
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    co_return core_.access.remove(*whom);
}

awaitable<Result<api::KeyRotated>> KeyActs::rotate(Asker asker) {
    const auto turn = co_await core_.turn_of(asker, Permission::users);
    if (!turn) co_return std::unexpected(turn.error());
    co_return co_await replace(std::move(asker));
}

awaitable<Result<api::KeyRotated>> KeyActs::replace(Asker asker) {
    auto key = core_.keys->prepare();
    if (!key) co_return std::unexpected(key.error());
    boost::json::object data{{"kid", key->id()}, {"retired", core_.keys->current().id()}};
    constexpr audit::EventName event("key.rotate");
    const auto noted = co_await core_.journal.note(event, asker, std::move(data));
    if (!noted) {
        core_.keys->discard(*key);
        co_return std::unexpected(noted.error());
    }
    CO_CHECK(core_.keys->adopt(std::move(*key), wall_clock_us()));
    CO_CHECK(drop_expired(wall_clock_us()));
    co_return api::KeyRotated{core_.keys->current().id(), core_.keys->retired()};
}

Status KeyActs::drop_expired(std::int64_t now) {
    for (const auto& kid : core_.keys->retired())
        if (TRY(core_.sessions.last_of_key(kid)) <= now) CHECK(core_.keys->drop(kid));
    return {};
}

awaitable<Status> KeyActs::keep_up() {
    const auto now = wall_clock_us();
    CO_CHECK(drop_expired(now));
    const auto age = std::chrono::microseconds(now - core_.keys->made());
    if (age < core_.parts.settings.key_rotation) co_return Status{};
    Asker own;
    own.who.name = "system";
    const auto turn = co_await core_.turn.take(); // nobody asks: there is nobody to be checked
    if (!turn) co_return std::unexpected(turn.error());
    const auto rotated = co_await replace(std::move(own));
    if (!rotated) co_return std::unexpected(rotated.error());
    co_return Status{};
}

} // namespace owhale::identity
