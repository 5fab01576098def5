#include "identity/devices.hpp"

#include <algorithm>
#include <ranges>
#include <span>

namespace owhale::identity {
namespace {

constexpr std::int64_t kMinute = 60'000'000;

constexpr std::int64_t kSecond = 1'000'000;

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
    auto id = device.id;
    known_.emplace(std::move(id), std::move(device));
    return {};
}

Status Devices::rename(const std::string& id, const std::string& name) {
    CHECK(TRY(statements_.use("UPDATE devices SET name = ?2 WHERE id = ?1"))->with(id, name).run());
    if (const auto at = known_.find(id); at != known_.end()) at->second.name = name;
    return {};
}

Status Devices::set_powers(const std::string& id, std::uint32_t powers) {
    CHECK(TRY(statements_.use("UPDATE devices SET powers = ?2 WHERE id = ?1"))->with(id, powers).run());
    if (const auto at = known_.find(id); at != known_.end()) at->second.powers = powers;
    return {};
}

Status Devices::remove(const std::string& id) {
    CHECK(TRY(statements_.use("DELETE FROM devices WHERE id = ?1"))->with(id).run());
    known_.erase(id);
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
