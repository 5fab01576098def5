"""What somebody who may write the log's file does to it: one function an attack, on a database without its triggers."""
import json, sqlite3

import audit_log


def free(path):
    """A connection that is held up by none of the log's own rules."""
    database = sqlite3.connect(path, isolation_level=None)
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER \"{name}\"")
    return database


def text_of(database, seq):
    return database.execute("SELECT json FROM bodies WHERE seq = ?", (seq,)).fetchone()[0]


def another(text):
    """The same event, of another principal."""
    value = json.loads(text)
    value["principal"] = "unix:4242"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def change_column(database, seq):
    database.execute("UPDATE events SET outcome = principal WHERE seq = ?", (seq,))


def change_time(database, seq):
    database.execute("UPDATE events SET time = time + 1 WHERE seq = ?", (seq,))


def change_run(database, seq):
    database.execute("UPDATE events SET run = zeroblob(16) WHERE seq = ?", (seq,))


def change_body(database, seq):
    database.execute("UPDATE bodies SET json = ? WHERE seq = ?", (another(text_of(database, seq)), seq))


def change_hash(database, seq):
    database.execute("UPDATE events SET hash = zeroblob(32) WHERE seq = ?", (seq,))


def replace(database, seq, text):
    """The event as a whole: text, hash, and all columns."""
    database.execute("DELETE FROM events WHERE seq = ?", (seq,))
    database.execute("DELETE FROM bodies WHERE seq = ?", (seq,))
    audit_log.put(database, audit_log.words_of(database), seq, text.encode())


def change_event(database, seq):
    replace(database, seq, another(text_of(database, seq)))


def change_event_and_tree(database, seq):
    change_event(database, seq)
    audit_log.add_nodes(database)


def not_canonical(database, seq):
    replace(database, seq, text_of(database, seq).replace('{"data"', '{ "data"', 1))


def delete_event(database, seq):
    database.execute("DELETE FROM events WHERE seq = ?", (seq,))
    database.execute("DELETE FROM bodies WHERE seq = ?", (seq,))


def delete_body(database, seq):
    database.execute("DELETE FROM bodies WHERE seq = ?", (seq,))


def cut_after(database, seq, checkpoints=False):
    for table in ("events", "bodies") + (("checkpoints",) if checkpoints else ()):
        database.execute(f"DELETE FROM {table} WHERE {'size' if table == 'checkpoints' else 'seq'} > ?", (seq,))
    if checkpoints:
        audit_log.add_nodes(database)


def shift(database, first, by):
    for table in ("events", "bodies"):
        for (seq,) in database.execute(f"SELECT seq FROM {table} WHERE seq >= ? ORDER BY seq DESC", (first,)).fetchall():
            database.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (seq + by, seq))


def insert_event(database, seq):
    forged = another(text_of(database, seq))
    shift(database, seq, 1)
    audit_log.put(database, audit_log.words_of(database), seq, forged.encode())


def insert_before_all(database, seq=-7):
    audit_log.put(database, audit_log.words_of(database), seq, another(text_of(database, 5)).encode())


def insert_body(database, seq):
    database.execute("INSERT INTO bodies (seq, json) VALUES (?, '{}')", (seq,))


def swap(database, one, other):
    for table in ("events", "bodies"):
        for seq, to in ((one, -1), (other, one), (-1, other)):
            database.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (to, seq))


def edit_node(database, index, level=1):
    database.execute("UPDATE nodes SET hash = zeroblob(32) WHERE level = ? AND idx = ?", (level, index))


def edit_node_time(database, index):
    database.execute("UPDATE nodes SET min_time = min_time - 1 WHERE level = 1 AND idx = ?", (index,))


def remove_node(database, index):
    database.execute("DELETE FROM nodes WHERE level = 1 AND idx = ?", (index,))


def sizes(database):
    return [size for (size,) in database.execute("SELECT size FROM checkpoints ORDER BY size")]


def break_signature(database, size):
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()
    at = note.rstrip("=\n")[:-4]
    database.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (at + ("AAAA" if note[len(at):len(at) + 4] != "AAAA" else "BBBB") + note[len(at) + 4:], size))


def move_checkpoint(database, size, to):
    database.execute("UPDATE checkpoints SET size = ? WHERE size = ?", (to, size))


def sign_again(database, key):
    """All checkpoints, by somebody else's key, over the tree as it is now."""
    leaves = [bytes(one) for (one,) in database.execute("SELECT hash FROM events ORDER BY seq")]
    for size in sizes(database):
        database.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (key.note(size, audit_log.root(leaves[:size])), size))


def invent_drop(database, through, seq):
    database.execute("DELETE FROM bodies WHERE seq <= ?", (through,))
    database.execute("INSERT INTO drops (through, time, seq) VALUES (?, 0, ?)", (through, seq))


def rename_word(database, text):
    database.execute("UPDATE words SET text = 'run.denied' WHERE text = ?", (text,))


def remove_word(database, text):
    database.execute("DELETE FROM words WHERE text = ?", (text,))
