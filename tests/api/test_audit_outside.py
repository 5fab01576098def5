"""The audit log's checkpoints and proofs, believed by implementations that others wrote, and their forgeries by none.

Inclusion: sigstore's verifier, which has no consistency proofs, and Transmute's RFC 9162, which has both. The notes' signatures
are verified by sigstore's reader (tests/interop/transparency)."""

import base64
import json
import shutil
import sqlite3
import subprocess

import daemon
import pytest
from accounts import QUICK
from conftest import needs_root
from ctl import Ctl
from exporting import Export, fill

PACKAGES = daemon.TOP / "tests" / "interop" / "transparency"
EVENTS = 1_500  # more than one level of tiles
BOTH = {"sigstore": True, "transmute": True}


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """Asks both implementations, of the versions that the lock names."""
    folder = tmp_path_factory.mktemp("transparency")
    for path in PACKAGES.iterdir():
        shutil.copy(path, folder / path.name)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, f"npm could not install them:\n{done.stdout}{done.stderr}"

    def ask(question):
        node = shutil.which("nodejs") or shutil.which("node")
        done = subprocess.run([node, "verify.cjs"], cwd=folder, capture_output=True, text=True, timeout=120, input=json.dumps(question))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def leaves_of(owhaled, size):
    """The texts as the export has them, byte for byte."""
    with Export(owhaled, f"?until_seq={size}") as export:
        lines = [line.decode() for line in export.lines()]
    return [line[line.index('"event":') + len('"event":'):-1] for line in lines if line.startswith('{"seq":')]


def inclusion(owhaled, seq, head, leaves):
    proof = owhaled.get(f"/v1/audit/proof?seq={seq}&size={head['size']}").json()
    return {"leaf": leaves[seq - 1], "index": proof["index"], "hashes": proof["hashes"], "checkpoint": head["note"]}


def consistency(owhaled, old, new):
    proof = owhaled.get(f"/v1/audit/consistency?from={old['size']}&to={new['size']}").json()
    return {"from": old["note"], "to": new["note"], "hashes": proof["hashes"]}


def heads(owhaled):
    """Checkpoints of a log that grows, of different sizes: those that it keeps, and new ones."""
    with sqlite3.connect(f"file:{owhaled.state}/audit.db?mode=ro", uri=True) as kept:
        found = [{"size": size, "note": note} for size, note in kept.execute("SELECT size, note FROM checkpoints WHERE size < ?", (EVENTS,))]
    assert 1024 in {one["size"] for one in found}  # a power of two
    found.append(owhaled.get("/v1/audit/checkpoint").json())
    for _ in range(3):
        owhaled.ran(argv=["/bin/true"])
        found.append(owhaled.get("/v1/audit/checkpoint").json())
    assert len({one["size"] for one in found}) == len(found)
    return found


def changed(proof, **more):
    return {**proof, **more}


def attacks(owhaled, good, good_way, head, old, leaves):
    """Each with what is wrong about it."""
    other = base64.b64encode(bytes(32)).decode()
    key = base64.b64decode(head["key"].split("+", 2)[2])  # which may have pluses of its own
    stranger = head["origin"] + "+00000000+" + base64.b64encode(key[:1] + bytes(31) + b"\x09").decode()
    note = head["note"]
    bit = note[:-6] + ("A" if note[-6] != "A" else "B") + note[-5:]
    root = note.replace(head["root"], other)
    for name, one in {
        "another leaf": changed(good, leaf=leaves[1]), "a changed leaf": changed(good, leaf=good["leaf"] + " "),
        "another index": changed(good, index=good["index"] + 1), "an index beyond the tree": changed(good, index=head["size"]),
        "a truncated proof": changed(good, hashes=good["hashes"][:-1]), "a proof without its begin": changed(good, hashes=good["hashes"][1:]),
        "a longer proof": changed(good, hashes=good["hashes"] + [other]), "no proof": changed(good, hashes=[]),
        "two hashes in the wrong order": changed(good, hashes=[good["hashes"][1], good["hashes"][0], *good["hashes"][2:]]),
        "an older tree's root": changed(good, checkpoint=old["note"]), "a changed root": changed(good, checkpoint=root),
        "a changed size": changed(good, checkpoint=note.replace(f"\n{head['size']}\n", f"\n{head['size'] + 1}\n")),
        "a changed signature": changed(good, checkpoint=bit),
        "no signature": changed(good, checkpoint=note.split("\n\n")[0] + "\n\n"),
    }.items():
        yield {"name": name, "inclusion": one}
    yield {"name": "another key", "inclusion": good, "vkey": stranger}
    for name, one in {
        "a way with a hash less": changed(good_way, hashes=good_way["hashes"][:-1]), "a way of a changed hash": changed(good_way, hashes=[other, *good_way["hashes"][1:]]),
        "a way back": {"from": good_way["to"], "to": good_way["from"], "hashes": good_way["hashes"]},
        "a way from a forged head": changed(good_way, **{"from": root}), "no way": changed(good_way, hashes=[]),
    }.items():
        yield {"name": name, "consistency": one}
    yield {"name": "a way by another key", "consistency": good_way, "vkey": stranger}


@needs_root
def test_others_believe_our_proofs_and_no_forgery(own, outside):
    owhaled = own(*QUICK)
    fill(owhaled, 1024)
    fill(owhaled, EVENTS - 1024)
    owhaled.start()
    known = heads(owhaled)
    new = known[-1]
    leaves = leaves_of(owhaled, new["size"])
    seqs = sorted({1, 2, 255, 256, 257, 1024, new["size"] - 1, new["size"], *range(3, new["size"], 97)})
    inclusions = [inclusion(owhaled, seq, new, leaves) for seq in seqs]
    ways = [consistency(owhaled, old, new) for old in known[:-1]]
    forged = list(attacks(owhaled, inclusions[seqs.index(257)], ways[0], new, known[0], leaves))
    said = outside({"vkey": new["key"], "inclusions": inclusions, "consistencies": ways, "attacks": forged})
    assert said["inclusions"] == [BOTH] * len(seqs)
    assert said["consistencies"] == [{"transmute": True}] * len(ways)
    assert {name for name, believed in said["attacks"].items() if any(believed.values())} == set()
    assert len(said["attacks"]) == len(forged)


@needs_root
def test_what_owhalectl_shows_is_believed(own, base, outside):
    owhaled = own(*QUICK).start()
    owhaled.ran(argv=["/bin/true"])
    ctl = Ctl(base, owhaled)
    shown = [json.loads(ctl("audit", "show", str(seq), "--output", "json")) for seq in (1, 3)]
    head = json.loads(ctl("audit", "checkpoint", "--output", "json"))
    inclusions = [{"leaf": json.dumps(one["event"], ensure_ascii=False, separators=(",", ":"), sort_keys=True), "index": one["proof"]["index"],
                   "hashes": one["proof"]["hashes"], "checkpoint": one["proof"]["checkpoint"]} for one in shown]
    assert outside({"vkey": head["key"], "inclusions": inclusions, "consistencies": [], "attacks": []})["inclusions"] == [BOTH] * 2
