"""Fixtures: one owhaled for all tests, a folder per test, users that nobody has."""

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import accounts  # noqa: E402
import daemon  # noqa: E402

ALICE, BOB = 61234, 61235  # uids without an account

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="acting as another user needs root")


@pytest.fixture(scope="session")
def owhaled():
    """The one that most tests talk to."""
    if not daemon.BINARY.exists():
        pytest.exit(f"{daemon.BINARY} is missing: build first, or name the build folder with OWHALE_BUILD", 1)
    base = daemon.folder()
    running = daemon.Owhaled(base).start()
    yield running
    code = running.stop()
    said = running.said()
    daemon.remove(base)
    assert code == 0, f"owhaled ended with {code}:\n{said}"


@pytest.fixture
def base():
    """An empty folder for an owhaled of the test's own."""
    path = daemon.folder()
    yield path
    daemon.remove(path)


@pytest.fixture
def small_state(base, request):
    """A state folder on a file system of its own; of 16 MiB, or as many as the test's parameter says."""
    state = base / "state"
    state.mkdir(mode=0o700)
    size = getattr(request, "param", 16)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=700", "owhale-test", str(state)], check=True)
    yield state
    subprocess.run(["umount", "-l", str(state)], check=True)


@pytest.fixture
def own(base):
    """Starts owhaleds of the test's own, with these flags; ends them all afterwards."""
    started = []

    def start(*flags, **more):
        started.append(daemon.Owhaled(base, *flags, **more))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def fresh(own):
    """One without accounts yet, quick to log in to."""
    return own(*accounts.QUICK).start()


@pytest.fixture
def admin(fresh):
    """Its first account, logged in."""
    return accounts.set_up(fresh)


@pytest.fixture
def alice():
    if os.geteuid() != 0:
        pytest.skip("acting as another user needs root")
    return ALICE


@pytest.fixture
def bob():
    return BOB


@pytest.fixture
def workspace(request):
    """A folder that Alice owns (without root: that we own)."""
    path = daemon.folder("owhale-ws-")
    if os.geteuid() == 0:
        os.chown(path, ALICE, ALICE)
    yield path
    daemon.remove(path)


@pytest.fixture
def uid():
    """Who asks in tests that need no particular user: an ordinary one."""
    return ALICE if os.geteuid() == 0 else None
