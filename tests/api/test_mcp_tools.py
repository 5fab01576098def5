"""Every tool of /mcp, in both eras."""

import json
import time

import pytest

import mcp
from mcp import NEWEST, either, it, valid, wait_for

LIVE = ["queued", "waiting_approval", "starting", "running"]


def test_run_command(either, workspace):
    result = either.call("run_command", command="echo out; echo err >&2; pwd; echo $A", cwd=str(workspace), env={"A": "b"})
    got = valid(either, "run_command", result)
    assert not result["isError"] and got["state"] == "exited" and got["exit_code"] == 0
    assert got["stdout"] == f"out\n{workspace}\nb\n" and got["stderr"] == "err\n"
    assert result["content"][0]["text"].startswith("exit code 0\n") and "err" in result["content"][0]["text"]
    assert ("resultType" in result) == (either.version == NEWEST)


def test_a_run_that_failed_says_so(it):
    for command, code in (("exit 3", 3), ("kill -9 $$", 137), ("no-such-program-here", 127)):
        result = it.call("run_command", command=command)
        assert result["isError"] and valid(it, "run_command", result)["exit_code"] == code, result
    result = it.call("run_command", argv=["no-such-program-here"])
    assert result["isError"] and valid(it, "run_command", result)["state"] == "failed"
    result = it.call("run_command", command="sleep 60", timeout=1)
    assert result["isError"] and valid(it, "run_command", result)["state"] == "timed_out"


def test_a_run_that_the_cage_stopped_has_a_hint(it, workspace):
    result = it.call("run_command", command="echo x > /etc/owhale-test", cwd=str(workspace))
    got = valid(it, "run_command", result)
    assert result["isError"] and got["hints"][0]["next"] and "hint: " in result["content"][0]["text"], result
    assert "--profile" not in got["hints"][0]["next"], got


def test_run_code(either):
    result = either.call("run_code", language="python", code="import sys; print(sys.argv[1:], sys.stdin.read())",
                         args=["a b"], stdin="typed")
    assert valid(either, "run_code", result)["stdout"] == "['a b'] typed\n"


def test_check_command(either):
    result = either.call("check_command", command="rm -rf ~")
    verdict = valid(either, "check_command", result)["verdict"]
    text = result["content"][0]["text"]
    assert verdict["decision"] == "deny" and verdict["reason"] and verdict["severity"] == "critical"
    assert verdict["rule"] in text and not result["isError"]
    assert "change" not in verdict and "[[rule]]" not in text  # how to change that is for people to look up
    result = either.call("run_command", command="rm -rf ~")
    assert "change" not in result["structuredContent"]["verdict"] and "[[rule]]" not in json.dumps(result), result
    assert either.good("check_command", argv=["true"])["verdict"]["decision"] == "allow"


def test_list_runs_and_get_output(either):
    run = either.good("run_command", command="printf abcdef; printf uvw >&2")["id"]
    listed = valid(either, "list_runs", either.call("list_runs", limit=1))["runs"]
    assert [one["id"] for one in listed] == [run] and listed[0]["exit_code"] == 0
    got = valid(either, "get_output", either.call("get_output", run=run, offset=2, length=3))
    assert got["text"] == "cde" and (got["offset"], got["next_offset"], got["total_length"]) == (2, 5, 6)
    assert either.good("get_output", run=run, stream="stderr")["text"] == "uvw"
    assert either.good("list_runs", state="exited", limit=1)["runs"]


def test_input_goes_to_a_run_that_waits_for_it(either):
    run = either.good("run_command", command="while read x; do echo got $x; done; echo end", stdin_open=True, wait=0)
    assert run["state"] in LIVE
    given = valid(either, "send_input", either.call("send_input", run=run["id"], text="one\n"))
    assert given == {"bytes": 4, "pending": False, "closed": False}
    wait_for(lambda: either.good("get_output", run=run["id"])["text"] == "got one\n")
    either.good("send_input", run=run["id"], base64="dHdvCg==", close=True)
    got = either.good("get_output", run=run["id"], wait=40)
    assert got["state"] == "exited" and got["text"] == "got one\ngot two\nend\n"
    result = either.call("send_input", run=run["id"], text="late\n")
    assert result["isError"] and valid(either, "send_input", result)["error"]["code"] in ("run_ended", "conflict")


def test_input_that_cannot_be_taken(it):
    closed = it.good("run_command", command="sleep 30", wait=0)["id"]
    result = it.call("send_input", run=closed, text="x")
    assert result["isError"] and result["structuredContent"]["error"]["code"] == "conflict"
    deaf = it.good("run_command", command="sleep 30", stdin_open=True, wait=0)["id"]
    full = [it.call("send_input", run=deaf, text="x" * 65536) for _ in range(3)]
    assert full[0]["structuredContent"]["pending"] is False and full[1]["structuredContent"]["pending"] is True
    assert full[2]["structuredContent"]["error"]["code"] == "busy"
    for arguments, code in (({"text": "a", "base64": "YQ=="}, "invalid_value"), ({"base64": "!"}, "invalid_value"),
                            ({"text": "x" * 65537}, "invalid_value")):
        assert it.call("send_input", run=deaf, **arguments)["structuredContent"]["error"]["code"] == code
    for run in (closed, deaf):
        it.good("kill_run", run=run, signal="KILL")
        assert it.good("get_output", run=run, wait=30)["state"] in ("signaled", "killed")


def test_kill_run(either):
    run = either.good("run_command", command="trap 'echo int' INT; while :; do sleep 0.1; done", wait=0)["id"]
    wait_for(lambda: either.owhaled.state_of(run, either.uid) == "running")
    valid(either, "kill_run", either.call("kill_run", run=run))
    assert either.good("get_output", run=run, wait=30)["state"] == "killed"
    result = wait_for(lambda: (r := either.call("kill_run", run=run))["isError"] and r)
    assert result["structuredContent"]["error"]["code"] == "run_ended"


def test_one_that_takes_longer_goes_on(either):
    began = time.monotonic()
    got = valid(either, "run_command", either.call("run_command", command="echo first; sleep 4; echo last", wait=1))
    assert got["state"] == "running" and got["stdout"] == "first\n" and time.monotonic() - began < 30
    assert either.good("get_output", run=got["id"], wait=40)["text"] == "first\nlast\n"


@pytest.mark.parametrize("name, arguments, code", [
    ("run_command", {}, "invalid_value"),
    ("run_command", {"command": "true", "argv": ["true"]}, "invalid_value"),
    ("run_command", {"command": "true", "wait": 46}, "invalid_value"),
    ("run_command", {"command": "true", "wait": -1}, "invalid_value"),
    ("run_command", {"command": "true", "max_output": 1}, "invalid_value"),
    ("run_command", {"command": "true", "timeout": 2**63}, "invalid_value"),
    ("run_command", {"command": "true", "detach": True}, "unknown_field"),
    ("run_command", {"command": "true", "run_as": "root"}, "unknown_field"),
    ("run_command", {"command": "true", "cwd": "relative"}, "invalid_value"),
    ("run_command", {"command": "true", "cwd": "/no/such/folder"}, "cwd_missing"),
    ("run_command", {"command": "true", "profile": "no-such"}, "profile_unknown"),
    ("run_command", {"command": "true", "secrets": ["A=file"]}, "invalid_value"),
    ("run_command", {"command": "true", "allow_hosts": ["http://x/"]}, "invalid_value"),
    ("run_command", {"command": "true", "stdin": "x", "stdin_open": True}, "invalid_value"),
    ("run_command", {"command": 7}, "invalid_value"),
    ("run_code", {"language": "python"}, "invalid_value"),
    ("run_code", {"language": "cobol", "code": "x"}, "invalid_value"),
    ("get_output", {"run": "../../v1/users"}, "invalid_value"),
    ("get_output", {"run": "0" * 36}, "invalid_value"),
    ("get_output", {"run": "01a21a9a-11e3-7a30-9719-fc60c52e86a0"}, "not_found"),
    ("get_output", {"run": "01a21a9a-11e3-7a30-9719-fc60c52e86a0", "length": 65537}, "invalid_value"),
    ("get_output", {"run": "01a21a9a-11e3-7a30-9719-fc60c52e86a0", "stream": "stdin"}, "invalid_value"),
    ("list_runs", {"state": "a&all=1"}, "invalid_value"),
    ("list_runs", {"limit": 51}, "invalid_value"),
    ("kill_run", {"run": "x"}, "invalid_value"),
])
def test_arguments_that_are_wrong_are_results_that_say_so(it, name, arguments, code):
    result = it.call(name, **arguments)
    assert result["isError"] and valid(it, name, result)["error"]["code"] == code, result
    assert result["content"][0]["text"].startswith(code + ": ")


def test_long_output_is_cut_in_the_middle(it):
    result = it.call("run_command", command="seq 1 20000 | sed 's/^/ä/'", max_output=4096)
    got = valid(it, "run_command", result)
    left = got["stdout_omitted"]
    assert got["stdout"].startswith("ä1\n") and got["stdout"].endswith("ä20000\n") and got["stdout_length"] > 100_000
    assert f"{left['length']} bytes left out; get_output run={got['id']} stream=stdout offset={left['offset']}" in got["stdout"]
    assert len(got["stdout"].encode()) < 4096 + 300
    rest = it.good("get_output", run=got["id"], offset=left["offset"], length=65536)
    head = got["stdout"].split("\n… ")[0]
    whole = "".join(f"ä{i}\n" for i in range(1, 20001))
    assert whole.startswith(head + rest["text"])
    assert whole.encode()[:left["offset"]].decode() == head
    assert it.good("run_command", command="head -c 16384 /dev/zero | tr '\\0' x").get("stdout_omitted") is None


def test_what_a_terminal_would_obey_is_not_shown(it):
    command = r"printf '\033[31mred\033[0m\033]0;title\007 \r\nover\rwritten \xe2\x80\xae\xf3\xa0\x81\x81 \001'"
    result = it.call("run_command", command=command)
    text = result["content"][0]["text"]
    assert "red \nover\nwritten \\u{202e}\\u{e0041} \\u{1}" in text and "title" not in text and "\x1b" not in text
    assert "\x1b[31m" in result["structuredContent"]["stdout"]


def test_output_that_is_no_text(it):
    result = it.call("run_command", command=r"printf 'a\xff\000b'")
    got = valid(it, "run_command", result)
    assert got["stdout"] == "Yf8AYg==" and got["stdout_encoding"] == "base64" and "not text" in result["content"][0]["text"]
    got = it.good("get_output", run=got["id"])
    assert got["text"] == "Yf8AYg==" and got["encoding"] == "base64"


def test_the_clients_surroundings_stand_in_for_what_is_left_out(owhaled, uid, workspace):
    it = mcp.Client(owhaled, uid, headers={"Owhale-Cwd": str(workspace).replace("/", "%2F")})
    assert it.good("run_command", command="pwd")["stdout"] == f"{workspace}\n"
    assert it.good("run_command", command="pwd", cwd="/tmp")["stdout"] == "/tmp\n"
    for bad in ("%", "%zz", "%00", "%ff"):
        it.headers["Owhale-Cwd"] = bad
        answer = it.request("tools/call", {"name": "run_command", "arguments": {"command": "pwd"}})
        assert answer["error"]["code"] == -32602
