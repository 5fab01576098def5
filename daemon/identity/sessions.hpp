// Sessions and agents' tokens: a row each in the state database, those in use in memory, so that a request costs no SQL.
// A change is in the database first and holds at once. On the io thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/statements.hpp"

namespace owhale::identity {

enum class SessionKind { login, token };

struct Session {
    std::string jti;
    std::int64_t user = 0;
    SessionKind kind = SessionKind::login;
    std::uint32_t roles = 0;               // of a token, within its account's
    std::string profile, cwd;              // what a token confines runs to; "" anything
    std::string label, maker, kid, peer;   // maker: the jti that it was minted with
    std::int64_t created = 0, expires = 0; // microseconds, as all times here
    std::optional<std::int64_t> last_used, revoked;

    bool live(std::int64_t now) const { return !revoked && expires > now; }
};

class Sessions {
public:
    explicit Sessions(store::Database& database) : statements_(database) {}

    // nullptr when there is no such row. Good until the next call of a function that is not const.
    Result<const Session*> find(const std::string& jti);
    Status add(const Session& session);

    // Each says how many live ones it ended. A token's end is that of those minted with it, however deep.
    Result<std::uint64_t> revoke(const std::string& jti, std::int64_t now);
    // All of an account's; with `kind` those of that kind, but never `except`.
    Result<std::uint64_t> revoke_of(std::int64_t user, std::optional<SessionKind> kind, const std::string& except,
                                    std::int64_t now);
    // One that has been seen expired stays so, should the clock go back.
    Status expire(const std::string& jti);

    struct Filter {
        std::int64_t user = 0; // 0: everybody's
        SessionKind kind = SessionKind::login;
        std::string below; // tokens minted with this one, or itself, alone; "" all
        std::optional<std::int64_t> live_at;
        std::size_t limit = 500;
    };
    Result<std::vector<Session>> list(const Filter& filter);                            // newest first
    Result<std::uint64_t> count(std::int64_t user, SessionKind kind, std::int64_t now); // live ones
    // Live tokens that come from the same agent's token as this one, however deep; a login's are each a family's first.
    Result<std::uint64_t> count_family(const std::string& token, std::int64_t now);
    // Whether `jti` is `above`, or was minted with it, at any depth.
    Result<bool> is_below(const std::string& jti, const std::string& above);
    // The oldest live login of an account, to make room for a new one.
    Result<std::optional<std::string>> oldest_login(std::int64_t user, std::int64_t now);

    // Writes down that it is in use, at most once a minute.
    Status touch(const std::string& jti, std::int64_t now);
    // When the last token that a key signed expires; 0 when there is none.
    Result<std::int64_t> last_of_key(const std::string& kid);
    // Marks what has expired as ended, removes rows that ended before `before`.
    Status sweep(std::int64_t now, std::int64_t before);

    void forget(std::int64_t user); // out of memory: its rows are gone

private:
    Result<std::uint64_t> end_all(const std::vector<std::string>& jtis, std::int64_t now);
    store::Statements statements_;
    std::unordered_map<std::string, Session> known_;
};

} // namespace owhale::identity
