"""The daemon's own life: what it starts on, what it refuses to start on, and how it ends."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

import daemon
from conftest import needs_root


def quick(*flags, environment=None):
    """owhaled asked something that it answers without serving."""
    return subprocess.run([str(daemon.BINARY), *flags], capture_output=True, text=True, timeout=20,
                          env={"XDG_RUNTIME_DIR": "/tmp", **os.environ, **(environment or {})})


def test_a_second_one_on_the_same_state_is_refused(own, base):
    first = own().start()
    second = daemon.Owhaled(base, "--runtime-dir", str(base / "run2"), socket=base / "second.sock")
    second.log = base / "second.log"
    code, said = second.refuses()
    assert code == 1 and str(first.state) in said, said
    assert first.get("/v1/health").status == 200
    assert not (base / "second.sock").exists()


def test_a_second_one_on_the_same_socket_is_refused(own, base):
    first = own().start()
    second = daemon.Owhaled(base / "other", socket=first.socket)
    second.base.mkdir(mode=0o755, exist_ok=True)
    code, said = second.refuses()
    assert code == 1 and str(first.socket) in said, said
    assert first.get("/v1/health").status == 200


def test_the_socket_of_a_dead_one_is_taken_over(own, base):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(base / "owhaled.sock"))
    dead.close()
    assert own().start().get("/v1/health").status == 200


def test_a_socket_path_that_is_something_else_is_left_alone(own, base):
    (base / "owhaled.sock").write_text("precious")
    code, said = own().refuses()
    assert code == 1 and str(base / "owhaled.sock") in said, said
    assert (base / "owhaled.sock").read_text() == "precious"


def test_a_socket_path_longer_than_sun_path_is_refused(own, base):
    path = base / ("x" * 120)
    code, said = own(socket=path).refuses()
    assert code == 1 and "107" in said and str(path) in said, said


def test_a_configuration_with_a_typo_names_the_key_and_the_nearest(own, base):
    config = base / "owhaled.conf"
    config.write_text("# mine\nkill-grase = 5s\n")
    code, said = own("--config", str(config)).refuses()
    assert code == 1, said
    for part in ("kill-grase", "kill-grace", str(config), "2"):
        assert part in said, (part, said)


@pytest.mark.parametrize("line", ["mode = lax", "kill-grace = soon", "max-body = -1", "nonsense", "[mode", "memory = 1X"])
def test_a_configuration_that_means_nothing_is_refused_with_its_place(base, line):
    config = base / "owhaled.conf"
    config.write_text("# one\n" + line + "\n")
    answer = quick("--config", str(config), "--check-config")
    assert answer.returncode == 1 and f"{config}:2: " in answer.stderr and " (" in answer.stderr, answer


def test_all_mistakes_are_told_at_once(own, base):
    config = base / "owhaled.conf"
    config.write_text("mode = lax\nkill-grase = 5s\nnonsense\nmax-body = -1\nstate-dir = here\nmode = local\nunix-roles = no-such-user=agent\n")
    answer = quick("--config", str(config), "--check-config")
    assert answer.returncode == 1 and answer.stdout == "", answer
    for line, word in ((1, "lax"), (2, "kill-grace"), (3, "key = value"), (4, "-1"), (5, "absolute"), (6, "twice")):
        assert sum(f"{config}:{line}: " in said and word in said for said in answer.stderr.splitlines()) == 1, (line, answer)
    assert "no-such-user" in answer.stderr
    code, said = own("--config", str(config)).refuses()
    assert code == 1 and said.count(f"owhaled: {config}:") == 5, said  # its state folder is a flag's


def test_a_place_that_is_not_there_is_warned_of(base):
    config = base / "owhaled.conf"
    names = ("profile-dir", "spawner", "policy-dir", "hosts-dir", "state-dir", "vault-key-file")
    config.write_text("".join(f"{name} = {base}/none/{name}\n" for name in names) + f"socket = {base}/none/sock\n")
    answer = quick("--config", str(config), "--check-config")
    assert answer.returncode == 0 and "valid" in answer.stdout, answer
    for name in names:
        assert f"warning: {name}: {base}/none/{name} is not there" in answer.stderr, answer
    assert f"socket: the folder of {base}/none/sock is not there" in answer.stderr
    config.write_text(f"state-dir = {base}\n")
    assert "is not there" not in quick("--config", str(config), "--check-config").stderr


def test_a_key_that_stands_twice_is_refused(base):
    config = base / "owhaled.conf"
    config.write_text("mode = local\nmode = strict\n")
    answer = quick("--config", str(config), "--check-config")
    assert answer.returncode == 1 and "mode" in answer.stderr, answer


def test_a_flag_and_a_variable_with_a_typo(base):
    answer = quick("--kil-grace", "5s")
    assert answer.returncode == 2 and "kill-grace" in answer.stderr, answer
    answer = quick("--check-config", environment={"OWHALE_KILL_GRACE": "soon"})
    assert answer.returncode == 1 and "OWHALE_KILL_GRACE" in answer.stderr, answer
    assert quick("--config", str(base / "gone"), "--check-config").returncode == 1


def test_the_printed_configuration_is_one(base):
    printed = quick("--print-config", "--kill-grace", "7s")
    assert printed.returncode == 0 and "kill-grace = 7s" in printed.stdout, printed
    config = base / "owhaled.conf"
    config.write_text(printed.stdout)
    again = quick("--config", str(config), "--check-config")
    assert again.returncode == 0, again
    assert quick("--version").returncode == 0 and "--state-dir" in quick("--help").stdout


@needs_root
def test_a_state_folder_that_is_someone_elses_is_refused(own, base):
    (base / "state").mkdir(mode=0o700)
    os.chown(base / "state", 61299, 61299)
    (base / "state" / "theirs").write_text("x")
    code, said = own().refuses()
    assert code == 1 and str(base / "state") in said, said
    assert (base / "state").stat().st_uid == 61299


@needs_root
def test_a_state_folder_that_others_may_write_is_refused(own, base):
    (base / "state").mkdir()
    (base / "state").chmod(0o777)
    code, said = own().refuses()
    assert code == 1 and str(base / "state") in said, said


def test_a_state_path_that_is_a_file_is_refused(own, base):
    (base / "state").write_text("x")
    code, said = own().refuses()
    assert code == 1 and str(base / "state") in said, said


@needs_root
def test_a_state_folder_that_is_read_only_is_refused(own, small_state):
    subprocess.run(["mount", "-o", "remount,ro", str(small_state)], check=True)
    code, said = own().refuses()
    assert code == 1 and str(small_state) in said and "ead-only" in said, said


@needs_root
def test_when_the_state_is_full_nothing_runs_unrecorded(own, small_state, base):
    """The durable intent cannot be written, so the command does not run, and the error says why; with room again, it does."""
    one = own().start()
    work = daemon.folder("owhale-ws-")
    try:
        assert one.ran(None, argv=["/bin/true"])["exit_code"] == 0
        daemon.fill(small_state)
        refused = 0
        for _ in range(40):  # what SQLite had left over takes a few
            answer = one.run(None, wait=True, script="echo x >> ran", cwd=str(work))
            refused += answer.status == 503 and answer.code in ("audit_unavailable", "state_unavailable")
            if refused == 3:
                break
        assert refused == 3, answer
        assert one.get("/v1/health").status == 200
        before = (work / "ran").read_text() if (work / "ran").exists() else ""
        assert one.run(None, wait=True, script="echo x >> ran", cwd=str(work)).status == 503
        assert ((work / "ran").read_text() if (work / "ran").exists() else "") == before
        (small_state / "filler").unlink()
        assert one.ran(None, argv=["/bin/true"])["exit_code"] == 0
    finally:
        daemon.remove(work)


def test_sigterm_ends_runs_and_then_owhaled(own, uid):
    one = own("--kill-grace", "1s").start()
    run = one.begun(uid, script="trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done")
    stubborn = one.begun(uid, script="trap '' TERM; while :; do sleep 0.1; done")
    one.get(f"/v1/runs/{run}/output?stream=stdout&wait=1", uid=uid)
    waiting = one.connect(uid)
    waiting.send(b"GET /v1/runs/%s/wait HTTP/1.1\r\nHost: localhost\r\n\r\n" % stubborn.encode())
    assert one.get(f"/v1/runs/{stubborn}", uid=uid).json()["state"] == "running"  # so the wait is under way too
    begun = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - begun < 20
    assert waiting.response().json()["state"] == "killed"
    again = own().start()
    assert again.state_of(run, uid) in ("exited", "killed")
    assert again.get(f"/v1/runs/{run}/output?stream=stdout", uid=uid).body == b"ready\nbye\n"
    assert again.state_of(stubborn, uid) == "killed"


def test_idle_connections_end_with_owhaled(own):
    one = own().start()
    idle = one.connect()
    assert idle.ask("GET", "/v1/health").status == 200
    begun = time.monotonic()
    assert one.stop() == 0
    assert idle.ended() and time.monotonic() - begun < 15


def test_what_a_crash_cut_off_is_lost_and_the_service_is_back(own, uid):
    one = own().start()
    run = one.begun(uid, argv=["sleep", "600"])
    broker = one.broker()
    os.kill(broker, signal.SIGKILL)
    end = time.monotonic() + 20
    while True:
        try:
            if one.get("/v1/health").status == 200 and one.broker() != broker:
                break
        except (OSError, StopIteration):
            pass
        assert time.monotonic() < end, one.said()
        time.sleep(0.1)
    assert one.state_of(run, uid) == "lost"
    assert not any("sleep\x00600" in pathlib.Path(path).read_text() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                   if path.exists())
    assert one.ran(uid, argv=["/bin/true"])["exit_code"] == 0


def test_sighup_keeps_everyone(own, uid):
    one = own().start()
    with one.connect(uid) as connection:
        assert connection.ask("GET", "/v1/health").status == 200
        one.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert connection.ask("GET", "/v1/health").status == 200
    assert one.ran(uid, argv=["/bin/true"])["exit_code"] == 0


def test_nothing_is_left_behind(own, base, uid):
    one = own().start()
    for _ in range(5):
        one.ran(uid, argv=["/bin/true"])
    pids = [one.process.pid, *one.children()]
    assert one.stop() == 0
    assert not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids)
    assert not any(str(base) in line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines())
    assert not (base / "owhaled.sock").exists() or own().start().get("/v1/health").status == 200
