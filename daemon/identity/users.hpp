// The accounts: rows in the state database, and all of them in memory, so that no request waits for the disk.
// Every change is in the database first. On the io thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/statements.hpp"

namespace owhale::identity {

// Account numbers: the spawner keeps so many uids for them (wire::Ready::account_uids).
inline constexpr std::int64_t kMostAccounts = 60'000;

struct User {
    std::int64_t id = 0;
    std::string name;
    std::uint32_t roles = 0;
    bool must_change = false, bootstrap = false, disabled = false;
    std::int64_t created = 0; // microseconds, as all times here
    std::string created_by;
    std::optional<std::int64_t> password_changed, last_login;
    std::string password_changed_by;
};

class Users {
public:
    static Result<Users> open(store::Database& database);

    const User* find(const std::string& name) const;
    const User* find(std::int64_t id) const;
    std::vector<const User*> all() const; // by name
    bool empty() const { return by_id_.empty(); }
    // Would there be an enabled admin without this account?
    bool has_admin_beside(const User& user) const;

    // Argon2id; "" of the account that still is admin/admin.
    Result<std::string> hash_of(std::int64_t id);
    // conflict when the name is taken, or was that of an account which has done something.
    Result<const User*> add(User user, const std::string& hash);
    Status set_hash(std::int64_t id, const std::string& hash); // the same password, hashed anew
    Status set_password(std::int64_t id, const std::string& hash, bool must_change, const std::string& by,
                        std::int64_t now);
    Status set_roles(std::int64_t id, std::uint32_t roles);
    Status set_disabled(std::int64_t id, bool disabled);
    Status note_login(std::int64_t id, std::int64_t now);
    // Keeps the name taken if the account has ever logged in.
    Status remove(std::int64_t id, std::int64_t now);

    // Where its right password came from before (Peer::origin); the newest 64 places are kept.
    Result<bool> knows(std::int64_t id, const std::string& peer);
    Status learn(std::int64_t id, const std::string& peer, std::int64_t now);

private:
    explicit Users(store::Database& database) : statements_(database) {}
    Status load();
    User& at(std::int64_t id) { return by_id_.at(id); }

    store::Statements statements_;
    std::map<std::int64_t, User> by_id_;
    std::map<std::string, std::int64_t, std::less<>> by_name_;
};

} // namespace owhale::identity
