"""Fixtures: the world outside and one owhaled for all tests, a workspace per test."""

import os
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

import accounts  # noqa: E402
import cage as cages  # noqa: E402
import daemon  # noqa: E402
from world import World  # noqa: E402

ALICE, BOB = 61234, 61235
NEEDED = ["nginx", "fcgiwrap", "sshd", "curl", "wget", "git", "ssh", "npm", "node", "go", "cargo", "ping"]


def missing():
    where = "/usr/sbin:/usr/bin:/sbin:/bin"
    return [name for name in NEEDED if not shutil.which(name, path=where)]


@pytest.fixture(scope="session")
def world():
    if os.geteuid() != 0:
        pytest.skip("a network namespace with servers of its own needs root")
    if missing() and not os.environ.get("CI"):
        pytest.skip(f"not installed: {' '.join(missing())}; tools/install-deps test installs them")
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    one = World()
    yield one
    one.close()


@pytest.fixture(scope="session")
def owhaled(world):
    base = daemon.folder()
    running = cages.Outside(base).start()
    yield running
    code = running.stop()
    said = running.said()
    daemon.remove(base)
    assert code == 0, f"owhaled ended with {code}:\n{said}"


@pytest.fixture(scope="session")
def admin(owhaled):
    return accounts.set_up(owhaled, uid=ALICE)


@pytest.fixture
def workspace():
    path = daemon.folder("owhale-ws-")
    os.chown(path, ALICE, ALICE)
    yield path
    daemon.remove(path)


@pytest.fixture
def cage(world, admin, workspace):
    """Alice's, logged in as the admin; the servers' records are empty."""
    world.forget()
    one = cages.Cage(admin, workspace, ALICE)
    yield one
    one.close()


@pytest.fixture
def secret(admin):
    """Puts secrets into the vault, and takes them out again."""
    made = set()

    def put(name, *hosts, **more):
        made.add(name)
        return cages.Secret(admin, name, list(hosts), **more)

    yield put
    for name in made:
        admin.do("DELETE", f"/v1/secrets/{name}", status=204)
