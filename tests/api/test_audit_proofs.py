"""GET /v1/audit/checkpoint, /proof and /consistency, held against the tree that RFC 6962 writes down."""

import base64
import pathlib
import sqlite3
import subprocess
import sys
import time

import pytest

from accounts import QUICK
from conftest import needs_root
from exporting import exported

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "unit" / "cli"))

from audit_log import node, root  # noqa: E402

DER = bytes.fromhex("302a300506032b6570032100")  # before the 32 bytes of an Ed25519 key (RFC 8410)


@pytest.fixture(scope="module")
def busy(owhaled):
    for _ in range(3):
        owhaled.ran(argv=["/bin/true"])
    return owhaled


def checkpoint(owhaled, **more):
    answer = owhaled.get("/v1/audit/checkpoint", **more)
    assert answer.status == 200, answer
    return answer.json()


def kept(owhaled):
    with sqlite3.connect(f"file:{owhaled.state}/audit.db?mode=ro", uri=True) as log:
        return log.execute("SELECT count(*) FROM checkpoints").fetchone()[0]


def leaves_of(owhaled, size):
    return [bytes.fromhex(line["hash"]) for line in exported(owhaled, f"?until_seq={size}") if "seq" in line]


def half_of(count):
    return 1 << (count - 1).bit_length() - 1


def path(index, leaves):
    """RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    half = half_of(len(leaves))
    if index < half:
        return path(index, leaves[:half]) + [root(leaves[half:])]
    return path(index - half, leaves[half:]) + [root(leaves[:half])]


def subproof(size, leaves, whole):
    """RFC 6962, 2.1.2."""
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    half = half_of(len(leaves))
    if size <= half:
        return subproof(size, leaves[:half], whole) + [root(leaves[half:])]
    return subproof(size - half, leaves[half:], False) + [root(leaves[:half])]


def hashes(answer):
    assert answer.status == 200, answer
    return [base64.b64decode(one) for one in answer.json()["hashes"]]


def test_the_checkpoint_is_signed_and_over_all_there_is(busy, tmp_path):
    made = checkpoint(busy)
    text, signature = made["note"].split("\n\n")
    assert text.split("\n") == [made["origin"], str(made["size"]), made["root"]]
    assert base64.b64decode(made["root"]) == root(leaves_of(busy, made["size"]))
    assert busy.get("/v1/audit?limit=1").json()["events"][0]["seq"] >= made["size"]
    dash, name, signed = signature.split()
    vkey_name, key_id, key = made["key"].split("+", 2)
    assert (dash, name, vkey_name) == ("—", made["origin"], made["origin"])
    assert base64.b64decode(signed)[:4].hex() == key_id
    (tmp_path / "key").write_bytes(DER + base64.b64decode(key)[1:])
    (tmp_path / "text").write_bytes(text.encode() + b"\n")
    (tmp_path / "signature").write_bytes(base64.b64decode(signed)[4:])
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "key", "-rawin", "-in", tmp_path / "text",
                    "-sigfile", tmp_path / "signature"], check=True)


def test_the_key_is_told_in_the_tree_once_over_restarts(own):
    owhaled = own(*QUICK)
    for _ in range(2):
        owhaled.start()
        told = owhaled.get("/v1/audit?event=audit.opened").json()["events"]
        made = checkpoint(owhaled)
        assert [one["event"]["data"] for one in told] == [{"key": made["key"], "origin": made["origin"]}]
        assert owhaled.stop() == 0


def test_inclusion_of_every_event(busy):
    size = checkpoint(busy)["size"]
    leaves = leaves_of(busy, size)
    for seq in range(1, size + 1, max(1, size // 40)):
        answer = busy.get(f"/v1/audit/proof?seq={seq}&size={size}")
        assert hashes(answer) == path(seq - 1, leaves) and answer.json()["index"] == seq - 1
    assert hashes(busy.get("/v1/audit/proof?seq=2&size=3")) == path(1, leaves[:3])


def test_consistency_of_every_past(busy):
    size = checkpoint(busy)["size"]
    leaves = leaves_of(busy, size)
    for past in range(1, size + 1, max(1, size // 40)):
        assert hashes(busy.get(f"/v1/audit/consistency?from={past}&to={size}")) == subproof(past, leaves, True), past
    assert hashes(busy.get("/v1/audit/consistency?from=3&to=5")) == subproof(3, leaves[:5], True) and node(leaves[0], leaves[1]) == root(leaves[:2])


def test_who_only_reads_makes_no_checkpoints(busy):
    """One shows an event that is covered while others write: none but the log's own, every ten seconds, are made."""
    first, before, began = checkpoint(busy), kept(busy), time.monotonic()
    for _ in range(20):
        busy.ran(argv=["/bin/true"])
        shown = busy.get("/v1/audit/1").json()
        assert shown["proof"]["size"] >= first["size"]
        assert busy.get("/v1/audit/checkpoint?covers=1").json()["size"] >= first["size"]
    assert kept(busy) - before <= 1 + (time.monotonic() - began) / 9
    newest = busy.get("/v1/audit?limit=1").json()["events"][0]["seq"]
    assert busy.get(f"/v1/audit/{newest}").json()["proof"]["size"] >= newest  # none covered it: one was made


@needs_root
def test_who_sees_their_own_alone_has_no_checkpoint_made_of_others_events(busy, alice):
    size, before, began = checkpoint(busy)["size"], kept(busy), time.monotonic()
    for query in ("", "?covers=1", "?covers=9007199254740000", None) * 3:
        busy.ran(argv=["/bin/true"])
        others = busy.get("/v1/audit?limit=1").json()["events"][0]["seq"]
        given = busy.get("/v1/audit/checkpoint" + (query if query is not None else f"?covers={others}"), uid=alice)
        assert given.status == 200 and given.json()["size"] >= size
    assert kept(busy) - before <= 1 + (time.monotonic() - began) / 9
    mine = busy.get(f"/v1/audit?run={busy.ran(alice, argv=['/bin/true'])['id']}", uid=alice).json()["events"][0]["seq"]
    assert busy.get(f"/v1/audit/checkpoint?covers={mine}", uid=alice).json()["size"] >= mine


@pytest.mark.parametrize("query", ["proof", "proof?seq=1", "proof?size=1", "proof?seq=x&size=1", "proof?seq=2&size=1", "proof?seq=0&size=1",
                                   "proof?seq=1&size=9007199254740000", "proof?seq=1&size=1&from=1", "proof?seq=-1&size=99999999999999999999",
                                   "consistency", "consistency?from=1", "consistency?from=2&to=1", "consistency?from=1&to=9007199254740000",
                                   "consistency?from=1e3&to=5", "checkpoint?size=1", "checkpoint?covers=x", "checkpoint?covers=99999999999999999999"])
def test_what_has_no_proof_is_refused(busy, query):
    answer = busy.get("/v1/audit/" + query)
    assert answer.status in (400, 404, 422), (query, answer)


@needs_root
def test_others_events_have_no_place(busy, alice):
    own = busy.ran(alice, argv=["/bin/true"])["id"]
    mine = busy.get(f"/v1/audit?run={own}", uid=alice).json()["events"][0]["seq"]
    size = busy.get(f"/v1/audit/checkpoint?covers={mine}", uid=alice).json()["size"]
    assert busy.get(f"/v1/audit/proof?seq={mine}&size={size}", uid=alice).status == 200
    assert busy.get(f"/v1/audit/proof?seq=1&size={size}", uid=alice).status == 404
    assert busy.get(f"/v1/audit/proof?seq={size + 100000}&size={size}", uid=alice).status == 404
