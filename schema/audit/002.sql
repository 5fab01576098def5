-- The audit log as a Merkle tree. What was in `events` of 001 is moved here by daemon/audit/migration.cpp, in the same
-- transaction; so the old table stands aside first.
DROP TRIGGER run_opens;
DROP TRIGGER run_closes;
DROP TRIGGER events_never_change;
DROP TRIGGER events_never_go;
DROP TRIGGER events_without_gap;
DROP INDEX events_time;
DROP INDEX events_principal;
DROP INDEX events_verb;
DROP INDEX events_outcome;
DROP INDEX events_event;
DROP INDEX events_run;
ALTER TABLE events RENAME TO events_001;

-- Names that many events share.
CREATE TABLE words (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO words (id, text) VALUES (1, ''), (2, 'run.intent'), (3, 'run.outcome');
CREATE TRIGGER words_never_change BEFORE UPDATE ON words
BEGIN SELECT RAISE(ABORT, 'words of the audit log are never changed'); END;
CREATE TRIGGER words_never_go BEFORE DELETE ON words
BEGIN SELECT RAISE(ABORT, 'words of the audit log are never deleted'); END;
CREATE TRIGGER words_never_replaced BEFORE INSERT ON words
WHEN EXISTS (SELECT 1 FROM words WHERE id = NEW.id OR text = NEW.text)
BEGIN SELECT RAISE(ABORT, 'words of the audit log are never replaced'); END;

-- A row is a leaf of the tree: leaf index = seq - 1, hash = SHA-256 of a zero byte and the body (RFC 6962). The other
-- columns are copies out of the body: time in microseconds, ids of words, a run's UUID (other text behind a zero byte).
-- `seq` has no gaps and begins at 1.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    event INTEGER NOT NULL,
    principal INTEGER NOT NULL,
    verb INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    run BLOB,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
-- Whether a run ever began: the one question about one run that does not wait for the index file.
CREATE INDEX events_intents ON events (run) WHERE event = 2;
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
CREATE TRIGGER events_without_gap BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT RAISE(ABORT, 'audit sequence numbers have no gaps'); END;

-- How far bodies were dropped because of their age, and the event that tells it.
CREATE TABLE drops (
    through INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
CREATE TRIGGER drops_never_change BEFORE UPDATE ON drops
BEGIN SELECT RAISE(ABORT, 'drops of the audit log are never changed'); END;
CREATE TRIGGER drops_never_go BEFORE DELETE ON drops
BEGIN SELECT RAISE(ABORT, 'drops of the audit log are never deleted'); END;
CREATE TRIGGER drops_go_on BEFORE INSERT ON drops
WHEN NEW.through <= (SELECT coalesce(max(through), 0) FROM drops) OR NEW.through >= NEW.seq
    OR NOT EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'a drop of the audit log goes on from the one before, and is told by a later event'); END;

-- An event's RFC 8785 form: what its hash is taken of.
CREATE TABLE bodies (
    seq INTEGER PRIMARY KEY,
    json TEXT NOT NULL
) STRICT;
CREATE TRIGGER bodies_never_change BEFORE UPDATE ON bodies
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
CREATE TRIGGER bodies_go_by_age BEFORE DELETE ON bodies
WHEN OLD.seq > (SELECT coalesce(max(through), 0) FROM drops)
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted but by age'); END;
CREATE TRIGGER bodies_of_new_events BEFORE INSERT ON bodies
WHEN NEW.seq IS NOT (SELECT max(seq) FROM events) OR EXISTS (SELECT 1 FROM bodies WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'an audit event has one body, given with it'); END;

-- A node of level L stands for the leaves [idx 256^L, (idx + 1) 256^L); it is here once they all are. Level 0 is events.hash.
CREATE TABLE nodes (
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 7),
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    min_time INTEGER NOT NULL,
    max_time INTEGER NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER nodes_never_change BEFORE UPDATE ON nodes
BEGIN SELECT RAISE(ABORT, 'nodes of the audit log are never changed'); END;
CREATE TRIGGER nodes_never_go BEFORE DELETE ON nodes
BEGIN SELECT RAISE(ABORT, 'nodes of the audit log are never deleted'); END;
CREATE TRIGGER nodes_without_gap BEFORE INSERT ON nodes
WHEN NEW.idx IS NOT (SELECT coalesce(max(idx), -1) + 1 FROM nodes WHERE level = NEW.level)
BEGIN SELECT RAISE(ABORT, 'nodes of the audit log have no gaps'); END;

-- Signed tree heads (c2sp.org/tlog-checkpoint): all of the last day, the last one of each hour before it.
CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE TRIGGER checkpoints_never_change BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER checkpoints_newest_stays BEFORE DELETE ON checkpoints WHEN OLD.size = (SELECT max(size) FROM checkpoints)
BEGIN SELECT RAISE(ABORT, 'the newest checkpoint is never deleted'); END;
CREATE TRIGGER checkpoints_go_on BEFORE INSERT ON checkpoints
WHEN NEW.size <= (SELECT max(size) FROM checkpoints) OR NEW.size > (SELECT coalesce(max(seq), 0) FROM events)
BEGIN SELECT RAISE(ABORT, 'a checkpoint is of more events than the one before'); END;

-- Which log this is: the name and the key that its checkpoints are signed with.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    origin TEXT NOT NULL,
    key BLOB NOT NULL CHECK (length(key) = 32),
    time INTEGER NOT NULL
) STRICT;
CREATE TRIGGER identity_never_changes BEFORE UPDATE ON identity
BEGIN SELECT RAISE(ABORT, 'the identity of the audit log is never changed'); END;
CREATE TRIGGER identity_never_goes BEFORE DELETE ON identity
BEGIN SELECT RAISE(ABORT, 'the identity of the audit log is never deleted'); END;

-- The newest event of each name and outcome; follows from the events, kept so that a start need not look for it.
CREATE TABLE newest (
    event INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (event, outcome)
) STRICT, WITHOUT ROWID;
