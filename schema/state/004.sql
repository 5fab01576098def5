-- Who agrees: requests, their decisions, standing grants, freezes. Times are microseconds since the epoch.

-- A question. `approval` is what GET /v1/approvals lists (shared/api_approvals.hpp, without what depends on the reader);
-- `detail` the rest of it: the frozen plan, the environment as it is shown, the grant that could follow.
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,                     -- UUIDv7
    principal TEXT NOT NULL,
    payer TEXT NOT NULL,                     -- whose quota of questions it takes
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'used', 'void', 'denied', 'expired', 'cancelled')),
    digest TEXT NOT NULL,
    expires INTEGER NOT NULL,
    ended INTEGER,                           -- nothing follows any more
    throttled INTEGER NOT NULL,              -- not announced
    approval TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_live ON approvals (id) WHERE ended IS NULL;
CREATE INDEX approvals_of ON approvals (principal, id DESC);
CREATE INDEX approvals_state ON approvals (state, id DESC);
CREATE INDEX approvals_ended ON approvals (ended) WHERE ended IS NOT NULL;

-- The runs that wait for the answer, until they went on or ended. `request` makes the run again.
CREATE TABLE pleas (
    run TEXT PRIMARY KEY,
    approval TEXT NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    waits INTEGER NOT NULL,                  -- a client waits: cancelled when that goes
    request TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pleas_of ON pleas (approval);

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
    used INTEGER NOT NULL DEFAULT 0,
    last_used INTEGER,
    because TEXT,                            -- why it ended
    created INTEGER NOT NULL,
    ended INTEGER,
    record TEXT NOT NULL,                    -- api::Grant as it was made; the columns above are what has changed since
    bound TEXT NOT NULL                      -- what a plan must be for the grant to cover it (approvals/bound.hpp)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_active ON grants (principal, workspace) WHERE state = 'active';
CREATE INDEX grants_of ON grants (principal, id DESC);
CREATE INDEX grants_ended ON grants (ended) WHERE ended IS NOT NULL;
CREATE INDEX grants_expire ON grants (expires) WHERE state = 'active';

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
