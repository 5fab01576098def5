-- Workspaces that somebody registered: in them and below them the runs of a user id may write. Times are microseconds since the epoch.

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,                     -- UUIDv7
    uid INTEGER NOT NULL,                    -- whose runs
    path TEXT NOT NULL,                      -- without links
    by TEXT NOT NULL,                        -- the principal who registered it
    created INTEGER NOT NULL,
    UNIQUE (uid, path)
) STRICT, WITHOUT ROWID;
