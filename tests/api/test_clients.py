"""The example clients (tests/api/clients), each as its users run it: against a real owhaled, over both its listeners."""

import os
import pathlib
import shutil
import subprocess
import time

import pytest

import over_tcp
from conftest import needs_root
from daemon import BUILD
from people_who_agree import House

HERE = pathlib.Path(__file__).parent / "clients"
NODE = shutil.which("nodejs") or shutil.which("node")
CLIENTS = {"python": ["/usr/bin/python3", str(HERE / "owhale.py")], "node": [NODE, str(HERE / "owhale.mjs")],
           "cpp": [str(BUILD / "tests/api/owhale-client")]}


@pytest.fixture(params=CLIENTS)
def client(request):
    return CLIENTS[request.param]


def started(client, *words, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OWHALE_")}
    return subprocess.Popen([*client, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env={**clean, **environment})


def ran(client, *words, stdin="", **environment):
    process = started(client, *words, **environment)
    out, err = process.communicate(stdin, timeout=60)
    return process.returncode, out, err


def at(owhaled):
    return {"OWHALE_SOCKET": str(owhaled.socket)}


def test_run(owhaled, client):
    assert ran(client, "run", "--", "sh", "-c", "echo out; echo err >&2; exit 3", **at(owhaled)) == (3, "out\n", "err\n")


def test_stream_with_stdin(owhaled, client):
    assert ran(client, "stream", "--", "sh", "-c", "cat; exit 4", stdin="hello\n", **at(owhaled)) == (4, "hello\n", "")


def test_a_lot_through_the_channel_and_back_arrives_whole(owhaled, client):
    data = "0123456789abcdef\n" * 20_000
    assert ran(client, "stream", "--", "cat", stdin=data, **at(owhaled)) == (0, data, "")


def test_output_is_live(owhaled, client):
    process = started(client, "stream", "--", "sh", "-c", "echo first; read line; echo got $line", **at(owhaled))
    assert process.stdout.readline() == "first\n"  # while it still waits for us
    out, err = process.communicate("it\n", timeout=60)
    assert (process.returncode, out, err) == (0, "got it\n", "")


def test_attach_to_what_runs_resize_detach_and_attach_again(owhaled, client):
    answer = owhaled.run(detach=True, stdin_open=True, tty=True, rows=10, cols=20,
                         script="read a; stty size; echo one-$a; read b; echo two-$b")
    run = answer.json()["id"]
    assert ran(client, "attach", run, "--detach", stdin="x\n", **at(owhaled))[0] == 0
    code, out, err = ran(client, "attach", run, stdin="y\n", **at(owhaled))
    assert code == 0 and "40 100" in out and "one-x" in out and "two-y" in out, (code, out, err)


def test_what_is_refused_says_its_code(owhaled, client):
    code, out, err = ran(client, "run", "--", "/no/such/program", **at(owhaled))
    assert code in (125, 127) and out == "" and "program_not_found" in err, (code, err)
    code, _, err = ran(client, "attach", "01900000-0000-7000-8000-000000000000", **at(owhaled))
    assert code == 125 and err.startswith("not_found: "), err


def test_every_word_of_the_command_arrives(owhaled, client):
    words = ("printf", "<%s>", "a", "--", "-b", "")
    assert ran(client, "run", "--", *words, **at(owhaled)) == (0, "<a><--><-b><>", "")


def test_no_token_goes_over_plain_http_to_another_machine(client):
    code, out, err = ran(client, "run", "--", "true", OWHALE_HOST="http://192.0.2.1:7717", OWHALE_TOKEN="secret")
    assert (code, out) == (125, "") and "plain HTTP to 192.0.2.1" in err, err


def test_nobody_there(client, tmp_path):
    code, _, err = ran(client, "run", "--", "true", OWHALE_SOCKET=str(tmp_path / "none"))
    assert code == 125 and err.startswith("unreachable: "), err
    assert client is CLIENTS["cpp"] or str(tmp_path / "none") in err, err


@pytest.mark.parametrize("name", ["python", "node"])
def test_wrong_words_are_answered_with_the_usage(name):
    for words in ((), ("run",), ("run", "--"), ("attach",), ("constructor", "x"), ("odd", "x")):
        code, out, err = ran(CLIENTS[name], *words)
        assert (code, out) == (2, "") and err.startswith("usage: owhale."), (words, err)
    code, out, err = ran(CLIENTS[name], "--help")
    assert (code, err) == (0, "") and out.startswith("usage: owhale."), (out, err)


def test_over_tls_with_a_token_and_the_right_fingerprint_alone(own, client):
    daemon = over_tcp.listening(own, "--tls", "on")
    token = over_tcp.first_account(daemon)
    where = {"OWHALE_HOST": f"https://127.0.0.1:{daemon.tcp[1]}", "OWHALE_TOKEN": token, "OWHALE_FINGERPRINT": daemon.fingerprint}
    assert ran(client, "run", "--", "echo", "far", **where)[:2] == (0, "far\n")
    assert ran(client, "stream", "--", "cat", stdin="far\n", **where)[:2] == (0, "far\n")
    code, _, err = ran(client, "run", "--", "true", **{**where, "OWHALE_FINGERPRINT": "SHA256:" + "0" * 64})
    assert code == 125 and "fingerprint" in err, err
    code, _, err = ran(client, "run", "--", "true", **{**where, "OWHALE_TOKEN": "none"})
    assert code == 125 and "token_malformed" in err, err


def test_429_is_waited_for(own, client):
    daemon = own("--api-rate", "60", "--api-burst", "1").start()
    begun = time.monotonic()
    results = [ran(client, "run", "--", "true", **at(daemon)) for _ in range(3)]
    assert all(result == (0, "", "") for result in results), (results, time.monotonic() - begun)


def pending(house, patience=60):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := house.admin.get("/v1/approvals?state=pending&all=1").json()["approvals"]:
            return found[0]
        time.sleep(0.1)
    raise AssertionError("nobody asked")


@needs_root
def test_what_needs_approval_says_how_waits_and_goes_on(own, client):
    house = House(own)
    process = started(client, "ask", "--", "seq", "3", **at(house.d))
    approval = pending(house)
    assert process.stderr.readline() == f"needs approval: owhalectl approve {approval['id']}\n"
    assert house.approve(approval).status == 200
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "1\n2\n3\n", "")


@needs_root
def test_what_was_denied_ends_with_its_code(own, client):
    house = House(own)
    process = started(client, "ask", "--", "seq", "3", **at(house.d))
    assert house.deny(pending(house), reason="not today").status == 200
    _, err = process.communicate(timeout=60)
    assert process.returncode == 125 and "approval_denied" in err and "not today" in err, err


@needs_root
def test_owhaled_restarted_under_the_wait_for_an_approval(own, client):
    house = House(own)
    process = started(client, "ask", "--", "seq", "3", **at(house.d))
    approval = pending(house)
    assert process.stderr.readline().startswith("needs approval: ")
    house.d.stop()
    house.d.start()
    assert process.poll() is None
    assert house.deny(pending(house), reason="not now").status == 200
    _, err = process.communicate(timeout=90)
    assert process.returncode == 125 and "approval_denied" in err and "not now" in err, (approval["id"], err)


@needs_root
def test_what_is_agreed_to_after_a_restart_is_claimed_and_goes_on(own, client):
    house = House(own)
    process = started(client, "ask", "--", "seq", "3", **at(house.d))
    pending(house)
    assert process.stderr.readline().startswith("needs approval: ")
    house.d.stop()
    house.d.start()
    assert house.approve(pending(house)).status == 200
    out, err = process.communicate(timeout=90)
    assert (process.returncode, out, err) == (0, "1\n2\n3\n", "")


def test_owhaled_gone_under_a_stream_is_said(own, client):
    daemon = own().start()
    process = started(client, "stream", "--", "sh", "-c", "echo first; sleep 100", **at(daemon))
    assert process.stdout.readline() == "first\n"
    daemon.process.kill()
    daemon.stop()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 125 and "the channel was lost" in err, err
