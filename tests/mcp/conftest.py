"""Fixtures: the clients from npm, one owhaled that asks about `seq` and refuses `numfmt`, on its socket and on TCP."""

import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

import accounts  # noqa: E402
import asking  # noqa: E402
import daemon  # noqa: E402

ALICE, BOB = 61234, 61235
CTL = daemon.BUILD / "cli" / "owhalectl"
RULES = asking.asks("medium") + asking.DENIES
QUICK = [flag for at, flag in enumerate(accounts.QUICK) if at > 1]  # without --tcp off


@pytest.fixture(scope="session")
def clients():
    """The folder in which the packages lie, and our scripts beside them."""
    folder = daemon.BUILD / "mcp-clients"
    folder.mkdir(exist_ok=True)
    installed = (folder / "node_modules").is_dir() and filecmp.cmp(HERE / "package-lock.json", folder / "lock-installed", False) \
        if (folder / "lock-installed").exists() else False
    for path in [HERE / "package.json", HERE / "package-lock.json", *HERE.glob("*.[mc]js")]:
        shutil.copy(path, folder / path.name)
    if not installed:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"], cwd=folder,
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"npm could not install the clients:\n{done.stdout}{done.stderr}"
        shutil.copy(HERE / "package-lock.json", folder / "lock-installed")
    return folder


@pytest.fixture(scope="session")
def house():
    if os.geteuid() != 0:
        pytest.skip("acting as another user needs root")
    base = daemon.folder()
    running = daemon.Owhaled(base, "--tcp", "127.0.0.1:0", *QUICK)
    running.rule("50-own.toml", RULES)
    running.start()
    running.admin = accounts.set_up(running)
    running.bob = accounts.add(running.admin, "bob", ["approver"], uid=BOB)
    running.url = "http://" + running.get("/v1/status").json()["tcp"]
    yield running
    code = running.stop()
    said = running.said()
    daemon.remove(base)
    assert code == 0, f"owhaled ended with {code}:\n{said}"


@pytest.fixture
def workspace():
    path = daemon.folder("owhale-ws-")
    os.chown(path, ALICE, ALICE)
    yield path
    daemon.remove(path)


def bridge_words(house):
    """owhalectl mcp as an ordinary user."""
    return ["setpriv", "--reuid", str(ALICE), "--regid", str(ALICE), "--clear-groups", "env", "HOME=/nonexistent", str(CTL), "--socket", str(house.socket), "mcp"]


class Approver:
    """Somebody with an account, who agrees to whatever is asked while this lives."""

    def __init__(self, house):
        self.house, self.agreed, self.over = house, 0, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *ignored):
        self.over.set()
        self.thread.join()

    def work(self):
        while not self.over.wait(0.3):
            for one in self.house.bob.get("/v1/approvals?all=1&state=pending").json()["approvals"]:
                time.sleep(1)  # for a word of progress to be there
                full = self.house.bob.get(f"/v1/approvals/{one['id']}").json()
                answer = self.house.bob.ask("POST", f"/v1/approvals/{one['id']}/approve", {"digest": full["digest"]}, step_up=True)
                self.agreed += answer.status == 200
