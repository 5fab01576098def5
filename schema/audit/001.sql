-- The audit log. `json` is the event's RFC 8785 form and is what `hash` is taken of (RFC 6962 leaf: SHA-256 of a zero
-- byte and the JSON); the other columns are copies out of it, to find rows by. `seq` has no gaps and begins at 1.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    time TEXT NOT NULL,
    event TEXT NOT NULL,
    principal TEXT NOT NULL,
    verb TEXT NOT NULL,
    outcome TEXT NOT NULL,
    run TEXT NOT NULL,
    json TEXT NOT NULL
) STRICT;
CREATE INDEX events_time ON events (time);
CREATE INDEX events_principal ON events (principal, seq);
CREATE INDEX events_verb ON events (verb, seq);
CREATE INDEX events_outcome ON events (outcome, seq);
CREATE INDEX events_event ON events (event, seq);
CREATE INDEX events_run ON events (run, seq) WHERE run <> '';

-- Runs with an intent and no outcome yet; follows from the events, kept so that a start need not read them all.
CREATE TABLE open_runs (
    run TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER run_opens AFTER INSERT ON events WHEN NEW.event = 'run.intent' AND NEW.run <> ''
BEGIN INSERT OR IGNORE INTO open_runs (run, seq) VALUES (NEW.run, NEW.seq); END;
CREATE TRIGGER run_closes AFTER INSERT ON events WHEN NEW.event = 'run.outcome'
BEGIN DELETE FROM open_runs WHERE run = NEW.run; END;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
CREATE TRIGGER events_without_gap BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT RAISE(ABORT, 'audit sequence numbers have no gaps'); END;
