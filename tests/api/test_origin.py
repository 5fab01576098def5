"""A web page is no client: every way that a page has to reach a local port, tried by a real browser."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from daemon import TOP, folder, remove
from over_tcp import bearer, first_account, listening

WAS_HERE = pathlib.Path("/tmp/owhale-browser-was-here")


@pytest.fixture(scope="module")
def modules():
    """A node_modules folder with playwright-core, fetched now, in the version that the lock file names."""
    place = folder("owhale-browser-")
    for name in ("package.json", "package-lock.json", "attack.mjs"):
        shutil.copy(TOP / "tests/browser" / name, place)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=place, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, f"npm could not install playwright-core:\n{done.stdout}{done.stderr}"
    yield place
    remove(place)


def attack(modules, daemon, token, run):
    done = subprocess.run(["node", modules / "attack.mjs", modules / "node_modules", "http://%s:%d" % daemon.tcp, token, run],
                          capture_output=True, text=True, timeout=180, cwd=modules)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_page_of_another_origin_learns_and_does_nothing(own, modules, uid):
    daemon = listening(own)
    token = first_account(daemon)
    run = daemon.begun(uid, argv=["/bin/sleep", "300"])
    before = count_runs(daemon, uid, token)
    WAS_HERE.unlink(missing_ok=True)
    seen = attack(modules, daemon, token, run)
    for name, result in seen["page"].items():
        text = json.dumps(result)
        assert "stdout" not in text and "status\\\": \\\"ok" not in text and run not in text, (name, result)
        if isinstance(result, dict) and "failed" not in result:
            assert result["type"] == "opaque" and result["status"] == 0 and result["text"] == "", (name, result)
        else:
            assert isinstance(result, dict) or result in ("sent", "error", "not readable", "closed 1006"), (name, result)
    # The control: a server that refuses nothing gets all of it, and the page reads its answers.
    control = seen["control"]
    assert control["GET"]["text"] == control["POST of a run with the token"]["text"] == "1", control
    assert control["WebSocket"] == "open" and control["script"] == "loaded", control
    assert seen["arrived"].count("POST /v1/runs") >= 7 and f"upgrade /v1/runs/{run}/attach" in seen["arrived"], seen["arrived"]
    for name in ("rebound evil.example", "rebound localhost.evil.example"):
        assert seen[name] == {"navigation": 421, "inside": [421, 421]}, seen[name]
    assert "TypeError" in seen["preflights"], seen["preflights"]
    assert count_runs(daemon, uid, token) == before and not WAS_HERE.exists()
    assert daemon.state_of(run, uid) == "running"
    assert daemon.get("/v1/whoami", headers=bearer(token)).status == 200


def count_runs(daemon, uid, token):
    """Of the uid's and of the account's."""
    return [len(daemon.ask("GET", "/v1/runs", uid=uid, headers=headers).json()["runs"]) for headers in (None, bearer(token))]


