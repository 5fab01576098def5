"""An audit log made by hand: the schema's own SQL, a tree by a few lines of hashlib, checkpoints signed by openssl."""
import base64, hashlib, json, os, sqlite3, subprocess, tempfile, uuid
from datetime import datetime, timezone
from pathlib import Path

SCHEMA = Path(__file__).resolve().parents[3] / "schema" / "audit"
BEGAN = 1_790_000_000_000_000  # microseconds


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    """RFC 6962, 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:half]), root(leaves[half:]))


class Key:
    """An Ed25519 key and the checkpoints that it signs, in the form of C2SP's signed notes."""

    def __init__(self, origin):
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "key")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.file], check=True, stderr=subprocess.DEVNULL)
        der = subprocess.run(["openssl", "pkey", "-in", self.file, "-pubout", "-outform", "DER"], check=True, stdout=subprocess.PIPE).stdout
        self.public, self.origin = der[-32:], origin
        self.id = hashlib.sha256(origin.encode() + b"\n\1" + self.public).digest()[:4]
        self.vkey = f"{origin}+{self.id.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"

    def note(self, size, tree_root):
        text = f"{self.origin}\n{size}\n{base64.b64encode(tree_root).decode()}\n".encode()
        message = os.path.join(self.folder.name, "message")
        Path(message).write_bytes(text)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.file, "-rawin", "-in", message],
                                   check=True, stdout=subprocess.PIPE).stdout
        return (text + f"\n— {self.origin} {base64.b64encode(self.id + signature).decode()}\n".encode()).decode()


def stamp(microseconds):
    when = datetime.fromtimestamp(microseconds // 1_000_000, timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S") + f".{microseconds % 1_000_000:06}Z"


def body(number, event="run.outcome", data=None, principal="unix:1000", outcome="exited"):
    run = str(uuid.UUID(int=number + (0x0198 << 112))) if event.startswith("run.") else ""
    value = {"data": data if data is not None else {"command": ["make", f"-j{number}", "naïve \"quoted\"\n"], "n": number},
             "event": event, "id": str(uuid.UUID(int=number)), "outcome": outcome, "principal": principal, "run": run,
             "time": stamp(BEGAN + number * 1000), "v": 1, "verb": "runs.create" if run else ""}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


class Log:
    """`count` events, the first of which names the key; checkpoints over these numbers of them."""

    def __init__(self, count=700, checkpoints=(1, 200, 256, 300, 600, 700), key=None, origin="owhaled/test/12345678"):
        self.key = key or Key(origin)
        self.bodies = [body(1, "audit.opened", {"key": self.key.vkey, "origin": self.key.origin}, "system", "ok")]
        self.bodies += [body(n) for n in range(2, count + 1)]
        self.checkpoints = [n for n in checkpoints if n <= count]

    def leaves(self):
        return [leaf(one) for one in self.bodies]

    def root(self, size):
        return root(self.leaves()[:size])

    def note(self, size):
        return self.key.note(size, self.root(size))

    def write(self, folder):
        """STATE/audit.db, without the triggers that refuse."""
        path = Path(folder) / "audit.db"
        database = sqlite3.connect(path)
        for name in ("001.sql", "002.sql"):
            database.executescript((SCHEMA / name).read_text())
        database.executescript("DROP TABLE IF EXISTS events_001; PRAGMA user_version = 2")
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        fill(database, self)
        database.commit()
        database.close()
        return path


def words_of(database):
    words = {text: number for number, text in database.execute("SELECT id, text FROM words")}

    def word(text):
        if text not in words:
            words[text] = len(words) + 1
            database.execute("INSERT INTO words (id, text) VALUES (?, ?)", (words[text], text))
        return words[text]
    return word


def put(database, word, seq, text):
    """One event as its rows."""
    value = json.loads(text)
    time = datetime.strptime(value["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    whole = int(time.timestamp()) * 1_000_000 + time.microsecond
    run = uuid.UUID(value["run"]).bytes if value["run"] else None
    database.execute("INSERT INTO events (seq, time, event, principal, verb, outcome, run, hash) VALUES (?,?,?,?,?,?,?,?)",
                     (seq, whole, word(value["event"]), word(value["principal"]), word(value["verb"]), word(value["outcome"]), run, leaf(text)))
    database.execute("INSERT INTO bodies (seq, json) VALUES (?, ?)", (seq, text.decode()))


def add_nodes(database):
    """All complete nodes, as the rows of `events` give them."""
    database.execute("DELETE FROM nodes")
    rows = [(bytes(h), t, t) for h, t in database.execute("SELECT hash, time FROM events ORDER BY seq")]
    for level in range(1, 8):
        above = []
        for at in range(0, len(rows) // 256 * 256, 256):
            part = rows[at:at + 256]
            above.append((root([h for h, _, _ in part]), min(t for _, t, _ in part), max(t for _, _, t in part)))
        database.executemany("INSERT INTO nodes (level, idx, hash, min_time, max_time) VALUES (?,?,?,?,?)",
                             [(level, i, *row) for i, row in enumerate(above)])
        rows = above


def fill(database, log):
    word = words_of(database)
    for seq, text in enumerate(log.bodies, 1):
        put(database, word, seq, text)
    add_nodes(database)
    leaves = log.leaves()
    for size in log.checkpoints:
        database.execute("INSERT INTO checkpoints (size, time, note) VALUES (?, ?, ?)", (size, BEGAN, log.key.note(size, root(leaves[:size]))))
    database.execute("INSERT INTO identity (one, origin, key, time) VALUES (1, ?, ?, ?)", (log.key.origin, log.key.public, BEGAN))
