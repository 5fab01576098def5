"""The red button: what runs is held still, nothing starts, and nobody but a person lets it go on."""

import re
import subprocess
import threading
import time

import pytest
from accounts import QUICK, add, events, set_up
from conftest import ALICE, BOB, needs_root


COUNT = "while :; do echo x; sleep 0.02; done"

pytestmark = needs_root


@pytest.fixture
def person(fresh, admin):
    """The human behind Alice's uid, on her own socket."""
    return add(admin, "anna", ["agent"], ALICE)


def length(owhaled, run, uid=None):
    return owhaled.get(f"/v1/runs/{run}", uid=uid).json()["stdout_length"]


def moves(owhaled, run, uid=None, patience=15):
    before, end = length(owhaled, run, uid), time.monotonic() + patience
    while length(owhaled, run, uid) == before:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def quiet(lengths, patience=15):
    """Whether these say nothing for half a second, once what was in the pipes is through."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = lengths()
        time.sleep(0.5)
        if lengths() == before:
            return True
    return False


def counter(owhaled, uid=ALICE, **more):
    run = owhaled.begun(uid, **{"argv": ["sh", "-c", COUNT], **more})
    end = time.monotonic() + 15
    while length(owhaled, run, uid) < 6:
        assert time.monotonic() < end, owhaled.get(f"/v1/runs/{run}", uid=uid)
        time.sleep(0.05)
    return run


def still(owhaled, run, uid=ALICE):
    return quiet(lambda: length(owhaled, run, uid))


def press(owhaled, uid=None, status=200, **body):
    answer = owhaled.ask("POST", "/v1/freeze", body, uid=uid)
    assert answer.status == status, answer
    return answer.json() if status == 200 else answer


def frozen(owhaled, uid=None):
    return [row["principal"] for row in owhaled.get("/v1/freeze", uid=uid).json()["freezes"]]


def test_a_run_that_counts_stops_and_goes_on(fresh, admin):
    run = counter(fresh)
    set_to = press(fresh, principal=f"unix:{ALICE}", reason="it looks wrong")
    assert set_to["principal"] == f"unix:{ALICE}" and set_to["by"] == "unix:0" and set_to["runs"] == 1, set_to
    assert set_to["reason"] == "it looks wrong" and "since" in set_to
    assert still(fresh, run)
    assert fresh.state_of(run, ALICE) == "running"
    left = admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
    assert left == {"freezes": []}
    assert moves(fresh, run, ALICE)


def test_nothing_starts_and_all_say_why(fresh, admin):
    run = counter(fresh)
    press(fresh, principal=f"unix:{ALICE}", reason="it looks wrong")
    for answer in (fresh.run(ALICE, argv=["true"], wait=True),
                   fresh.ask("POST", f"/v1/runs/{run}/exec", {"argv": ["true"], "wait": True}, uid=ALICE)):
        assert answer.status == 403 and answer.code == "frozen", answer
        assert "it looks wrong" in answer.text and re.search(r"since [-0-9]+T[0-9:]+Z by", answer.text), answer
        assert f"owhalectl thaw --principal unix:{ALICE}" in answer.text
    assert fresh.ran(BOB, argv=["true"])["exit_code"] == 0  # nobody else is held
    status = fresh.get("/v1/status").json()
    assert status["frozen"] == [f"unix:{ALICE}"]
    check = [row for row in fresh.get("/v1/doctor").json()["checks"] if row["name"] == "frozen"]
    assert check[0]["state"] == "weaker" and f"unix:{ALICE}" in check[0]["detail"]
    assert fresh.get("/v1/status", uid=BOB).json()["frozen"] == []


def test_everybody(fresh, admin):
    runs = [(uid, counter(fresh, uid)) for uid in (ALICE, BOB)]
    assert press(fresh)["runs"] == 2
    for uid, run in runs:
        assert still(fresh, run, uid)
        assert fresh.run(uid, argv=["true"]).code == "frozen"
    assert fresh.run(argv=["true"]).code == "frozen"
    assert frozen(fresh, ALICE) == ["*"]
    admin.do("DELETE", "/v1/freeze")
    for uid, run in runs:
        assert moves(fresh, run, uid)


def test_what_two_have_frozen_goes_on_when_both_let_it(fresh, admin):
    run = counter(fresh)
    press(fresh)
    press(fresh, principal=f"unix:{ALICE}")
    left = admin.do("DELETE", "/v1/freeze")
    assert [row["principal"] for row in left["freezes"]] == [f"unix:{ALICE}"] and left["freezes"][0]["runs"] == 1
    assert still(fresh, run)
    admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
    assert moves(fresh, run, ALICE)


def test_a_frozen_run_is_killed_at_once(fresh):
    run = counter(fresh)
    press(fresh, principal=f"unix:{ALICE}")
    begun = time.monotonic()
    assert fresh.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 30_000}, uid=ALICE).status == 200
    assert fresh.until(run, ["killed"], ALICE) == "killed"
    assert time.monotonic() - begun < 20


def test_signals_do_not_wake_it_and_its_output_can_be_read(fresh):
    run = counter(fresh)
    press(fresh, principal=f"unix:{ALICE}")
    for name in ("CONT", "TERM", "USR1"):
        assert fresh.ask("POST", f"/v1/runs/{run}/signal", {"signal": name}, uid=ALICE).status == 200
    assert still(fresh, run)
    assert fresh.get(f"/v1/runs/{run}/output", uid=ALICE).status == 200


def test_the_time_that_it_is_held_is_not_its_own(fresh, admin):
    run = counter(fresh, timeout_ms=6000)
    press(fresh, principal=f"unix:{ALICE}")
    time.sleep(6.2)
    assert fresh.state_of(run, ALICE) == "running"
    admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
    assert moves(fresh, run, ALICE)
    assert fresh.until(run, ["timed_out"], ALICE) == "timed_out"


def test_after_a_restart_the_refusal_remains(own):
    first = own(*QUICK).start()
    set_up(first)
    counter(first)
    press(first, principal=f"unix:{ALICE}", reason="before the restart")
    assert first.stop() == 0
    second = own(*QUICK).start()
    assert frozen(second) == [f"unix:{ALICE}"]
    answer = second.run(ALICE, argv=["true"])
    assert answer.code == "frozen" and "before the restart" in answer.text
    assert second.ran(BOB, argv=["true"])["exit_code"] == 0


def test_an_agent_cannot_thaw(fresh, admin, person):
    counter(fresh)
    agent = person.mint()
    press(fresh, ALICE, principal=f"unix:{ALICE}")
    path = f"/v1/freeze?principal=unix:{ALICE}"
    for answer in (fresh.ask("DELETE", path, uid=ALICE),  # its uid's own socket: no password there
                   agent.ask("DELETE", path),             # its token
                   person.ask("DELETE", path)):           # its human's token, read from the file, without the password
        assert answer.status == 403 and answer.code == "step_up_required", answer
    assert frozen(fresh) == [f"unix:{ALICE}"]
    assert person.do("DELETE", path) == {"freezes": []}


def test_a_person_undoes_what_it_did_and_not_what_others_did(fresh, admin, person):
    path = f"/v1/freeze?principal=unix:{ALICE}"
    press(fresh, principal=f"unix:{ALICE}")
    refused = person.ask("DELETE", path, step_up=True)
    assert refused.status == 403 and refused.code == "forbidden" and "unix:0" in refused.text, refused
    admin.do("DELETE", path)
    assert person.ask("POST", "/v1/freeze", {"principal": f"unix:{ALICE}"}).status == 200
    person.do("DELETE", path)
    assert person.ask("POST", "/v1/freeze", {"principal": f"unix:{BOB}"}).code == "forbidden"
    assert person.ask("POST", "/v1/freeze", {}).code == "forbidden"
    assert fresh.ask("POST", "/v1/freeze", {}, uid=ALICE).code == "forbidden"
    assert fresh.ask("POST", "/v1/freeze", {"principal": f"unix:{BOB}"}, uid=ALICE).code == "forbidden"
    assert frozen(fresh) == []


def test_another_uids_person_is_not_its_human(fresh, admin):
    other = add(admin, "bert", ["agent"], BOB)
    press(fresh, ALICE, principal=f"unix:{ALICE}")
    answer = other.ask("DELETE", f"/v1/freeze?principal=unix:{ALICE}", step_up=True)
    assert answer.status == 403 and answer.code == "forbidden", answer


def test_an_approver_presses_and_lets_go(fresh, admin):
    approver = add(admin, "vera", ["approver"])
    run = counter(fresh)
    assert approver.ask("POST", "/v1/freeze", {"principal": f"unix:{ALICE}"}).status == 200
    assert still(fresh, run)
    approver.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
    assert moves(fresh, run, ALICE)


def test_tokens_for_agents_are_suspended_and_the_person_is_not(fresh, admin, person):
    agent = person.mint()
    assert agent.ask("POST", "/v1/runs", {"argv": ["true"], "wait": True}).status == 200
    press(fresh, principal="user:anna")
    for method, path, body in (("GET", "/v1/runs", None), ("POST", "/v1/runs", {"argv": ["true"]}), ("GET", "/v1/status", None),
                               ("GET", "/v1/freeze", None), ("POST", "/v1/freeze", {"principal": "user:anna"})):
        answer = agent.ask(method, path, body)
        assert answer.status == 403 and answer.code == "frozen", (path, answer)
    assert agent.get("/v1/whoami").json()["principal"] == "user:anna"
    assert agent.get("/v1/health").status == 200
    assert person.get("/v1/runs").status == 200
    assert person.ask("POST", "/v1/runs", {"argv": ["true"]}).code == "frozen"
    admin.do("DELETE", "/v1/freeze?principal=user:anna")
    assert agent.ask("POST", "/v1/runs", {"argv": ["true"], "wait": True}).status == 200


def test_an_agents_open_channel_closes(fresh, admin):
    from test_standing import attached

    other = add(admin, "anna", ["agent"])
    agent = other.mint()
    run = agent.ask("POST", "/v1/runs", {"argv": ["sh", "-c", COUNT], "detach": True}).json()
    channel = attached(fresh, agent, run["id"])
    begun = time.monotonic()
    assert press(fresh, principal="user:anna")["runs"] == 1
    while channel.recv_data()[0] != 8:  # a close frame
        pass
    assert time.monotonic() - begun < 10
    seen = attached(fresh, other, run["id"])  # the person may look at it, and end it
    assert seen.recv_data()[0] == 2
    assert other.ask("POST", f"/v1/runs/{run['id']}/kill", {"grace_ms": 0}).status == 200
    fresh.until(run["id"], ["killed"])


def test_runs_that_start_while_the_button_is_pressed(fresh, admin):
    """However the turns fall: what was answered as started is held, and nothing starts after the answer."""
    for _ in range(4):
        begun, go = [], threading.Event()

        def start(connection):  # made by the main thread: ids are the whole process's
            while not go.is_set():
                answer = connection.ask("POST", "/v1/runs", {"argv": ["sh", "-c", COUNT], "detach": True})
                if answer.status == 201:
                    begun.append(answer.json()["id"])
                else:
                    assert answer.code == "frozen", answer

        threads = [threading.Thread(target=start, args=(fresh.connect(ALICE),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.25)
        press(fresh, principal=f"unix:{ALICE}")
        time.sleep(0.2)
        go.set()
        for thread in threads:
            thread.join()
        live = [run for run in begun if fresh.state_of(run, ALICE) in ("running", "starting")]
        assert live and quiet(lambda: [length(fresh, run, ALICE) for run in live])
        for run in live:
            fresh.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=ALICE)
        for run in live:
            fresh.until(run, ["killed"], ALICE)
        admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")


def test_what_entered_a_cage_is_held_with_it(fresh, admin):
    run = counter(fresh)
    answer = fresh.ask("POST", f"/v1/runs/{run}/exec", {"argv": ["sh", "-c", COUNT], "detach": True}, uid=ALICE)
    assert answer.status == 201, answer
    entered = answer.json()["id"]
    fresh.until(entered, ["running"], ALICE)
    assert press(fresh, principal=f"unix:{ALICE}")["runs"] == 2
    assert still(fresh, run) and still(fresh, entered)
    admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
    assert moves(fresh, run, ALICE) and moves(fresh, entered, ALICE)


@pytest.mark.parametrize("principal", ["", "run:0", "alice", "unix:", "unix:-1", "unix:01", "unix:99999999999", "user:", "user:A",
                                       "**", "unix:1 ", "device:x"])
def test_principals_that_are_none(fresh, principal):
    answer = fresh.ask("POST", "/v1/freeze", {"principal": principal})
    assert answer.status == 422 and answer.code == "invalid_value", answer
    assert frozen(fresh) == []


def test_bad_input(fresh, admin):
    assert fresh.ask("POST", "/v1/freeze", {"reason": "x" * 1025}).code == "invalid_value"
    assert fresh.ask("POST", "/v1/freeze", {"who": "x"}).status == 400
    gone = admin.ask("DELETE", "/v1/freeze?principal=unix:1", step_up=True)
    assert gone.status == 404 and gone.code == "not_found", gone
    press(fresh, principal="unix:1", reason="first")
    assert press(fresh, principal="unix:1", reason="second")["reason"] == "first"  # who pressed first is told


def test_the_log_has_who_and_why(fresh, admin):
    press(fresh, principal=f"unix:{ALICE}", reason="it looks wrong")
    admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
    pressed, let_go = events(fresh, "freeze.set")[0], events(fresh, "freeze.thaw")[0]
    assert pressed["principal"] == "unix:0" and pressed["data"]["frozen"] == f"unix:{ALICE}"
    assert pressed["data"]["reason"] == "it looks wrong"
    assert let_go["principal"] == "user:admin" and let_go["data"]["step_up"].startswith("password for DELETE /v1/freeze")


def test_a_full_disk_does_not_hold_the_button_up(own, base):
    state = base / "state"
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "owhale-test", str(state)], check=True)
    try:
        full = own(*QUICK).start()
        admin = set_up(full)
        run = counter(full)
        with open(state / "filler", "wb", buffering=0) as filler, pytest.raises(OSError):
            while True:
                filler.write(b"x" * 65536)
        for _ in range(60):  # what SQLite had left over takes a few events
            if full.run(None, argv=["/bin/true"], wait=True).status == 503:
                break
        said = press(full, principal=f"unix:{ALICE}")
        assert said["runs"] == 1 and "only until owhaled ends" in said["weaker"][-1], said
        assert still(full, run)
        assert full.run(ALICE, argv=["true"]).code == "frozen"
        (state / "filler").unlink()
        admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
        assert moves(full, run, ALICE)
        full.stop()
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)


def test_in_owhalectl(fresh, admin, base):
    from ctl import Ctl

    root, alice = Ctl(base, fresh), Ctl(base, fresh, ALICE)
    run = counter(fresh)
    said = root("freeze", "--principal", f"unix:{ALICE}", "-m", "it looks wrong")
    assert said == f"unix:{ALICE} is frozen: nothing starts, 1 run is held still\n"
    listed = root("freeze", "ls")
    assert f"unix:{ALICE}" in listed and "it looks wrong" in listed and "unix:0" in listed
    assert f"Frozen" in root("status") and f"unix:{ALICE}" in root("status")
    done = alice("run", "true", code=None)
    assert done.returncode == 125 and done.stderr.startswith("owhalectl: frozen: "), done
    refused = alice("thaw", "--principal", f"unix:{ALICE}", code=None)
    assert refused.returncode == 3 and "step_up_required" in refused.stderr, refused
    assert root("thaw", "--principal", f"unix:{ALICE}") == f"unix:{ALICE} goes on\n"
    assert moves(fresh, run, ALICE)
    assert root("-q", "freeze", "ls") == ""
    assert root("freeze").startswith("everybody is frozen")
    assert root("-q", "freeze", "ls") == "*\n"
    assert root("thaw") == "everybody goes on\n"


ASKS = """
import json, socket, time
body = json.dumps({"argv": ["sh", "-c", %r], "detach": True}).encode()
with socket.socket(socket.AF_UNIX) as s:
    s.connect("/run/owhaled/owhaled.sock")
    s.sendall(b"POST /v1/runs HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: %%d\\r\\n\\r\\n" %% len(body) + body)
    print(s.recv(65536).split(b"\\r\\n")[0].decode(), flush=True)
    while True:
        print("x", flush=True)
        time.sleep(0.02)
""" % COUNT


def test_a_runs_runs_are_held_with_whoever_made_the_first(fresh, admin):
    run = counter(fresh, argv=["/usr/bin/python3", "-c", ASKS], profile="agent")
    said = fresh.get(f"/v1/runs/{run}/output", uid=ALICE)
    assert b"201" in said.body, said
    assert press(fresh, principal=f"unix:{ALICE}")["runs"] == 2
    child = [row["id"] for row in fresh.get("/v1/runs?all=1").json()["runs"] if row["principal"] == f"run:{run}"][0]
    assert quiet(lambda: [length(fresh, run, ALICE), length(fresh, child)])
    admin.do("DELETE", f"/v1/freeze?principal=unix:{ALICE}")
    assert moves(fresh, run, ALICE) and moves(fresh, child)
