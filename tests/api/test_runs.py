"""Runs over HTTP: started, waited for, read, signalled, ended, removed."""

import base64
import hashlib
import time

import pytest

from client import request as http_request

ENDED = {"exited", "signaled", "timed_out", "limit_exceeded", "killed", "failed"}


def test_a_waited_run_answers_with_all_of_it(owhaled, uid):
    run = owhaled.ran(uid, argv=["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
    assert run["state"] == "exited" and run["exit_code"] == 3
    assert run["stdout"] == "out\n" and run["stderr"] == "err\n" and run["truncated"] is False
    assert run["verdict"]["decision"] == "allow"
    assert run["timing"] and all(isinstance(value, int) for value in run["timing"].values())
    receipt = run["receipt"]
    assert receipt["run"] == run["id"] and receipt["state"] == "exited" and receipt["exit_code"] == 3
    assert {"pid", "mount", "net"} <= set(receipt["namespaces"])
    assert receipt["uid"] != 0 and receipt["net"] == "none" and len(receipt["seccomp_digest"]) == 64


def test_argv_is_exact(owhaled, uid):
    words = ["", " ", "a b", "*", "$HOME", "é🐋", "'\"", "\n", "-n", "\x01"]
    run = owhaled.ran(uid, argv=["/usr/bin/printf", "[%s]"] + words)
    assert run["stdout"] == "".join(f"[{word}]" for word in words)


def test_a_script_with_arguments(owhaled, uid):
    run = owhaled.ran(uid, script='echo "$1-$2"; exit 5', args=["a", "b c"])
    assert run["stdout"] == "a-b c\n" and run["exit_code"] == 5


@pytest.mark.parametrize("language, code", [
    ("python", "import sys; print(6 * 7, *sys.argv[1:])"),
    ("bash", 'echo $((6 * 7)) "$@"'),
    ("perl", 'print join(" ", 6 * 7, @ARGV), "\\n"'),
    ("javascript", "console.log(6 * 7, ...process.argv.slice(2))"),
    ("typescript", "const n: number = 42; console.log(n, ...process.argv.slice(2))"),
    ("ruby", 'puts ([6 * 7] + ARGV).join(" ")'),
])
def test_code(owhaled, uid, language, code):
    answer = owhaled.run(uid, wait=True, language=language, code=code, args=["x", "y"])
    if answer.status != 200:
        assert answer.code == "language_missing" and language in answer.text
        assert "apt" in answer.text or "install" in answer.text, "the error names the package"
        return
    assert answer.json()["stdout"] == "42 x y\n", answer


def test_stdin_is_given_whole_or_is_empty(owhaled, uid):
    assert owhaled.ran(uid, argv=["cat"], stdin="in\né")["stdout"] == "in\né"
    data = bytes(range(256)) * 4096
    run = owhaled.ran(uid, argv=["sha256sum"], stdin_base64=base64.b64encode(data[:700_000]).decode())
    assert run["stdout"].split()[0] == hashlib.sha256(data[:700_000]).hexdigest()
    assert owhaled.ran(uid, argv=["cat"])["stdout"] == ""


def test_stdin_that_nobody_reads_does_not_hold_the_run(owhaled, uid):
    assert owhaled.ran(uid, argv=["/bin/true"], stdin="x" * 900_000)["exit_code"] == 0


def test_the_environment_is_the_profiles_and_the_requests(owhaled, uid):
    run = owhaled.ran(uid, argv=["env"], env={"GREETING": "hello world", "EMPTY": ""})
    variables = dict(line.split("=", 1) for line in run["stdout"].splitlines())
    assert variables["GREETING"] == "hello world" and variables["EMPTY"] == ""
    assert not any(name.startswith("OWHALE_") for name in variables), "owhaled's own environment stays its own"
    assert "PATH" in variables


def test_output_that_is_not_utf8_comes_as_base64(owhaled, uid):
    run = owhaled.ran(uid, argv=["printf", r"\377\000ok"])
    assert run["stdout_encoding"] == "base64" and base64.b64decode(run["stdout"]) == b"\xff\0ok"
    assert "stderr_encoding" not in run


def test_without_wait_the_answer_is_201_and_the_run_goes_on(owhaled, uid):
    begun = time.monotonic()
    run = owhaled.begun(uid, argv=["sleep", "3"])
    assert time.monotonic() - begun < 2.9
    assert owhaled.state_of(run, uid) in ("starting", "running")
    answer = owhaled.get(f"/v1/runs/{run}/wait", uid=uid)
    assert answer.status == 200 and answer.json()["state"] == "exited" and answer.json()["exit_code"] == 0


def test_a_bounded_wait_answers_with_what_is(owhaled, uid):
    run = owhaled.begun(uid, argv=["sleep", "20"])
    begun = time.monotonic()
    answer = owhaled.get(f"/v1/runs/{run}/wait", uid=uid, headers={"Prefer": "wait=1"})
    assert answer.status == 200 and answer.json()["state"] == "running"
    assert 0.8 < time.monotonic() - begun < 15
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid)


def test_output_by_offset(owhaled, uid):
    run = owhaled.ran(uid, argv=["printf", "0123456789"])["id"]

    def output(query):
        return owhaled.get(f"/v1/runs/{run}/output?{query}", uid=uid)

    assert output("stream=stdout").body == b"0123456789"
    part = output("stream=stdout&offset=3&limit=4")
    assert part.body == b"3456"
    assert part.headers["owhale-offset"] == "3" and part.headers["owhale-length"] == "10"
    assert part.headers["owhale-state"] == "exited"
    assert output("stream=stdout&offset=10").body == b""
    assert output("stream=stderr").body == b""


def test_output_is_followed_by_waiting_for_more(owhaled, uid):
    seen, begun = b"", time.monotonic()
    run = owhaled.begun(uid, script="echo one; sleep 1; echo two")
    while time.monotonic() - begun < 30:
        answer = owhaled.get(f"/v1/runs/{run}/output?stream=stdout&wait=1&offset={len(seen)}", uid=uid)
        seen += answer.body
        if not answer.body and answer.headers["owhale-state"] in ENDED:
            break
    assert seen == b"one\ntwo\n"
    assert 0.8 < time.monotonic() - begun < 20


def test_a_flood_is_kept_head_and_tail_with_its_true_length(owhaled, uid):
    run = owhaled.ran(uid, script="echo first; head -c 40000000 /dev/zero | tr '\\0' x; echo; echo last")
    assert run["exit_code"] == 0 and run["truncated"] is True
    assert run["stdout_length"] == 40_000_000 + len("first\n\nlast\n")
    assert run["stdout"].startswith("first\n") and run["stdout"].endswith("last\n")
    assert len(run["stdout"]) < 9_000_000
    answer = owhaled.get(f"/v1/runs/{run['id']}/output?stream=stdout", uid=uid)
    assert "owhale-truncated" in answer.headers


def test_the_list_is_the_callers_newest_first_in_pages(owhaled, uid):
    ids = [owhaled.ran(uid, argv=["/bin/true"])["id"] for _ in range(3)]
    page = owhaled.get("/v1/runs?limit=2", uid=uid).json()
    assert [run["id"] for run in page["runs"]] == [ids[2], ids[1]]
    assert "receipt" not in page["runs"][0] and "stdout" not in page["runs"][0]
    rest = owhaled.get(f"/v1/runs?limit=1&before={page['next']}", uid=uid).json()
    assert [run["id"] for run in rest["runs"]] == [ids[0]]


def test_show_gives_the_receipt_after_the_end(owhaled, uid):
    run = owhaled.ran(uid, argv=["/bin/false"])
    shown = owhaled.get(f"/v1/runs/{run['id']}", uid=uid).json()
    assert shown["receipt"] == run["receipt"] and shown["exit_code"] == 1


@pytest.mark.parametrize("name", ["TERM", "SIGTERM", "15"])
def test_a_signal_by_any_of_its_names(owhaled, uid, name):
    run = owhaled.begun(uid, argv=["sleep", "30"])
    owhaled.until(run, {"running"}, uid)
    assert owhaled.ask("POST", f"/v1/runs/{run}/signal", {"signal": name}, uid=uid).status == 200
    ended = owhaled.get(f"/v1/runs/{run}/wait", uid=uid).json()
    assert (ended["state"], ended["signal"], ended["exit_code"]) == ("signaled", "SIGTERM", 143)


@pytest.mark.parametrize("name", ["", "SIGNOPE", "0", "65", "-9", "9; rm"])
def test_a_signal_that_is_none(owhaled, uid, name):
    run = owhaled.begun(uid, argv=["sleep", "30"])
    answer = owhaled.ask("POST", f"/v1/runs/{run}/signal", {"signal": name}, uid=uid)
    assert answer.code == "invalid_value" and "signal" in answer.text
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid)


def test_kill_ends_even_what_ignores_sigterm(owhaled, uid):
    run = owhaled.begun(uid, script="trap '' TERM; echo ready; sleep 60 & wait; sleep 60")
    owhaled.get(f"/v1/runs/{run}/output?stream=stdout&wait=1", uid=uid)
    assert owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 300}, uid=uid).status == 200
    ended = owhaled.get(f"/v1/runs/{run}/wait", uid=uid, headers={"Prefer": "wait=10"}).json()
    assert ended["state"] == "killed" and ended["exit_code"] == 137


@pytest.mark.parametrize("first, second", [(300, 3_600_000), (3_600_000, 300)])
def test_an_end_that_is_on_its_way_is_put_off_by_nobody(owhaled, uid, first, second):
    """Whoever may kill a run, the agent among them, would keep it alive with one grace after another."""
    run = owhaled.begun(uid, script="trap '' TERM; echo ready; sleep 90 & wait; sleep 90")
    owhaled.get(f"/v1/runs/{run}/output?stream=stdout&wait=1", uid=uid)
    for grace in (first, second):
        assert owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": grace}, uid=uid).status == 200
    ended = owhaled.get(f"/v1/runs/{run}/wait", uid=uid, headers={"Prefer": "wait=60"}).json()
    assert ended["state"] == "killed" and ended["exit_code"] == 137, ended


def test_a_kill_with_a_long_grace_does_not_put_off_the_timeout(owhaled, uid):
    run = owhaled.begun(uid, script="trap '' TERM; echo ready; sleep 90 & wait; sleep 90", timeout_ms=2000)
    owhaled.get(f"/v1/runs/{run}/output?stream=stdout&wait=1", uid=uid)
    assert owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 3_600_000}, uid=uid).status == 200
    ended = owhaled.get(f"/v1/runs/{run}/wait", uid=uid, headers={"Prefer": "wait=60"}).json()
    assert ended["exit_code"] == 137 and ended["state"] == "killed", ended


def test_kill_takes_no_body_too(owhaled, uid):
    run = owhaled.begun(uid, argv=["sleep", "30"])
    assert owhaled.ask("POST", f"/v1/runs/{run}/kill", uid=uid).status == 200
    assert owhaled.get(f"/v1/runs/{run}/wait", uid=uid).json()["state"] == "killed"


def test_delete_is_409_while_it_lives_and_204_after(owhaled, uid):
    run = owhaled.begun(uid, argv=["sleep", "30"])
    assert owhaled.ask("DELETE", f"/v1/runs/{run}", uid=uid).code == "run_live"
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid)
    owhaled.get(f"/v1/runs/{run}/wait", uid=uid)
    assert owhaled.ask("DELETE", f"/v1/runs/{run}", uid=uid).status == 204
    assert owhaled.get(f"/v1/runs/{run}", uid=uid).code == "not_found"
    assert owhaled.ask("DELETE", f"/v1/runs/{run}", uid=uid).code == "not_found"


@pytest.mark.parametrize("verb, body", [("signal", {"signal": "TERM"}), ("kill", {}), ("exec", {"argv": ["true"]})])
def test_what_needs_a_live_run_is_409_after_its_end(owhaled, uid, verb, body):
    run = owhaled.ran(uid, argv=["/bin/true"])["id"]
    assert owhaled.ask("POST", f"/v1/runs/{run}/{verb}", body, uid=uid).code == "run_ended"


def test_exec_joins_the_runs_cage(owhaled, uid, workspace):
    run = owhaled.begun(uid, script="echo secret > /tmp/inside; sleep 30", cwd=str(workspace))
    owhaled.until(run, {"running"}, uid)
    end = time.monotonic() + 20
    while True:
        answer = owhaled.ask("POST", f"/v1/runs/{run}/exec", {"argv": ["cat", "/tmp/inside"], "wait": True}, uid=uid)
        assert answer.status == 200, answer
        if answer.json()["exit_code"] == 0 or time.monotonic() > end:
            break
    assert answer.json()["stdout"] == "secret\n" and answer.json()["joined"] == run
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid)


def test_a_timeout_ends_with_124(owhaled, uid):
    begun = time.monotonic()
    run = owhaled.ran(uid, argv=["sleep", "30"], timeout_ms=500)
    assert (run["state"], run["exit_code"]) == ("timed_out", 124)
    assert time.monotonic() - begun < 25


def test_why_points_at_what_would_change_it(owhaled, uid):
    run = owhaled.ran(uid, script="echo x > /etc/owhale-test")
    assert run["exit_code"] != 0
    why = owhaled.get(f"/v1/runs/{run['id']}/why", uid=uid).json()
    assert why["id"] == run["id"] and "/etc/owhale-test" in str(why["hints"]), why
    assert all(hint["what"] and hint["next"] for hint in why["hints"])


def test_the_workspace_is_writable_and_the_file_is_the_callers(owhaled, uid, workspace):
    run = owhaled.ran(uid, script="echo made > file; id -u", cwd=str(workspace))
    assert run["exit_code"] == 0, run
    assert (workspace / "file").read_text() == "made\n"
    assert (workspace / "file").stat().st_uid == workspace.stat().st_uid == int(run["stdout"])


def test_the_same_idempotency_key_is_the_same_run(owhaled, uid, workspace):
    key = {"Idempotency-Key": f"test-{time.time_ns()}"}
    request = dict(script="echo x >> count; cat count", cwd=str(workspace))
    first = owhaled.run(uid, key, wait=True, **request)
    again = owhaled.run(uid, key, wait=True, **request)
    assert first.status == again.status == 200, (first, again)
    assert first.json()["id"] == again.json()["id"]
    assert (workspace / "count").read_text() == "x\n"
    other = owhaled.run(uid, key, wait=True, script="echo other", cwd=str(workspace))
    assert other.code == "conflict"


def test_a_client_that_vanishes_ends_the_run_it_waited_for(owhaled, uid, workspace):
    with owhaled.connect(uid) as connection:
        connection.send(http_request("POST", "/v1/runs", {"script": "echo $$ > pid; sleep 60", "cwd": str(workspace),
                                                     "wait": True}))
        end = time.monotonic() + 20
        while not (workspace / "pid").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        run = owhaled.get("/v1/runs?limit=1", uid=uid).json()["runs"][0]["id"]
    assert owhaled.until(run, ENDED | {"cancelled"}, uid, patience=20) in ("killed", "cancelled")


def test_a_client_that_vanishes_in_mid_answer_costs_nothing(owhaled, uid):
    run = owhaled.ran(uid, argv=["head", "-c", "4000000", "/dev/zero"])["id"]
    descriptors = owhaled.descriptors()
    for _ in range(20):
        connection = owhaled.connect(uid).send(http_request("GET", f"/v1/runs/{run}/output?stream=stdout"))
        connection.socket.recv(1000)
        connection.close()
    end = time.monotonic() + 20
    while owhaled.descriptors() > descriptors + 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert owhaled.get("/v1/health").status == 200


def test_many_runs_at_once(owhaled, uid):
    ids = [owhaled.begun(uid, argv=["sh", "-c", f"sleep 0.2; echo {i}"]) for i in range(30)]
    for i, run in enumerate(ids):
        assert owhaled.get(f"/v1/runs/{run}/wait", uid=uid).json()["exit_code"] == 0
        assert owhaled.get(f"/v1/runs/{run}/output?stream=stdout", uid=uid).body == f"{i}\n".encode()


def test_an_end_that_was_answered_outlives_kill_9(own, uid):
    """The answer may go out before the row is written: the log has the outcome by then, and the next start takes it from there."""
    one = own()
    one.environment["OWHALE_CRASH_AT"] = "run.answered"
    one.start()
    try:
        one.run(uid, wait=True, argv=["/bin/sh", "-c", "echo out; exit 3"])
    except (ConnectionError, OSError, EOFError):
        pass  # it may be the last that owhaled sent, or not
    one.stop()
    assert "code=137" in one.said()
    del one.environment["OWHALE_CRASH_AT"]
    one.start()
    [listed] = one.get("/v1/runs", uid=uid).json()["runs"]
    run = one.get(f"/v1/runs/{listed['id']}", uid=uid).json()
    assert run["state"] == listed["state"] == "exited" and run["exit_code"] == 3 and "error" not in run, run
    assert run["receipt"]["run"] == run["id"] and run["receipt"]["exit_code"] == 3 and run["receipt"]["signature"]
    assert run["started"] <= run["ended"] == run["receipt"]["ended"]
    assert run["stdout_length"] == 4 and one.get(f"/v1/runs/{run['id']}/output?stream=stdout", uid=uid).body == b"out\n"
    [outcome] = one.get(f"/v1/audit?run={run['id']}&event=run.outcome").json()["events"]
    assert outcome["event"]["outcome"] == "exited" and outcome["event"]["data"]["receipt"] == run["receipt"]
    assert one.get(f"/v1/runs/{run['id']}/wait", uid=uid).json()["exit_code"] == 3
