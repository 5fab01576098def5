-- Who asks: accounts, their sessions, the keys that sign tokens, the socket's table of access. Times are microseconds
-- since the epoch; roles are bits (daemon/identity/principal.hpp).

-- `id` is never given twice: the reserved uid of an account's commands is made of it.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    roles INTEGER NOT NULL,
    hash TEXT NOT NULL,                      -- Argon2id, as crypto_pwhash_str writes it
    must_change INTEGER NOT NULL,            -- the password is good for changing it alone
    bootstrap INTEGER NOT NULL DEFAULT 0,    -- still admin/admin: `hash` is empty
    disabled INTEGER NOT NULL DEFAULT 0,
    removed INTEGER,                         -- when; the name stays taken, since its runs and events carry it
    created INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    password_changed INTEGER,
    password_changed_by TEXT,
    last_login INTEGER
) STRICT;

-- One row a token: `login` of a person, `token` for an agent.
CREATE TABLE sessions (
    jti TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('login', 'token')),
    roles INTEGER NOT NULL,                  -- of a token, within its account's; of a login 0: its account's
    profile TEXT NOT NULL,                   -- "" any
    cwd TEXT NOT NULL,                       -- "" any
    label TEXT NOT NULL,
    maker TEXT NOT NULL,                     -- the jti that it was minted with, "" none
    kid TEXT NOT NULL,                       -- the key that signed it
    peer TEXT NOT NULL,                      -- where it was made from
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    last_used INTEGER,
    revoked INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of ON sessions (user, kind, jti DESC);
CREATE INDEX sessions_maker ON sessions (maker) WHERE maker <> '';
-- Rows stay for a month after their end: what is asked every minute, or at each login, looks at live ones alone.
CREATE INDEX sessions_live ON sessions (user, kind, expires) WHERE revoked IS NULL;
CREATE INDEX sessions_kid ON sessions (kid, expires) WHERE revoked IS NULL;
CREATE INDEX sessions_expires ON sessions (expires) WHERE revoked IS NULL;
CREATE INDEX sessions_ended ON sessions (revoked) WHERE revoked IS NOT NULL;

-- The public halves; the seeds are files beside this database. `retired`: signs no more, is believed still.
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    public BLOB NOT NULL CHECK (length(public) = 32),
    created INTEGER NOT NULL,
    retired INTEGER
) STRICT, WITHOUT ROWID;

-- Roles on the Unix socket that `setup` gave: "uid:1000", "gid:27", "*".
CREATE TABLE access (
    subject TEXT PRIMARY KEY,
    roles INTEGER NOT NULL,
    added INTEGER NOT NULL,
    by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where an account's right password came from before: such a peer is not delayed for what others try.
CREATE TABLE known_peers (
    user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    peer TEXT NOT NULL,                      -- "unix:1000", "ip:192.0.2.7", "ip:2001:db8::/64"
    seen INTEGER NOT NULL,
    PRIMARY KEY (user, peer)
) STRICT, WITHOUT ROWID;

-- What is one of its kind: `instance` (of tokens' issuer), `first_password` (who changed the first one).
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
