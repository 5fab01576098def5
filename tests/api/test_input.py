"""Bad input: every request that cannot be honoured is refused by name, and nothing of it stays."""

import os

import pytest

from conftest import needs_root

TRUE = ["/bin/true"]


def refused(owhaled, uid=None, **request):
    answer = owhaled.run(uid, wait=True, **request)
    assert 400 <= answer.status < 500, answer
    return answer


# --- the JSON itself

@pytest.mark.parametrize("text, code", [
    (b"", "malformed_json"),
    (b"{", "malformed_json"),
    (b'{"argv":["a"],}', "malformed_json"),
    (b'{"argv":["a"]} {}', "malformed_json"),
    (b"{'argv':['a']}", "malformed_json"),
    (b'{"argv":["\xff"]}', "malformed_json"),
    (b'{"argv":["\\ud800"]}', "malformed_json"),
    (b'\xef\xbb\xbf{"argv":["true"]}', "malformed_json"),
    (b'{"argv":["a"],"timeout_ms":1e999}', "malformed_json"),
    (b'{"argv":' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
    (b'{"argv":["a"],"argv":["b"]}', "duplicate_key"),
    (b'{"argv":["a"],"\\u0061rgv":["b"]}', "duplicate_key"),
    (b'{"argv":["a"],"env":{"A":"1","A":"2"}}', "duplicate_key"),
    (b"[]", "invalid_value"),
    (b"null", "invalid_value"),
])
def test_json_that_is_none_or_says_two_things(owhaled, text, code):
    assert owhaled.ask("POST", "/v1/runs", text).code == code


@pytest.mark.parametrize("request_, code, named", [
    ({"argv": TRUE, "comand": 1}, "unknown_field", '"comand"'),
    ({"argv": TRUE, "limits": {"memry": 1}}, "unknown_field", '"limits.memry"'),
    ({"argv": "true"}, "invalid_value", '"argv"'),
    ({"argv": ["echo", 1]}, "invalid_value", '"argv[1]"'),
    ({"argv": TRUE, "wait": "yes"}, "invalid_value", '"wait"'),
    ({"argv": TRUE, "timeout_ms": -1}, "invalid_value", '"timeout_ms"'),
    ({"argv": TRUE, "timeout_ms": 1.5}, "invalid_value", '"timeout_ms"'),
    ({"argv": TRUE, "rows": 1 << 32, "cols": 80, "tty": True}, "invalid_value", '"rows"'),
    ({"argv": TRUE, "limits": {"memory": 1 << 64}}, "invalid_value", '"limits.memory"'),
    ({"argv": TRUE, "env": {"A": 1}}, "invalid_value", '"env.A"'),
])
def test_what_does_not_fit_the_message_is_named_with_its_place(owhaled, request_, code, named):
    answer = owhaled.ask("POST", "/v1/runs", request_)
    assert answer.code == code and named in answer.text, answer


def test_a_typo_in_a_key_names_the_nearest(owhaled):
    assert "memory" in refused(owhaled, argv=TRUE, limits={"memry": 1}).json()["next"]


# --- what to run

@pytest.mark.parametrize("request_", [
    {},
    {"argv": []},
    {"argv": [""]},
    {"argv": TRUE, "script": "true"},
    {"script": "true", "language": "python", "code": "1"},
    {"language": "python"},
    {"code": "1"},
    {"argv": ["echo", "a\0b"]},
    {"argv": ["a\0b"]},
    {"script": "echo a\0b"},
    {"argv": TRUE, "env": {"A\0": "1"}},
    {"argv": TRUE, "env": {"A": "\0"}},
    {"argv": TRUE, "env": {"": "1"}},
    {"argv": TRUE, "env": {"A=B": "1"}},
    {"argv": TRUE, "cwd": "relative"},
    {"argv": TRUE, "cwd": "/tmp\0"},
    {"argv": TRUE, "cwd": ""},
    {"argv": TRUE, "workspace": "relative"},
    {"argv": TRUE, "stdin": "a", "stdin_base64": "YQ=="},
    {"argv": TRUE, "stdin_base64": "not base64!"},
    {"argv": TRUE, "net": "everything"},
    {"argv": TRUE, "limits": {"cpus": 0}},
    {"argv": TRUE, "limits": {"cpus": -1}},
    {"argv": TRUE, "limits": {"io": 1}},
    {"argv": TRUE, "run_as": "no-such-user"},
    {"argv": ["x"] * 10001},
])
def test_a_request_that_means_nothing_is_refused(owhaled, uid, request_):
    answer = refused(owhaled, uid, **request_)
    assert answer.code not in ("internal", "system", "jail_failed"), answer
    assert len(answer.text) > 10


def test_a_limit_that_nothing_can_hold_is_refused_not_ignored(owhaled, uid):
    answer = owhaled.run(uid, argv=TRUE, limits={"io": 1 << 20}, wait=True)
    if answer.status == 200:
        assert answer.json()["receipt"]["limits"]["io"] == f"{1 << 20} by cgroup"
    else:
        assert answer.code == "unsupported" and "io controller" in answer.text


def test_the_receipt_has_the_limit_that_holds_when_none_was_wanted(owhaled, uid):
    usual = owhaled.run(uid, argv=TRUE, wait=True).json()["receipt"]["limits"]
    limits = owhaled.run(uid, argv=TRUE, limits={"memory": 0, "pids": 0}, wait=True).json()["receipt"]["limits"]
    for name in ("memory", "pids"):  # the spawner's ceiling, and without one all memory there is
        assert int(limits[name].split()[0]) >= int(usual[name].split()[0]), (limits, usual)


def test_an_unknown_profile_and_language_are_named(owhaled, uid):
    answer = refused(owhaled, uid, argv=TRUE, profile="defualt")
    assert answer.code == "profile_unknown" and "defualt" in answer.text
    assert "default" in answer.text.replace("defualt", "")
    assert refused(owhaled, uid, argv=TRUE, profile="../../etc/passwd").code in ("profile_unknown", "invalid_value")
    answer = refused(owhaled, uid, language="cobol", code="x")
    assert answer.code in ("language_missing", "invalid_value") and "cobol" in answer.text and "python" in answer.text


def test_ten_thousand_arguments_arrive(owhaled, uid):
    run = owhaled.ran(uid, argv=["/bin/sh", "-c", "echo $#", "sh"] + ["x"] * 9996)
    assert run["stdout"] == "9996\n"


def test_a_long_argument_arrives_or_is_refused_by_name(owhaled, uid):
    assert owhaled.ran(uid, argv=["/bin/sh", "-c", "echo ${#1}", "sh", "x" * 100_000])["stdout"] == "100000\n"
    answer = owhaled.run(uid, wait=True, argv=["/bin/true", "x" * 200_000])  # over the kernel's 128 KiB a string
    if answer.status == 200:
        assert answer.json()["state"] == "failed" and answer.json()["exit_code"] == 126, answer
    else:
        assert answer.status == 422 and "argv" in answer.text, answer


def test_an_environment_of_two_mebibytes_is_refused(owhaled, uid):
    environment = {f"V{i}": "x" * 1000 for i in range(2048)}
    assert owhaled.run(uid, argv=TRUE, env=environment, wait=True).code == "body_too_large"


def test_an_environment_below_the_limit_arrives(owhaled, uid):
    environment = {f"V{i}": "x" * 1000 for i in range(800)}
    assert owhaled.ran(uid, argv=["/bin/sh", "-c", "echo ${#V799}"], env=environment)["stdout"] == "1000\n"


# --- where to run

def test_a_cwd_that_is_missing(owhaled, uid, workspace):
    answer = refused(owhaled, uid, argv=TRUE, cwd=f"{workspace}/gone")
    assert answer.code == "cwd_missing" and f"{workspace}/gone" in answer.text


def test_a_cwd_that_is_a_file(owhaled, uid, workspace):
    (workspace / "file").write_text("")
    answer = refused(owhaled, uid, argv=TRUE, cwd=f"{workspace}/file")
    assert answer.code == "cwd_not_directory" and f"{workspace}/file" in answer.text


def test_a_cwd_that_is_a_symlink_is_its_target(owhaled, uid, workspace):
    (workspace / "real").mkdir()
    (workspace / "link").symlink_to("real")
    run = owhaled.ran(uid, argv=["/bin/pwd", "-P"], cwd=f"{workspace}/link", workspace=str(workspace))
    assert run["stdout"] == f"{workspace}/real\n"
    (workspace / "dangling").symlink_to("nowhere")
    assert refused(owhaled, uid, argv=TRUE, cwd=f"{workspace}/dangling").code == "cwd_missing"


def test_a_cwd_that_is_a_fifo_or_a_device(owhaled, uid, workspace):
    os.mkfifo(workspace / "fifo")
    assert refused(owhaled, uid, argv=TRUE, cwd=f"{workspace}/fifo").code == "cwd_not_directory"
    assert refused(owhaled, uid, argv=TRUE, cwd="/dev/null").code == "cwd_not_directory"


def test_a_cwd_closed_to_the_caller(owhaled, alice, workspace):
    closed = workspace / "closed"
    closed.mkdir(mode=0o700)
    os.chown(closed, 0, 0)
    (closed / "below").mkdir()
    for path in (closed, closed / "below"):
        answer = refused(owhaled, alice, argv=TRUE, cwd=str(path))
        assert answer.code in ("cwd_not_accessible", "cwd_missing"), answer
        assert str(path) in answer.text


@pytest.mark.parametrize("place", ["/", "/etc", "/usr", "HOME"])
def test_a_cwd_that_is_no_workspace_is_read_only(owhaled, uid, place):
    home = place == "HOME"
    place = os.path.expanduser("~") if home else place
    answer = owhaled.run(uid, wait=True, script="echo x > owhale-test-file; echo $?; pwd", cwd=place,
                         home=os.path.expanduser("~"))
    if answer.status != 200:  # closed to the caller
        assert answer.code in ("cwd_not_accessible", "workspace_refused"), answer
        return
    run = answer.json()
    assert run["receipt"]["workspace_writable"] is False, run["receipt"]
    assert home or run["stdout"].splitlines()[0] != "0", run  # the cage's home is private, and writable
    assert not os.path.exists(f"{place}/owhale-test-file")


@pytest.mark.parametrize("place", ["/", "/etc", "/proc/self", "/dev"])
def test_a_named_workspace_that_cannot_be_one_is_never_written(owhaled, uid, place):
    answer = owhaled.run(uid, wait=True, script="echo x > $PWD/owhale-test-file", cwd=place, workspace=place)
    if answer.status == 200:
        assert answer.json()["receipt"]["workspace_writable"] is False, answer
    else:
        assert answer.status in (403, 422), answer
    assert not os.path.exists(f"{place}/owhale-test-file")


def test_owhaleds_own_folders_are_no_workspace(owhaled, uid):
    answer = owhaled.run(uid, wait=True, script="ls -a; echo x > x", cwd=str(owhaled.state))
    if answer.status == 200:
        assert "audit.db" not in answer.json()["stdout"], answer
    assert not (owhaled.state / "x").exists()


# --- programs

def test_a_program_that_does_not_exist_is_127(owhaled, uid):
    for program in ("no-such-program", "/no/such/program", "./no-such-program"):
        run = owhaled.ran(uid, argv=[program])
        assert (run["state"], run["exit_code"], run["code"]) == ("failed", 127, "program_not_found"), run
        assert program in run["error"]


def test_a_program_that_only_the_box_can_have_is_looked_for_there_and_told_once(owhaled, uid, workspace):
    asked = dict(cwd=str(workspace), path="/tmp/bin:/usr/bin:/bin")
    script = "mkdir -p /tmp/bin; echo 'echo found' > /tmp/bin/mine; cp /tmp/bin/mine /tmp/bin/shut; chmod +x /tmp/bin/mine"
    assert owhaled.ran(uid, script=script, **asked)["exit_code"] == 0
    assert owhaled.ran(uid, argv=["mine"], **asked)["stdout"] == "found\n"
    for program, code, name in (("nowhere", 127, "program_not_found"), ("shut", 126, "program_not_executable")):
        run = owhaled.ran(uid, argv=[program], **asked)
        assert (run["state"], run["exit_code"], run["code"], run["stderr"]) == ("failed", code, name, ""), run


def test_a_program_that_is_not_executable_is_126(owhaled, uid, workspace):
    (workspace / "plain").write_text("#!/bin/sh\necho no\n")
    for program in (f"{workspace}/plain", "/etc/passwd", "/etc"):
        run = owhaled.ran(uid, argv=[program], cwd=str(workspace))
        assert (run["state"], run["exit_code"], run["code"]) == ("failed", 126, "program_not_executable"), run
        assert program in run["error"]


def test_a_script_whose_interpreter_is_missing(owhaled, uid, workspace):
    program = workspace / "script"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    run = owhaled.ran(uid, argv=[str(program)], cwd=str(workspace))
    assert run["state"] == "failed" and run["exit_code"] in (126, 127), run
    assert "/no/such/interpreter" in run["error"] or str(program) in run["error"]


# --- what may not be asked

def test_the_hosts_network_needs_its_permission(owhaled, uid):
    answer = refused(owhaled, uid, argv=TRUE, net="host")
    assert answer.status == 403 and answer.code == "net_host_denied"


def test_only_root_runs_as_another(owhaled, alice):
    answer = refused(owhaled, alice, argv=["id"], run_as="root")
    assert answer.status == 403, answer


@needs_root
def test_a_user_that_is_none_is_told_so(owhaled):
    answer = refused(owhaled, None, argv=TRUE, run_as="no-such-user")
    assert answer.code == "invalid_value" and "there is no such user" in answer.text
    assert "No such file" not in answer.text and "getent passwd" in answer.text


def test_nobody_runs_as_root(owhaled, alice):
    answer = owhaled.run(None, wait=True, argv=["id", "-u"], run_as="root")
    assert answer.status in (403, 422) or answer.json()["stdout"].strip() not in ("", "0"), answer


@pytest.mark.parametrize("limits", [{"memory": 1 << 62}, {"pids": 1 << 40}, {"open_files": 1 << 40}])
def test_a_limit_over_its_ceiling_is_refused(owhaled, uid, limits):
    answer = refused(owhaled, uid, argv=TRUE, limits=limits)
    assert answer.code in ("limit_over_ceiling", "invalid_value") and next(iter(limits)) in answer.text


# --- ids and queries

IDS = ["x", "..", "%2e%2e%2f", "0" * 5000, "01900000-0000-7000-8000-000000000000", "'; DROP TABLE runs; --", "%F0%9F%90%8B"]


@pytest.mark.parametrize("run", IDS)
@pytest.mark.parametrize("path", ["", "/wait", "/output", "/why"])
def test_an_id_that_names_nothing_is_404(owhaled, run, path):
    answer = owhaled.get(f"/v1/runs/{run.replace(' ', '%20')}{path}")
    assert answer.status in (404, 422), answer


@pytest.mark.parametrize("path", [
    "/v1/runs?limit=x", "/v1/runs?limit=-1", "/v1/runs?limit=99999999999999999999", "/v1/runs?lmit=1",
    "/v1/audit?limit=0x10", "/v1/audit?since=yesterday", "/v1/audit?before=-1",
])
def test_a_query_that_means_nothing_is_refused(owhaled, uid, path):
    answer = owhaled.get(path, uid=uid)
    assert 400 <= answer.status < 500, answer
    key, value = path.split("?")[1].split("=")
    assert key in answer.text or value in answer.text, answer


def test_an_output_query_that_means_nothing_is_refused(owhaled, uid):
    run = owhaled.ran(uid, argv=["echo", "x"])["id"]
    for query in ("stream=stdin", "offset=-1", "offset=x", "limit=x", "wait=x"):
        answer = owhaled.get(f"/v1/runs/{run}/output?{query}", uid=uid)
        assert 400 <= answer.status < 500 and query.split("=")[0] in answer.text, (query, answer)


def test_nothing_of_what_was_refused_is_left(owhaled, alice):
    """Refused requests make no run, no process and no descriptor; a denied one a record at most."""
    def runs():
        all_ = owhaled.get("/v1/runs?limit=500", uid=alice).json()["runs"]
        return [run["id"] for run in all_ if run.get("code") != "net_host_denied"]

    begun = runs()
    descriptors, children = owhaled.descriptors(), len(owhaled.children())
    for _ in range(50):
        refused(owhaled, alice, argv=TRUE, cwd="/no/such/folder")
        refused(owhaled, alice, argv=["a\0"])
        refused(owhaled, alice, argv=TRUE, net="host")
    assert runs() == begun
    assert owhaled.descriptors() <= descriptors + 2
    assert len(owhaled.children()) == children
