#include "identity/devices.hpp"

#include <algorithm>
#include <ranges>
#include <span>

namespace owhale::identity {
namespace {

constexpr std::int64_t kSecond = 1'000'000, kMinute = 60 * kSecond;

std::unexpected<Error> until_restart(const std::string& holds, Error why) {
    why.message = holds + " until owhaled restarts, and no longer, for that could not be stored: " + why.message;
    why.next = "free space where the state folder is, and do it again";
    return std::unexpected(std::move(why));
}

} // namespace

Result<Devices> Devices::open(store::Database& database) {
    Devices out(database);
    auto rows = TRY(out.statements_.use("SELECT id, user, name, key, powers, created, expires, last_seen, last_peer, "
                                        "joined_uid FROM devices"))
                    ->with();
    while (TRY(rows.next())) {
        Device device;
        device.id = rows.text(0);
        device.user = rows.integer(1);
        device.name = rows.text(2);
        const auto key = rows.blob(3);
        std::ranges::copy_n(key.begin(), static_cast<std::ptrdiff_t>(std::min(key.size(), device.key.size())),
                            device.key.begin());
        device.powers = static_cast<std::uint32_t>(rows.integer(4));
        device.created = rows.integer(5);
        device.expires = rows.integer(6);
        device.ended = device.expires < 0;
        if (device.ended) device.expires = -device.expires;
        if (!rows.null(7)) device.last_seen = rows.integer(7);
        device.last_peer = rows.text(8);
        if (!rows.null(9)) device.joined_uid = static_cast<uid_t>(rows.integer(9));
        auto id = device.id;
        out.known_.emplace(std::move(id), std::move(device));
    }
    return out;
}

const Device* Devices::find(const std::string& id) const {
    const auto at = known_.find(id);
    return at == known_.end() ? nullptr : &at->second;
}

bool Devices::has_key(const DeviceKey& key) const {
    return std::ranges::any_of(known_ | std::views::values, [&](const auto& one) { return one.key == key; });
}

std::vector<const Device*> Devices::of(std::int64_t user) const {
    std::vector<const Device*> out;
    for (const auto& [id, device] : known_)
        if (user == 0 || device.user == user) out.push_back(&device);
    return out;
}

Status Devices::add(Device device) {
    std::optional<std::int64_t> joined_uid;
    if (device.joined_uid != static_cast<uid_t>(-1)) joined_uid = device.joined_uid;
    CHECK(TRY(statements_.use(
                  "INSERT INTO devices (id, user, name, key, powers, created, expires, last_peer, joined_uid) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"))
              ->with(device.id, device.user, device.name, std::span<const std::uint8_t>(device.key), device.powers,
                     device.created, device.expires, device.last_peer, joined_uid)
              .run());
    device.since_start = true;
    auto id = device.id;
    known_.emplace(std::move(id), std::move(device));
    return {};
}

Status Devices::rename(const std::string& id, const std::string& name) {
    CHECK(TRY(statements_.use("UPDATE devices SET name = ?2 WHERE id = ?1"))->with(id, name).run());
    if (const auto at = known_.find(id); at != known_.end()) at->second.name = name;
    return {};
}

Status Devices::cut(const std::string& id, std::uint32_t powers) {
    const auto at = known_.find(id);
    if (at == known_.end()) return {};
    at->second.powers &= powers;
    at->second.behind = true;
    const auto stored = store_powers(at->second);
    if (!stored) return until_restart("the device " + at->second.name + " has fewer powers", stored.error());
    at->second.behind = false;
    return {};
}

Status Devices::store_powers(const Device& device) {
    return TRY(statements_.use("UPDATE devices SET powers = ?2 WHERE id = ?1"))->with(device.id, device.powers).run();
}

void Devices::end(const std::string& id, std::int64_t now) {
    const auto at = known_.find(id);
    if (at == known_.end()) return;
    at->second.ended = true;
    at->second.expires = std::min(at->second.expires, now);
}

Status Devices::remove(const std::string& id, std::int64_t now) {
    end(id, now);
    const auto at = known_.find(id);
    if (at == known_.end()) return {};
    const auto gone = remove_row(id);
    if (!gone) return until_restart("the device " + at->second.name + " is refused", gone.error());
    known_.erase(at);
    return {};
}

Status Devices::remove_row(const std::string& id) {
    return TRY(statements_.use("DELETE FROM devices WHERE id = ?1"))->with(id).run();
}

Status Devices::expire(const std::string& id) {
    const auto at = known_.find(id);
    if (at == known_.end() || at->second.ended) return {};
    CHECK(TRY(statements_.use("UPDATE devices SET expires = -expires WHERE id = ?1 AND expires > 0"))->with(id).run());
    at->second.ended = true;
    return {};
}

Status Devices::sweep(std::int64_t now) {
    for (const auto& [id, device] : known_)
        if (!device.ended && device.expires <= now) CHECK(expire(id));
    return {};
}

Status Devices::touch(const std::string& id, std::int64_t now, const std::string& peer) {
    const auto at = known_.find(id);
    if (at == known_.end()) return {};
    auto& device = at->second;
    const auto often = device.last_peer == peer ? kMinute : kSecond; // a clock that has gone back writes too
    if (device.last_seen && now - *device.last_seen < often && now >= *device.last_seen) return {};
    device.last_seen = now;
    device.last_peer = peer;
    return TRY(statements_.use("UPDATE devices SET last_seen = ?2, last_peer = ?3 WHERE id = ?1"))
        ->with(id, now, peer)
        .run();
}

} // namespace owhale::identity
