#include "identity/device_acts.hpp"

#include "base/clock.hpp"
#include "identity/base64url.hpp"
#include "identity/names.hpp"
#include "identity/powers.hpp"
#include "shared/pairing/terms.hpp"
#include "shared/pairing/words.hpp"

namespace owhale::identity {
namespace {

using boost::asio::awaitable;

std::unexpected<Error> no_such() {
    return fail(Code::not_found, "there is no such device", "`owhalectl devices ls` lists yours");
}

boost::json::array names_of(std::uint32_t powers) {
    boost::json::array out;
    for (const auto& name : power_names(powers)) out.emplace_back(name);
    return out;
}

// What was done and cannot be told: doing it again would not write the event.
std::unexpected<Error> untold(const std::string& done, Error why) {
    why.message = done + "; the log did not take it: " + why.message;
    return std::unexpected(std::move(why));
}

} // namespace

api::Device DeviceActs::shown(const Device& device) const {
    api::Device out;
    out.id = device.id;
    out.name = device.name;
    out.can = power_names(device.powers);
    if (const auto* user = core_.users.find(device.user)) {
        out.principal = Core::principal_of(*user);
        Principal owner;
        if (!device.ended && !user->disabled && !user->must_change) grant(owner, user->roles);
        out.now = power_names(within(owner, device.powers));
    }
    out.words = pairing::words_of(device.key);
    out.key = to_base64url(device.key);
    out.created = rfc3339(device.created);
    out.expires = rfc3339(device.expires);
    out.last_seen = text_of(device.last_seen);
    if (device.last_seen) out.last_peer = device.last_peer;
    return out;
}

Result<api::DeviceList> DeviceActs::list(const Principal& who, const std::string& user, bool all) const {
    const bool any = who.may(Permission::devices, false);
    std::int64_t owner = who.account;
    if (!user.empty()) {
        if (!any && user != who.user) return fail(Code::forbidden, "you may see your own only", "leave out ?user=");
        owner = TRY(core_.named(user)).id;
    } else if (all && any) {
        owner = 0;
    }
    api::DeviceList out;
    for (const auto* device : core_.devices.of(owner)) out.devices.push_back(shown(*device));
    return out;
}

Result<Device> DeviceActs::visible(const Principal& who, const std::string& id) const {
    const auto* device = core_.devices.find(id);
    if (device == nullptr) return no_such();
    if (device->user != who.account && !who.may(Permission::devices, false)) return no_such();
    return *device;
}

Result<api::Device> DeviceActs::show(const Principal& who, const std::string& id) const {
    return shown(TRY(visible(who, id)));
}

Status DeviceActs::check_new(const Device& device) const {
    if (core_.devices.has_key(device.key))
        return fail(Code::conflict, "a device with this key is paired already",
                    "remove that one: owhalectl devices rm");
    if (core_.devices.of(device.user).size() < Devices::kMostOfUser) return {};
    return fail(Code::conflict, "the account has " + std::to_string(Devices::kMostOfUser) + " devices",
                "remove some: owhalectl devices ls");
}

awaitable<Result<api::Device>> DeviceActs::add(Asker asker, Device device, std::string pairing) {
    const auto turn = co_await core_.turn_of(asker, Permission::devices);
    if (!turn) co_return std::unexpected(turn.error());
    const auto user = core_.account_of(asker.who);
    if (!user) co_return std::unexpected(user.error());
    device.user = user->id;
    CO_CHECK(check_gives(asker.who, device.powers));
    CO_CHECK(check_new(device));
    boost::json::object data{{"account", user->name},
                             {"device", device.id},
                             {"name", device.name},
                             {"can", names_of(device.powers)},
                             {"key", to_base64url(device.key)},
                             {"words", pairing::words_of(device.key)},
                             {"pairing", std::move(pairing)},
                             {"expires", rfc3339(device.expires)}};
    constexpr audit::EventName event("device.add");
    CO_CHECK(co_await core_.journal.note(event, asker, std::move(data)));
    const auto shown_then = shown(device);
    CO_CHECK(core_.devices.add(std::move(device)));
    co_return shown_then;
}

awaitable<Result<api::Device>> DeviceActs::change(Asker asker, std::string id, api::DeviceChange change) {
    const auto turn = co_await core_.turn_of(asker, Permission::devices);
    if (!turn) co_return std::unexpected(turn.error());
    const auto device = visible(asker.who, id);
    if (!device) co_return std::unexpected(device.error());
    if (change.name && !is_plain_text(*change.name, pairing::kLongestName))
        co_return fail(Code::invalid_value, "name: 1 to 64 bytes of text without unseen characters");
    auto powers = change.can ? powers_of(*change.can) : Result<std::uint32_t>(device->powers);
    if (!powers) co_return std::unexpected(powers.error());
    if ((*powers & ~device->powers) != 0)
        co_return fail(Code::forbidden, "a device's powers can be cut, and never widened",
                       "pair it again with those that it is to have: owhalectl pair new");
    const auto name = change.name.value_or(device->name);
    boost::json::object data{
        {"account", asker.who.user}, {"device", id},           {"name", name},
        {"can", names_of(*powers)},  {"before", device->name}, {"could", names_of(device->powers)}};
    if (const auto* user = core_.users.find(device->user)) data["account"] = user->name;
    const bool cuts = *powers != device->powers || device->behind;
    if (cuts) CO_CHECK(core_.devices.cut(id, *powers)); // fewer, whatever the log says
    constexpr audit::EventName event("device.change");
    const auto noted = co_await core_.journal.note(event, asker, std::move(data));
    if (!noted && cuts) co_return untold("the device has fewer powers", noted.error());
    if (!noted) co_return std::unexpected(noted.error());
    if (name != device->name) CO_CHECK(core_.devices.rename(id, name));
    co_return show(asker.who, id);
}

// Not in turn, and before log and database know: what takes rights away waits for nobody. A stolen device is refused though the
// disk is full.
awaitable<Status> DeviceActs::remove(Asker asker, std::string id) {
    const auto device = visible(asker.who, id);
    if (!device) co_return std::unexpected(device.error());
    boost::json::object data{{"device", id}, {"name", device->name}};
    if (const auto* user = core_.users.find(device->user)) data["account"] = user->name;
    core_.end_device(id);
    CO_CHECK(core_.devices.remove(id, wall_clock_us()));
    constexpr audit::EventName event("device.remove");
    const auto noted = co_await core_.journal.note(event, asker, std::move(data));
    if (!noted) co_return untold("the device is removed", noted.error());
    co_return Status{};
}

} // namespace owhale::identity
