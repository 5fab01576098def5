-- Idempotency-Key: which run a principal's key made, for 24 hours.
CREATE TABLE run_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL, -- SHA-256 of the request's body
    run TEXT NOT NULL,
    made INTEGER NOT NULL, -- microseconds since the epoch
    PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_keys_made ON run_keys (made);
