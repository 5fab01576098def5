"""What a run's network is not: a way to owhaled itself, to another run, to the machine, or out of its budget."""

import os
import time

import pytest

import accounts
import cage as cages
import stage


def test_owhaleds_own_port(world, workspace):
    """The API over TCP is no host like others: not by name, not by address, not even by a rule."""
    import daemon
    base = daemon.folder()
    one = cages.Outside(base)
    one.flags = [flag for flag in one.flags]
    at = one.flags.index("--tcp")
    one.flags[at + 1] = "127.0.0.1:17717"
    one.start()
    try:
        world.forget()
        cage = cages.Cage(accounts.set_up(one, uid=61234), workspace, 61234)
        os.chown(workspace, 61234, 61234)
        targets = ["127.0.0.1:17717", "localhost:17717", "[::1]:17717", "[::ffff:127.0.0.1]:17717", "loop.outside.test:17717"]
        done = cage.attack("addresses", *targets, hosts=["loop.outside.test:17717", "127.0.0.0/8:17717"])
        assert not [what for what, got in done.said().items() if "not_found" in str(got) or "unauthenticated" in str(got)], done.said()
        assert not any(row["verdict"] == "allow" and row["down"] for row in done.tries), done
    finally:
        code = one.stop()
        daemon.remove(base)
    assert code == 0


def test_another_runs_listeners(cage, world, admin):
    """One run's proxy, names and addresses are nobody else's: a second run has only its own list."""
    first = cage.begin("sleep", "20", hosts=["odd.outside.test:80"])
    time.sleep(0.5)
    second = cage.bash("getent ahostsv4 odd.outside.test | head -1\ncurl -s --max-time 3 http://odd.outside.test/ok || echo refused\n"
                       "curl -s --max-time 3 http://198.18.0.1/ok || echo refused\ncurl -s --max-time 3 http://198.18.0.2/ok || echo refused",
                       hosts=["web.outside.test:80"])
    cage.kill(first)
    assert "all well" not in second.out and second.out.count("refused") == 3, second
    assert world.odd.record.all() == []
    assert cage.end(first).tries == []


def test_a_runs_ports_are_not_the_hosts(cage):
    """Neither its listeners nor its own servers can be reached from outside."""
    run = cage.begin("python3", "-m", "http.server", "8123", hosts=["web.outside.test"])
    time.sleep(0.8)
    import socket
    for port in (3128, 3129, 8123):
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
    cage.kill(run)


def test_its_own_servers(cage):
    """Loopback is the run's own, as in any cage."""
    done = cage.bash("python3 -m http.server --bind 127.0.0.1 8123 >/dev/null 2>&1 &\nfor i in $(seq 50); do curl -s -o /dev/null http://127.0.0.1:8123/ && break; sleep 0.1; done\n"
                     "curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:8123/; kill $!", hosts=["web.outside.test"])
    assert "200" in done.out, done


def test_the_hosts_loopback(cage, world):
    """What listens on the machine's loopback is not on the run's."""
    done = cage.bash("curl -s --max-time 2 http://127.0.0.1/ || echo no; curl -s -g --max-time 2 'http://[::1]/' || echo no",
                     hosts=["web.outside.test"], proxy=False)
    assert done.out.split() == ["no", "no"], done
    world.untouched()


def test_a_host_port(cage, world):
    """One named port of the machine's loopback, when it is asked for; no other."""
    done = cage.bash("curl -s --max-time 3 http://127.0.0.1:80/; curl -s --max-time 2 http://127.0.0.1:443/ || echo no",
                     hosts=["web.outside.test"], host_ports=[80], proxy=False)
    assert done.out == "canaryno\n", done
    assert {entry[2] for entry in world.canary.record.all()} == {80}
    assert [row for row in done.tries if row["how"] == "host-port" and row["port"] == 80], done


def test_rules_cannot_be_changed(cage):
    """Routes, addresses, nftables and resolv.conf are not the run's to write."""
    script = """
ip=/usr/sbin/ip; nft=/usr/sbin/nft
$ip route del local default dev lo 2>/dev/null && echo changed
$ip link add d0 type dummy 2>/dev/null && echo changed
$nft flush ruleset 2>/dev/null && echo changed
(echo nameserver 5.5.5.66 >/etc/resolv.conf) 2>/dev/null && echo changed
unshare -n true 2>/dev/null && echo "own namespace"
unshare -rn sh -c 'curl -s --max-time 2 http://evil.outside.test/ || true' 2>/dev/null
echo end
"""
    cage.put("client.sh", script)
    done = cage.run("bash", "./client.sh", hosts=["web.outside.test"])
    assert "changed" not in done.out and "end" in done.out and "canary" not in done.out, done


def test_ends_with_its_run(cage, world):
    """A connection does not outlive the run that made it."""
    run = cage.begin("python3", "-c", "import socket, time\ns = socket.create_connection(('echo.outside.test', 9000), 5); s.sendall(b'x'); s.recv(1)\n"
                     "print('up', flush=True); time.sleep(60)", hosts=["echo.outside.test:9000"], proxy=False)
    world.echo.record.wait(lambda entry: True, 10)
    count = lambda: len([1 for line in open("/proc/net/tcp").read().splitlines()[1:] if line.split()[3] == "01" and line.split()[2].endswith(":2328")])
    assert count() == 1
    cage.kill(run)
    cage.end(run)
    end = time.monotonic() + 3
    while count() and time.monotonic() < end:
        time.sleep(0.05)
    assert count() == 0


def test_many_connections(cage, world):
    """A thousand at once, all answered."""
    cage.put("many.py", """
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
held = [socket.create_connection(("echo.outside.test", 9000), 20) for _ in range(1000)]
for n, one in enumerate(held): one.sendall(b"%04d" % n)
print(sum(one.recv(4) == b"%04d" % n for n, one in enumerate(held)))
""")
    done = cage.run("python3", "many.py", hosts=["echo.outside.test:9000"], proxy=False)
    assert done.out.strip() == "1000", f"{done!r}; the server: {world.echo.lost}; {len(world.echo.record.all())} were served"
    [row] = done.tried("echo.outside.test")
    assert row["count"] == 1000 and row["up"] == row["down"] == 4000, done


def test_budgets(world, workspace):
    """Bytes and connections of one run have an end, which is said."""
    import daemon
    base = daemon.folder()
    one = cages.Outside(base, "--net-bytes", "4M", "--net-connections", "20").start()
    try:
        world.forget()
        os.chown(workspace, 61234, 61234)
        cage = cages.Cage(accounts.set_up(one, uid=61234), workspace, 61234)
        big = cage.bash("curl -s --max-time 10 'http://odd.outside.test/big?n=50000000' | wc -c; curl -s --max-time 3 http://odd.outside.test/ok || echo no",
                        hosts=["odd.outside.test:80"])
        assert 1_000_000 < int(big.out.split()[0]) <= 4 << 20 and "all well" not in big.out, big
        assert big.err, big
        many = cage.bash("for i in $(seq 40); do curl -s --fail --max-time 3 http://odd.outside.test/ok || echo no; done", hosts=["odd.outside.test:80"])
        assert 15 <= many.out.count("all well") <= 20 and "no" in many.out, many
    finally:
        one.stop()
        daemon.remove(base)


@pytest.mark.parametrize("name", ["EVIL.outside.TEST", "evil.outside.test.", "xn--evil-.outside.test", "ev\u0131l.outside.test"])
def test_spellings_of_a_name(cage, world, name):
    done = cage.run("curl", "-s", "--max-time", "5", f"http://{name}/", hosts=["web.outside.test:80"])
    assert "canary" not in done.out, done
    world.untouched()


def test_spelling_of_an_allowed_name(cage, world):
    done = cage.bash("curl -s --max-time 5 http://ODD.Outside.Test/ok; curl -s --max-time 5 http://odd.outside.test./ok", hosts=["odd.outside.test:80"])
    assert "all well" in done.out and {row["host"] for row in done.tries} == {"odd.outside.test"}, done


def test_report_survives(cage, admin):
    """What is shown later is what was shown at the end, and part of the signed receipt."""
    done = cage.bash("curl -s --max-time 5 http://odd.outside.test/ok; curl -s --max-time 5 http://evil.outside.test/ || true",
                     hosts=["odd.outside.test:80"])
    shown = admin.get(f"/v1/runs/{done.record['id']}").json()
    assert shown["network"] == done.network and done.network["connections"] >= 1
    receipt = shown["receipt"]
    assert receipt["net"] == "scoped" and receipt["scope"]["hosts"][0]["host"] == "odd.outside.test" and receipt["network"]["hosts"] == done.tries


def test_report_cannot_be_drowned(cage):
    """Whoever makes a great noise of refused names first does not hide what was reached afterwards."""
    done = cage.bash("""
python3 -c "
import socket
for number in range(400):
    try: socket.getaddrinfo(f'noise{number}.outside.test', 80)
    except OSError: pass
"
curl -sS --max-time 5 http://odd.outside.test/ok""", hosts=["odd.outside.test:80"])
    assert "all well" in done.out and done.tried("odd.outside.test", verdict="allow"), done
    assert len(done.tries) <= 256 and done.network["more"] > 0


def test_addresses_of_run(cage):
    """The stage is what it says: a run sees lo alone."""
    done = cage.bash("cat /proc/net/dev; cat /etc/resolv.conf", hosts=["web.outside.test"])
    devices = [line.split(":")[0].strip() for line in done.out.splitlines() if ":" in line and "|" not in line]
    assert "lo" in devices and not [one for one in devices if one.startswith(("eth", "en", "veth", "br"))], done
    assert "nameserver 127.0.0.1" in done.out and stage.DNS not in done.out
