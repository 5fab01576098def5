#include "identity/users.hpp"

#include <algorithm>

#include "identity/principal.hpp"
#include "store/transaction.hpp"

namespace owhale::identity {
namespace {

std::optional<std::int64_t> time_at(const store::Statement::Use& row, int column) {
    if (row.null(column)) return std::nullopt;
    return row.integer(column);
}

std::unexpected<Error> taken(const std::string& name) {
    return fail(Code::conflict, "there is an account " + name + " already", "choose another name");
}

} // namespace

Result<Users> Users::open(store::Database& database) {
    Users users(database);
    CHECK(users.load());
    return users;
}

Status Users::load() {
    auto row =
        TRY(statements_.use("SELECT id, name, roles, must_change, bootstrap, disabled, created, created_by, "
                            "password_changed, password_changed_by, last_login FROM users WHERE removed IS NULL"))
            ->with();
    while (TRY(row.next())) {
        User user;
        user.id = row.integer(0);
        user.name = row.text(1);
        user.roles = static_cast<std::uint32_t>(row.integer(2));
        user.must_change = row.integer(3) != 0;
        user.bootstrap = row.integer(4) != 0;
        user.disabled = row.integer(5) != 0;
        user.created = row.integer(6);
        user.created_by = row.text(7);
        user.password_changed = time_at(row, 8);
        user.password_changed_by = row.text(9);
        user.last_login = time_at(row, 10);
        by_name_[user.name] = user.id;
        by_id_.emplace(user.id, std::move(user));
    }
    return {};
}

const User* Users::find(const std::string& name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : &by_id_.at(at->second);
}

const User* Users::find(std::int64_t id) const {
    const auto at = by_id_.find(id);
    return at == by_id_.end() ? nullptr : &at->second;
}

std::vector<const User*> Users::all() const {
    std::vector<const User*> out;
    for (const auto& [name, id] : by_name_) out.push_back(&by_id_.at(id));
    return out;
}

bool Users::has_admin_beside(const User& user) const {
    return std::ranges::any_of(by_id_, [&](const auto& entry) {
        const auto& [id, other] = entry;
        return id != user.id && !other.disabled && (other.roles & kAdmin) != 0;
    });
}

Result<std::string> Users::hash_of(std::int64_t id) {
    auto row = TRY(statements_.use("SELECT hash FROM users WHERE id = ?1"))->with(id);
    if (!TRY(row.next())) return fail(Code::not_found, "the account is gone");
    return row.text(0);
}

Result<const User*> Users::add(User user, const std::string& hash) {
    if (by_name_.contains(user.name)) return taken(user.name);
    {
        auto former = TRY(statements_.use("SELECT 1 FROM users WHERE name = ?1"))->with(user.name);
        if (TRY(former.next()))
            return fail(Code::conflict, "an account that was removed had the name " + user.name,
                        "choose another: its runs and audit events still carry that one");
    }
    auto last =
        TRY(statements_.use("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'users'), 0)"))->with();
    if (TRY(last.next()) && last.integer(0) >= kMostAccounts)
        return fail(Code::conflict, "no account number is left", "numbers are never given twice; begin a new state");
    CHECK(TRY(statements_.use("INSERT INTO users (name, roles, hash, must_change, bootstrap, created, created_by, "
                              "password_changed, password_changed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"))
              ->with(user.name, user.roles, hash, user.must_change, user.bootstrap, user.created, user.created_by,
                     user.password_changed, user.password_changed_by)
              .run());
    user.id = statements_.database().last_row();
    by_name_[user.name] = user.id;
    const auto id = user.id;
    return &by_id_.emplace(id, std::move(user)).first->second;
}

Status Users::set_hash(std::int64_t id, const std::string& hash) {
    return TRY(statements_.use("UPDATE users SET hash = ?2 WHERE id = ?1"))->with(id, hash).run();
}

Status Users::set_password(std::int64_t id, const std::string& hash, bool must_change, const std::string& by,
                           std::int64_t now) {
    CHECK(TRY(statements_.use("UPDATE users SET hash = ?2, must_change = ?3, bootstrap = 0, password_changed = ?4, "
                              "password_changed_by = ?5 WHERE id = ?1"))
              ->with(id, hash, must_change, now, by)
              .run());
    auto& user = at(id);
    user.must_change = must_change;
    user.bootstrap = false;
    user.password_changed = now;
    user.password_changed_by = by;
    return {};
}

Status Users::set_roles(std::int64_t id, std::uint32_t roles) {
    CHECK(TRY(statements_.use("UPDATE users SET roles = ?2 WHERE id = ?1"))->with(id, roles).run());
    at(id).roles = roles;
    return {};
}

Status Users::set_disabled(std::int64_t id, bool disabled) {
    CHECK(TRY(statements_.use("UPDATE users SET disabled = ?2 WHERE id = ?1"))->with(id, disabled).run());
    at(id).disabled = disabled;
    return {};
}

Status Users::note_login(std::int64_t id, std::int64_t now) {
    CHECK(TRY(statements_.use("UPDATE users SET last_login = ?2 WHERE id = ?1"))->with(id, now).run());
    at(id).last_login = now;
    return {};
}

Status Users::remove(std::int64_t id, std::int64_t now) {
    const auto user = at(id);
    auto transaction = TRY(statements_.database().begin());
    CHECK(TRY(statements_.use("DELETE FROM sessions WHERE user = ?1"))->with(id).run());
    CHECK(TRY(statements_.use("DELETE FROM known_peers WHERE user = ?1"))->with(id).run());
    if (user.last_login)
        CHECK(TRY(statements_.use("UPDATE users SET removed = ?2, hash = '', disabled = 1 WHERE id = ?1"))
                  ->with(id, now)
                  .run());
    else
        CHECK(TRY(statements_.use("DELETE FROM users WHERE id = ?1"))->with(id).run());
    CHECK(transaction.commit());
    by_name_.erase(user.name);
    by_id_.erase(id);
    return {};
}

Result<bool> Users::knows(std::int64_t id, const std::string& peer) {
    return TRY(statements_.use("SELECT 1 FROM known_peers WHERE user = ?1 AND peer = ?2"))->with(id, peer).next();
}

Status Users::learn(std::int64_t id, const std::string& peer, std::int64_t now) {
    CHECK(TRY(statements_.use("INSERT OR REPLACE INTO known_peers (user, peer, seen) VALUES (?1, ?2, ?3)"))
              ->with(id, peer, now)
              .run());
    return TRY(statements_.use("DELETE FROM known_peers WHERE user = ?1 AND peer NOT IN "
                               "(SELECT peer FROM known_peers WHERE user = ?1 ORDER BY seen DESC LIMIT 64)"))
        ->with(id)
        .run();
}

} // namespace owhale::identity
