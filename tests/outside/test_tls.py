"""TLS is passed through untouched, to the host whose name it says, and to no other."""

import pytest

import stage

TAPE, OTHER = "tape.outside.test", "evil.outside.test"


def test_good_hello_arrives_untouched(cage, world):
    """The control: byte for byte what the client sent."""
    done = cage.attack("hellos", TAPE, OTHER, "good", hosts=[f"{TAPE}:443"])
    tapes = world.tape.bytes()
    assert len(tapes) == 2 and all(b"tape.outside.test" in one and one[:2] == b"\x16\x03" for one in tapes), (done, tapes)


BAD = ["other name", "no name", "two names", "the extension twice", "empty name", "name with NUL", "address as name", "other type of name",
       "ech", "cut", "lengths that lie", "ssl 2", "too large", "not a hello", "alert", "plain http", "h2 preface", "binary"]


@pytest.mark.parametrize("part", [BAD[0::3], BAD[1::3], BAD[2::3]], ids=["first", "second", "third"])
def test_bad_hellos(cage, world, part):
    """None leads to a connection to the host, whose name is on the list: not one byte arrives."""
    done = cage.attack("hellos", TAPE, OTHER, *part, hosts=[f"{TAPE}:443"])
    assert [one for one in world.tape.bytes() if one] == [], (done.said(), world.tape.bytes())
    world.untouched()


@pytest.mark.parametrize("hello", ["other name", "no name", "ech"])
def test_reported(cage, hello):
    done = cage.attack("hellos", TAPE, OTHER, hello, hosts=[f"{TAPE}:443"])
    assert [row for row in done.tries if row["verdict"] == "deny" and row["reason"]], done
    assert done.warned("outside.test"), done


def test_name_of_another_allowed_host(cage, world):
    """Domain fronting: both names are on the list, yet each is for its own connection."""
    done = cage.attack("hellos", TAPE, "web.outside.test", "other name", hosts=[f"{TAPE}:443", "web.outside.test:443"])
    assert [one for one in world.tape.bytes() if one] == [], done


def test_allowed_name_to_a_raw_address(cage, world):
    """An allowed name in the hello does not open an address that the name does not have."""
    script = f"curl -sk --max-time 5 --noproxy '*' --resolve web.outside.test:443:{stage.STRANGER} https://web.outside.test/ || echo refused\n" \
             f"curl -sk --max-time 5 --noproxy '*' --connect-to ::{stage.STRANGER}:443 https://web.outside.test/ || echo refused"
    done = cage.bash(script, hosts=["web.outside.test:443"], proxy=False)
    world.untouched()
    assert "canary" not in done.out, done


def test_certificates_are_the_clients_to_check(cage):
    """The client sees the server's own certificate: not owhaled's."""
    script = "openssl s_client -connect web.outside.test:443 -servername web.outside.test </dev/null 2>/dev/null | openssl x509 -noout -issuer"
    done = cage.bash(script.replace("openssl", "/usr/bin/openssl"), hosts=["web.outside.test:443"], proxy=False)
    assert "owhale outside CA" in done.out, done


def test_hello_in_pieces(cage, world):
    """One byte at a time, and in records of five bytes: still one hello."""
    cage.put("pieces.py", """
import socket, time
from common import client_hello
import struct
hello = client_hello("tape.outside.test")
body = hello[5:]
records = b"".join(b"\\x16\\x03\\x01" + struct.pack("!H", len(body[i:i + 50])) + body[i:i + 50] for i in range(0, len(body), 50))
for data in (hello, records):
    with socket.create_connection(("tape.outside.test", 443), 5) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(0, len(data), 7):
            s.sendall(data[i:i + 7]); time.sleep(0.002)
        time.sleep(0.3)
""")
    from cage import HERE
    cage.put("common.py", (HERE / "attackers/common.py").read_text())
    done = cage.run("python3", "pieces.py", hosts=[f"{TAPE}:443"], proxy=False)
    assert done.code == 0, done
    tapes = [one for one in world.tape.bytes() if one]
    assert len(tapes) == 2 and all(one[:2] == b"\x16\x03" and len(one) > 300 for one in tapes), tapes

