// Paired devices, as those who have them and as admins see, change and end them. Another's id is not_found.
//
// A device is somebody's: it has of its powers what its owner has now, and none while that account is disabled or has to
// change its password. Where it is removed, or its owner is disabled, its connections end at once. What takes rights away
// (remove, fewer powers) is done though the log cannot be written; it then fails with audit_unavailable, done. Where the database
// cannot be written either it holds until owhaled restarts, fails with state_unavailable, and can be done again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "identity/core.hpp"
#include "shared/api_pairing.hpp"

namespace owhale::identity {

class DeviceActs {
public:
    explicit DeviceActs(Core& core) : core_(core) {}

    // `user`: "" one's own.
    Result<api::DeviceList> list(const Principal& who, const std::string& user, bool all) const;
    Result<api::Device> show(const Principal& who, const std::string& id) const;
    // `pairing`: what it came by, for the log. conflict when its key is known, or there are too many.
    boost::asio::awaitable<Result<api::Device>> add(Asker asker, Device device, std::string pairing);
    boost::asio::awaitable<Result<api::Device>> change(Asker asker, std::string id, api::DeviceChange change);
    boost::asio::awaitable<Status> remove(Asker asker, std::string id);

    bool has_key(const DeviceKey& key) const { return core_.devices.has_key(key); }

private:
    Result<Device> visible(const Principal& who, const std::string& id) const;
    api::Device shown(const Device& device) const;
    Status check_new(const Device& device) const;

    Core& core_;
};

} // namespace owhale::identity
