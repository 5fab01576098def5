// The API's messages about who asks: accounts, sessions, tokens, access, modes. See shared/api.hpp for the conventions.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace owhale::api {

struct LoginRequest {                // POST /v1/login
    std::string name, password;      // the password: 1 to 128 characters of UTF-8
    std::optional<std::string> code; // of the file `setup-code`, for the first login over loopback TCP
};
BOOST_DESCRIBE_STRUCT(LoginRequest, (), (name, password, code))

struct Login {
    std::string access_token, token_type; // a JWT; "Bearer"
    std::string expires_at;
    std::string principal, session; // "user:alice", the token's jti
    std::vector<std::string> roles;
    bool must_change_password = false; // until then the token is good for nothing else
};
BOOST_DESCRIBE_STRUCT(Login, (),
                      (access_token, token_type, expires_at, principal, session, roles, must_change_password))

struct PasswordRequest { // POST /v1/password
    std::string old_password, new_password;
};
BOOST_DESCRIBE_STRUCT(PasswordRequest, (), (old_password, new_password))

struct StepUpRequest { // POST /v1/step-up
    std::string password;
    std::optional<std::uint32_t> seconds; // 1 to 900, default 300
};
BOOST_DESCRIBE_STRUCT(StepUpRequest, (), (password, seconds))

struct StepUp {
    std::string until; // the connection's end comes first
};
BOOST_DESCRIBE_STRUCT(StepUp, (), (until))

struct Session {
    std::string id; // the token's jti
    std::string principal, created, expires;
    std::optional<std::string> last_used;
    std::string peer;                   // where it was opened from: "unix:1000 (pid 77, owhalectl)", "tcp 127.0.0.1"
    bool current = false;               // the one that asks
    std::optional<std::string> revoked; // when
};
BOOST_DESCRIBE_STRUCT(Session, (), (id, principal, created, expires, last_used, peer, current, revoked))
struct SessionList {
    std::vector<Session> sessions;
};
BOOST_DESCRIBE_STRUCT(SessionList, (), (sessions))
struct Revoked {
    std::uint64_t revoked = 0; // how many
};
BOOST_DESCRIBE_STRUCT(Revoked, (), (revoked))

struct TokenRequest { // POST /v1/tokens: never wider than its maker
    std::string role; // one role, which may no more than the maker
    std::uint64_t ttl_ms = 0;
    std::optional<std::string> profile; // runs use this one alone
    std::optional<std::string> cwd;     // absolute; runs work in it or below it
    std::optional<std::string> label;   // 1 to 64 printable characters
};
BOOST_DESCRIBE_STRUCT(TokenRequest, (), (role, ttl_ms, profile, cwd, label))

struct Token {
    std::string id, principal, role, created, expires;
    std::optional<std::string> profile, cwd, label, last_used, revoked;
    std::optional<std::string> maker; // id of the session or token that it was minted with
};
BOOST_DESCRIBE_STRUCT(Token, (),
                      (id, principal, role, created, expires, profile, cwd, label, last_used, revoked, maker))
struct TokenList {
    std::vector<Token> tokens;
};
BOOST_DESCRIBE_STRUCT(TokenList, (), (tokens))
struct TokenMade {
    std::string access_token; // shown this once
    Token token;
};
BOOST_DESCRIBE_STRUCT(TokenMade, (), (access_token, token))

struct UserRequest {                     // POST /v1/users
    std::string name;                    // [a-z][a-z0-9._-]{0,31}
    std::vector<std::string> roles;      // admin approver agent auditor
    std::optional<std::string> password; // without one: a one-time password is made, which must be changed
};
BOOST_DESCRIBE_STRUCT(UserRequest, (), (name, roles, password))

struct User {
    std::string name;
    std::vector<std::string> roles;
    bool disabled = false, must_change_password = false;
    std::string created;
    std::optional<std::string> password_changed, password_changed_by, last_login;
    std::uint64_t sessions = 0, tokens = 0; // live ones
};
BOOST_DESCRIBE_STRUCT(User, (),
                      (name, roles, disabled, must_change_password, created, password_changed, password_changed_by,
                       last_login, sessions, tokens))
struct UserList {
    std::vector<User> users;
};
BOOST_DESCRIBE_STRUCT(UserList, (), (users))
struct UserMade {
    User user;
    std::optional<std::string> one_time_password; // shown this once
};
BOOST_DESCRIBE_STRUCT(UserMade, (), (user, one_time_password))
struct OneTime {
    std::string name, one_time_password;
};
BOOST_DESCRIBE_STRUCT(OneTime, (), (name, one_time_password))
struct RolesRequest { // PUT /v1/users/{name}/roles, PUT /v1/access/{subject}
    std::vector<std::string> roles;
};
BOOST_DESCRIBE_STRUCT(RolesRequest, (), (roles))

struct Access {
    std::string subject; // "uid:1000", "gid:27", "*"
    std::vector<std::string> roles;
    std::string source;                   // "owhaled.conf", "setup", "mode"
    std::optional<std::string> added, by; // when and by whom, of setup's rows
};
BOOST_DESCRIBE_STRUCT(Access, (), (subject, roles, source, added, by))
struct AccessList {
    std::vector<Access> access; // the first row that fits a caller's uid, then groups, then *
};
BOOST_DESCRIBE_STRUCT(AccessList, (), (access))

struct KeyRotated {
    std::string kid;                  // signs from now on
    std::vector<std::string> trusted; // believed until their last token has expired
};
BOOST_DESCRIBE_STRUCT(KeyRotated, (), (kid, trusted))

struct Jwk { // RFC 8037
    std::string kty, crv, x, kid, use, alg;
};
BOOST_DESCRIBE_STRUCT(Jwk, (), (kty, crv, x, kid, use, alg))
struct Jwks { // RFC 7517
    std::vector<Jwk> keys;
};
BOOST_DESCRIBE_STRUCT(Jwks, (), (keys))

struct ModeRow {
    std::string name, what, local, strict;
    std::string now; // the value in force, which a setting may have made another
};
BOOST_DESCRIBE_STRUCT(ModeRow, (), (name, what, local, strict, now))
struct ModeTable {
    std::string mode, source; // "local", "default" or where it was set
    std::vector<ModeRow> rows;
};
BOOST_DESCRIBE_STRUCT(ModeTable, (), (mode, source, rows))

} // namespace owhale::api
