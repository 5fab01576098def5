-- Hosts: lines that somebody has allowed for longer than one run, and the SSH hosts that a principal's runs have signed for.
-- Times are microseconds since the epoch.

CREATE TABLE hosts (
    id TEXT PRIMARY KEY,                     -- UUIDv7
    principal TEXT,                          -- NULL: of all
    profile TEXT,                            -- NULL: of all
    expires INTEGER,
    last_used INTEGER,
    ended INTEGER,                           -- removed
    record TEXT NOT NULL                     -- api::HostEntry as it was made; the columns above are what has changed since
) STRICT, WITHOUT ROWID;
CREATE INDEX hosts_active ON hosts (id) WHERE ended IS NULL;

CREATE TABLE ssh_hosts (
    principal TEXT NOT NULL,
    fingerprint TEXT NOT NULL,               -- of the host's key: SHA256:…
    first INTEGER NOT NULL,
    by TEXT NOT NULL,                        -- whose word it is: an approval's id
    PRIMARY KEY (principal, fingerprint)
) STRICT, WITHOUT ROWID;
