-- The vault: values sealed one by one, and a head over all of them. See daemon/vault/keep.hpp.

CREATE TABLE vault (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL,             -- one more with each change
    key_id TEXT NOT NULL,
    wrapped BLOB NOT NULL,                   -- the vault's key, sealed with the master key
    salt BLOB,                               -- these three: the master key is made of a passphrase
    memory INTEGER,                          -- bytes
    passes INTEGER,
    head BLOB NOT NULL                       -- keyed hash over the generation and all rows of secrets
) STRICT;

CREATE TABLE secrets (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    meta TEXT NOT NULL,                      -- vault::Meta; bound to the value by its seal
    wrapped BLOB NOT NULL,                   -- the value's own key, sealed with the vault's
    sealed BLOB NOT NULL,
    UNIQUE (owner, name)
) STRICT;

-- Counted, not sealed: what the audit log says of uses counts.
CREATE TABLE secret_uses (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    uses INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
