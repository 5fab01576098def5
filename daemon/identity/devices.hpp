// Paired devices: a row each in the state database, all of them in memory. What gives rights is in the database first; what
// takes them away holds at once, whether or not the database takes it. On the io thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "store/statements.hpp"

namespace owhale::identity {

using DeviceKey = std::array<std::uint8_t, 32>; // Ed25519, the public half

struct Device {
    std::string id;
    std::int64_t user = 0;
    std::string name;
    DeviceKey key{};
    std::uint32_t powers = 0;              // powers.hpp
    std::int64_t created = 0, expires = 0; // microseconds, as all times here
    std::optional<std::int64_t> last_seen;
    std::string last_peer;
    // The user of this machine at whose side it joined; -1: it came from elsewhere, as far as the kernel could tell.
    uid_t joined_uid = static_cast<uid_t>(-1);
    bool since_start = false; // paired in this life of owhaled
    bool ended = false;  // refused for good: its time was seen to be over (its row has `expires` negative), or it goes
    bool behind = false; // its row still has the powers of before
};

class Devices {
public:
    static constexpr std::size_t kMostOfUser = 50;

    static Result<Devices> open(store::Database& database);

    // nullptr when there is none. Good until the next call of a function that is not const.
    const Device* find(const std::string& id) const;
    bool has_key(const DeviceKey& key) const;
    // Of one account, or of all (0); oldest first.
    std::vector<const Device*> of(std::int64_t user) const;

    Status add(Device device);
    Status rename(const std::string& id, const std::string& name);
    // Fewer. When the database fails they hold until owhaled restarts, and it can be done again.
    Status cut(const std::string& id, std::uint32_t powers);
    // From now on it is refused: in memory, so that it cannot fail.
    void end(const std::string& id, std::int64_t now);
    // Ends it, too. When the database fails it stays ended until owhaled restarts, and it can be done again.
    Status remove(const std::string& id, std::int64_t now);
    // One that has been seen expired stays so, should the clock go back.
    Status expire(const std::string& id);
    Status sweep(std::int64_t now); // all of these
    // Writes down that it is in use: once a minute, or when it comes from elsewhere.
    Status touch(const std::string& id, std::int64_t now, const std::string& peer);

private:
    explicit Devices(store::Database& database) : statements_(database) {}
    Status store_powers(const Device& device);
    Status remove_row(const std::string& id);

    store::Statements statements_;
    std::map<std::string, Device> known_; // by id, which is the order in which they were made
};

} // namespace owhale::identity
