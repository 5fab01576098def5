"""Two machines with owhalectl: on one is owhaled and its admin, the other one becomes a device. A file takes the fixtures that it names."""

import json
import re
import subprocess

import pytest

import accounts
import asking
import devices
from ctl import CTL, Ctl

BOB = "quite other words of hers"


@pytest.fixture
def daemon(own):
    return devices.serve(own, rule=asking.asks("medium"))


@pytest.fixture
def here(base, daemon):
    """The admin, logged in on owhaled's own machine."""
    accounts.set_up(daemon)
    one = Ctl(base, daemon)
    one("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    return one


@pytest.fixture
def there(base):
    """Another machine: a home of its own, and no socket."""
    folder = base / "there"
    folder.mkdir()
    return Ctl(folder)


def url(daemon):
    return "https://%s:%d" % daemon.tcp


def new(here, *more, can="approve,audit", password=accounts.ADMIN):
    out = here("pair", "new", "--name", "laptop", "--can", can, "--no-wait", "--password-stdin", *more, stdin=password + "\n")
    return re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", out)[0]


def start_join(there, address, code, *more):
    """`pair join` goes on until it is confirmed."""
    process = subprocess.Popen([CTL, *more, "pair", "join", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=there.variables, cwd=there.home, start_new_session=True)
    process.stdin.write(code + "\n")
    process.stdin.close()
    process.stdin = None
    return process


def pairing(here):
    return json.loads(here("-o", "json", "pair", "ls"))["pairings"][0]


def pairing_of(here, state):
    return next(one for one in json.loads(here("-o", "json", "pair", "ls"))["pairings"] if one["state"] == state)


def until_joined(here, process):
    while pairing(here)["state"] == "open":
        assert process.poll() is None, process.communicate()
    return pairing(here)


def pair(here, there, daemon, can="approve,audit"):
    process = start_join(there, url(daemon), new(here, can=can).lower().replace("-", " "))
    one = until_joined(here, process)
    here("pair", "confirm", one["id"], "--words", one["words"], "--password-stdin", stdin=accounts.ADMIN + "\n")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert one["words"] in said and "a device of user:admin" in out
    return one
