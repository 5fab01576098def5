-- Paired devices: their public keys, what they may do, until when. `powers` are bits (daemon/identity/powers.hpp).
CREATE TABLE devices (
    id TEXT PRIMARY KEY,                     -- the keyid of its signatures
    user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 32), -- Ed25519; one device a key, whoever's
    powers INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    last_seen INTEGER,
    last_peer TEXT NOT NULL DEFAULT '',
    joined_uid INTEGER                       -- the user of this machine at whose side it joined; NULL: it came from elsewhere
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_of ON devices (user);
