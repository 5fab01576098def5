"""The same under an owhaled that an ordinary user started, with that user's rights alone."""

import os

import pytest

import accounts
import cage as cages
import daemon
import stage
from servers.echo import Wire

UID = 61236


class Rootless(cages.Outside):
    def command(self):
        return ["/usr/bin/setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", *super().command()]


@pytest.fixture(scope="module")
def person(world):
    base = daemon.folder()
    home = base / "home"
    home.mkdir()
    for path in (base, home):
        os.chown(path, UID, UID)
    one = Rootless(base)
    one.environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "XDG_CONFIG_HOME": str(home), "LANG": "C.UTF-8"}
    for path in base.rglob("*"):
        os.chown(path, UID, UID)
    one.start()
    yield first_person(one)
    code = one.stop()
    daemon.remove(base)
    assert code == 0


def first_person(one):
    """admin/admin works for the uid that started it."""
    answer = accounts.login(one, "admin", "admin", uid=UID)
    assert answer.status == 200, answer
    first = accounts.Person(one, "admin", "admin", answer.json()["access_token"], UID)
    assert first.ask("POST", "/v1/password", {"old_password": "admin", "new_password": accounts.ADMIN}).status == 204
    return accounts.logged_in(one, "admin", accounts.ADMIN, UID)


@pytest.fixture
def cage(world, person, workspace):
    world.forget()
    os.chown(workspace, UID, UID)
    return cages.Cage(person, workspace, UID)


@pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "transparent"])
def test_allowed_and_refused(cage, world, proxy):
    done = cage.bash("curl -sS --max-time 10 https://web.outside.test/; curl -s --max-time 5 https://evil.outside.test/ || echo no", proxy=proxy,
                     hosts=["web.outside.test:443"])
    assert "the web" in done.out and "no" in done.out, done
    world.untouched()
    assert done.tried("web.outside.test", verdict="allow") and done.tried("evil.outside.test", verdict="deny"), done


def test_addresses(cage, world):
    done = cage.attack("addresses", f"{stage.STRANGER}:80", f"[{stage.STRANGER6}]:80", f"{stage.METADATA}:80", "127.0.0.1:80", hosts=["web.outside.test"])
    assert not [what for what, got in done.said().items() if "canary" in str(got)], done
    world.untouched()


def test_packets(cage, world):
    with Wire("rootless-marker") as wire:
        cage.attack("strays", "rootless-marker", stage.STRANGER, stage.STRANGER6, hosts=["web.outside.test"])
    assert wire.seen == []
    world.untouched()


def test_a_key(cage, world, person):
    key = cages.Secret(person, "ROOTLESS_KEY", [{"host": "api.outside.test", "port": 443}])
    done = cage.bash('curl -sS --max-time 10 -H "Authorization: Bearer $ROOTLESS_KEY" https://api.outside.test/echo', hosts=[], inspect=True,
                     secrets=[{"name": key.name}])
    assert world.odd.received(key.value) and key.value not in done.out, done
