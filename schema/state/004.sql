-- Who agrees: requests, their decisions, standing grants, freezes. Times are microseconds since the epoch.

-- A request, from the moment that a run waits for it. `approval` is what GET /v1/approvals/{id} shows (shared/api_approvals.hpp,
-- without what depends on the reader); `plea` is what the run needs to be made again: the request as it came.
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,                     -- UUIDv7
    run TEXT NOT NULL,
    principal TEXT NOT NULL,
    uid INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'used', 'void', 'denied', 'expired', 'cancelled')),
    digest TEXT NOT NULL,
    severity TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    decided INTEGER,
    ended INTEGER,                           -- nothing follows any more
    approval TEXT NOT NULL,
    plea TEXT NOT NULL                       -- emptied when it has ended
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_live ON approvals (expires) WHERE ended IS NULL;
CREATE INDEX approvals_of ON approvals (principal, id DESC);
CREATE INDEX approvals_state ON approvals (state, id DESC);
CREATE INDEX approvals_same ON approvals (principal, digest) WHERE state = 'pending';

-- One row a person and request: nobody counts twice.
CREATE TABLE decisions (
    approval TEXT NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    by TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('approve', 'deny')),
    counts INTEGER NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL,                    -- api::Decision
    PRIMARY KEY (approval, by)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    workspace TEXT NOT NULL,
    profile TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'used', 'expired', 'revoked', 'void')),
    expires INTEGER,
    left INTEGER,                            -- uses; NULL without a count
    created INTEGER NOT NULL,
    record TEXT NOT NULL                     -- api::Grant
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_active ON grants (principal, workspace) WHERE state = 'active';
CREATE INDEX grants_of ON grants (principal, id DESC);

-- Questions by principal and hour.
CREATE TABLE prompt_counts (
    principal TEXT NOT NULL,
    hour INTEGER NOT NULL,                   -- hours since the epoch
    asked INTEGER NOT NULL DEFAULT 0,
    approved INTEGER NOT NULL DEFAULT 0,
    denied INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    joined INTEGER NOT NULL DEFAULT 0,
    throttled INTEGER NOT NULL DEFAULT 0,
    granted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (principal, hour)
) STRICT, WITHOUT ROWID;

-- The red button: who may start nothing. "*" is everybody.
CREATE TABLE freezes (
    principal TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
