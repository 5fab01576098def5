"""The audit log's tree by RFC 6962, in Python's own few lines; and the file itself, read beside owhaled."""

import hashlib
import json
import sqlite3


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(hashes):
    """2.1 Merkle Hash Trees: the largest power of two that is smaller stands left."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    stack = []  # of (height, hash), as in a binary counter
    for one in hashes:
        height = 0
        while stack and stack[-1][0] == height:
            one, height = node(stack.pop()[1], one), height + 1
        stack.append((height, one))
    whole = stack.pop()[1]
    while stack:
        whole = node(stack.pop()[1], whole)
    return whole


def rows(state):
    """(seq, hash, canonical bytes or None) of STATE/audit.db, oldest first."""
    with sqlite3.connect(f"file:{state}/audit.db?mode=ro", uri=True) as file:
        new = file.execute("SELECT count(*) FROM sqlite_master WHERE name = 'bodies'").fetchone()[0]
        sql = "SELECT e.seq, e.hash, b.json FROM events e LEFT JOIN bodies b USING (seq) ORDER BY e.seq" if new else \
            "SELECT seq, hash, json FROM events ORDER BY seq"
        return [(seq, hash_, text and text.encode()) for seq, hash_, text in file.execute(sql)]


def whole(state):
    """The log's events, oldest first, after a look at all of it: no gap, each hash its event's."""
    events = []
    for at, (seq, hash_, body) in enumerate(rows(state), 1):
        assert seq == at, f"{at} is missing: {seq} follows"
        assert body is not None and leaf(body) == hash_, f"{seq} is not what its hash says"
        events.append(json.loads(body))
    return events


def checkpoint(note):
    """(origin, size, root) of a C2SP checkpoint; its signature is not looked at."""
    import base64
    origin, size, hash_ = note.split("\n")[:3]
    return origin, int(size), base64.b64decode(hash_)
