"""Around the list: addresses instead of names, names of private addresses, questions for names as a tunnel, other protocols."""

import secrets
import time

import pytest

import stage
from servers.echo import Wire


@pytest.fixture
def marker():
    """A text that occurs nowhere else."""
    return "m" + secrets.token_hex(9)


def answered(said):
    """Which of an attacker's tries got anything like an answer."""
    return [what for what, got in said.items() if "canary" in str(got) or "all well" in str(got) or "tape" in str(got)]


PUBLIC = [f"{stage.STRANGER}:80", f"{stage.STRANGER}:443", f"[{stage.STRANGER6}]:80", f"{stage.ODD}:80", f"[{stage.ODD6}]:80"]
PRIVATE = ["127.0.0.1:80", "[::1]:80", "127.1:80", "0x7f000001:80", "2130706433:80", "0177.0.0.1:80", "127.0.0.1.:80", "0.0.0.0:80", "[::]:80",
           "[::ffff:127.0.0.1]:80", "[::ffff:7f00:1]:80", "localhost:80", "LOCALHOST:80", "localhost.:80", "a.localhost:80",
           f"{stage.PRIVATE}:80", f"{stage.METADATA}:80", "0xa9fea9fe:80", "2852039166:80", "169.254.43518:80", f"[::ffff:{stage.METADATA}]:80",
           "[64:ff9b::a9fe:a9fe]:80", "[2002:7f00:1::]:80", "[fd00:ec2::254]:80"]


@pytest.mark.parametrize("targets", [PUBLIC, PRIVATE], ids=["public", "private"])
def test_raw_addresses(cage, world, targets):
    done = cage.attack("addresses", *targets, hosts=["odd.outside.test:80,443"])
    said = done.said()
    assert answered(said) == [], said
    world.untouched()
    assert world.odd.record.all() == [] and world.odd6.record.all() == []
    assert any(row["verdict"] == "deny" for row in done.tries), done
    assert not any(row["verdict"] == "allow" for row in done.tries), done


def test_an_address_that_a_rule_names(cage, world):
    done = cage.attack("addresses", f"{stage.ODD}:80", f"{stage.STRANGER}:80", hosts=[f"{stage.ODD}:80"])
    assert sorted(answered(done.said())) == sorted(f"{way} {stage.ODD}:80" for way in ("connect", "socks", "absolute", "direct")), done.said()
    world.untouched()


def test_a_range_that_a_rule_names(cage, world):
    done = cage.attack("addresses", f"{stage.PRIVATE}:80", f"{stage.METADATA}:80", hosts=["10.9.0.0/16:80"])
    assert {one.split()[1] for one in answered(done.said())} == {f"{stage.PRIVATE}:80"}, done.said()
    assert {entry[1] for entry in world.canary.record.all()} == {stage.PRIVATE}


@pytest.mark.parametrize("name", ["inward", "loop", "meta", "mapped"])
def test_allowed_names_of_private_addresses(cage, world, name):
    """A name on the list that its owner points inward: refused, and it says why."""
    host = stage.name(name)
    done = cage.attack("addresses", f"{host}:80", hosts=[f"{host}:80"])
    assert answered(done.said()) == [], done
    world.untouched()
    assert done.tried(host, verdict="deny"), done
    assert world.dns.asked(name), "the test is of what it resolved to"


def test_rebinding(cage, world):
    """The name's address changes between check and connect, and between two connections: never to a private one."""
    world.dns.turns["odd.outside.test"] = [[stage.ODD], ["127.0.0.1"], [stage.METADATA], ["127.0.0.1"]]
    script = "for i in 1 2 3 4 5 6; do curl -s --max-time 5 http://odd.outside.test/ok || echo failed; sleep 0.2; done"
    done = cage.bash(script, hosts=["odd.outside.test:80"])
    assert "all well" in done.out, done
    world.untouched()
    assert {row.get("address") for row in done.tried("odd.outside.test", verdict="allow")} == {stage.ODD}, done


def test_rebinding_with_both_in_one_answer(cage, world):
    world.dns.turns["odd.outside.test"] = [["127.0.0.1", stage.ODD, stage.METADATA]]
    done = cage.bash("for i in 1 2 3 4; do curl -s --max-time 5 http://odd.outside.test/ok || echo failed; done", hosts=["odd.outside.test:80"])
    world.untouched()
    assert "canary" not in done.out, done


def test_names_mean_nothing_by_themselves(cage, world):
    """Looking an allowed name up asks nobody; connecting does. The address is of the run's own range, and stays."""
    script = "import socket\nfor kind in (2, 10, 2): print(socket.getaddrinfo('odd.outside.test', 80, kind)[0][4][0])"
    done = cage.run("python3", "-c", script, hosts=["odd.outside.test:80"])
    assert len(done.out.splitlines()) == 3, done
    four, six, again = [line.split()[0] for line in done.out.splitlines()]
    assert four.startswith(("198.18.", "198.19.")) and six.startswith("fd6f:7768:616c:") and again == four, done
    assert world.dns.record.all() == []


@pytest.mark.parametrize("hosts", [["web.outside.test"], ["*.outside.test"]], ids=["one name", "wildcard"])
def test_dns_tunnel(cage, world, marker, hosts):
    with Wire(marker) as wire:
        done = cage.attack("tunnel", marker, stage.DNS, hosts=hosts)
        time.sleep(0.3)
    said = done.said()
    assert world.dns.record.all() == [], "a question left this machine"
    assert wire.seen == [] and wire.packets >= 0
    # No type but addresses ever has an answer.
    for what, got in said.items():
        if isinstance(got, list) and what.split()[-1] not in ("A", "AAAA", "long", "parent", "ANY"):
            assert got[1] == [], (what, got)
    if hosts == ["web.outside.test"]:
        denied = [row for row in done.tries if marker in row["host"]]
        assert denied and {row["verdict"] for row in denied} == {"deny"}, done


def test_dns_flood(cage, world):
    """Some thousand questions at once stop neither owhaled nor the run."""
    done = cage.attack("flood", hosts=["web.outside.test"])
    code, found = done.said()
    assert code == 0 and found, done
    assert len(done.tries) <= 256 and world.dns.record.all() == [], done


def test_other_protocols(cage, world, marker):
    """UDP, QUIC, ICMP, raw and packet sockets, SCTP, multicast: nothing leaves, UDP is reported."""
    with Wire(marker) as wire:
        done = cage.attack("strays", marker, stage.STRANGER, stage.STRANGER6, hosts=["web.outside.test"])
        time.sleep(0.2)
    said = done.said()
    assert wire.seen == [], said
    world.untouched()
    assert not [what for what, got in said.items() if got in ("sent", "connected") or marker in str(got)], said
    udp = {row["port"] for row in done.tries if row["how"] == "udp" and row["verdict"] == "deny"}
    assert {9, 443} <= udp, done
    assert done.warned("UDP") or done.warned("udp"), done


def test_the_wire_would_tell(world, marker):
    """The control of the tests above: what does leave is seen."""
    import socket
    with Wire(marker) as wire:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(marker.encode(), (stage.ECHO, 7))
        world.echo.datagrams.wait(lambda data: marker.encode() in data)
        time.sleep(0.1)
    assert wire.seen


def test_allowed_hosts_get_no_datagrams(cage, world, marker):
    """A host on the list is one for TCP."""
    with Wire(marker) as wire:
        done = cage.attack("strays", marker, stage.ECHO, stage.ODD6, hosts=[f"{stage.ECHO}:7,9,443,123", "echo.outside.test:7,443"])
    assert wire.seen == [] and world.echo.datagrams.all() == [], done
