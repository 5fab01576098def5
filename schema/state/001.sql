-- The runs, one row each, from the moment that one is accepted. `record` is the run as GET /v1/runs/{id} shows it
-- (shared/api.hpp Run, without the output); the columns beside it are what rows are looked up by.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    state TEXT NOT NULL,
    live INTEGER NOT NULL,                   -- 1 until the state is a final one
    created INTEGER NOT NULL,                -- microseconds since the epoch
    ended INTEGER,
    kept_bytes INTEGER NOT NULL DEFAULT 0,   -- of both streams' files
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_of ON runs (principal, id DESC);
CREATE INDEX runs_live ON runs (id) WHERE live = 1;
CREATE INDEX runs_ended ON runs (ended) WHERE ended IS NOT NULL;
