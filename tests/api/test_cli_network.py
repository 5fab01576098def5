"""owhalectl about hosts: the words of run, the table of runs show, the book of hosts."""

import json
import os
import re

import pytest

import accounts
from accounts import QUICK
from conftest import ALICE, needs_root
from ctl import Ctl
from names import Names
from test_network import CURL, Web

pytestmark = needs_root


@pytest.fixture
def house(base, own):
    names, web = Names(Web.ADDRESS, every=Web.ADDRESS), Web()
    d = own(*QUICK, "--dns", names.at).start()
    d.admin, d.web = accounts.set_up(d), web
    d.alice = Ctl(base, d, ALICE)
    yield d
    names.close()
    web.server.shutdown()
    web.server.server_close()


def test_run_reaches_what_it_names_and_show_tells(house):
    web = house.web
    out = house.alice("run", "--net", "scoped", "--allow-host", f"{web.host}:{web.port}", "--", "bash", "-c", CURL + web.url)
    assert out == "hello\n"
    [run] = house.alice("-q", "runs", "ls", "--limit", "1").split()
    shown = house.alice("runs", "show", run)
    assert "Network         scoped" in shown or "scoped" in shown
    assert "VERDICT" in shown and f"{web.host}:{web.port}" in shown and "allow" in shown, shown
    assert json.loads(house.alice("-o", "json", "runs", "show", run))["network"]["hosts"]


def test_a_refused_host_is_a_line_on_stderr(house):
    done = house.alice("run", "--allow-host", "odd.test", "--", "bash", "-c", "curl -sS --max-time 10 http://169.254.169.254/ >/dev/null; true",
                       code=None)
    assert "owhaled: " in done.stderr and "169.254.169.254" in done.stderr, done


def test_words_that_make_no_sense(house):
    for words, why in [(["--allow-host", "a:b"], "no port"), (["-p", "80"], "HOST:PORT"), (["--host-port", "x"], "--host-port"),
                       (["--secret", "A=sk-123"], "takes no value"), (["--net", "all"], "none, scoped, host")]:
        done = house.alice("run", *words, "--", "true", code=None)
        assert done.returncode == 125 and why in done.stderr, (words, done)
        assert "sk-123" not in done.stderr


def test_the_book_of_hosts(house):
    assert "list npm" in house.alice("hosts", "ls")
    verdict = house.alice("hosts", "check", "https://api.example.com/v1", code=10).stdout
    assert "ask" in verdict and "owhalectl hosts allow api.example.com" in verdict, verdict
    refused = house.alice("hosts", "allow", "api.example.com", code=None)
    assert refused.returncode != 0 and "password" in (refused.stderr + refused.stdout), refused
    entry = house.admin.do("POST", "/v1/hosts", {"rule": {"host": "api.example.com"}, "principal": f"unix:{ALICE}"}, 201)
    # Its address is no ordinary host's: a run would be refused, until a line names that, too.
    verdict = house.alice("hosts", "check", "https://api.example.com/v1", code=11)
    assert "private-address" in verdict.stdout and "loopback" in verdict.stdout, verdict
    address = re.search(r"hosts allow (\S+):443", verdict.stdout)[1]
    house.admin.do("POST", "/v1/hosts", {"rule": {"host": address, "ports": [443]}, "principal": f"unix:{ALICE}"}, 201)
    assert "allow" in house.alice("hosts", "check", "https://api.example.com/v1")
    assert "api.example.com" in house.alice("hosts", "ls")
    assert house.alice("hosts", "rm", "api.example.com") == entry["id"] + "\n"
    assert "ask" in house.alice("hosts", "check", "https://api.example.com/v1", code=10).stdout


def test_hosts_allow_says_at_once_what_a_line_does_not_open(house):
    """Every name leads to loopback here."""
    root = Ctl(house.base, house)
    root("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    done = root("hosts", "allow", "inner.example:8443", "*.inner.example", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    [warning] = [line for line in done.stderr.splitlines() if "not reached" in line]
    assert "inner.example" in warning and "loopback" in warning and "hosts allow 127.77.0.1:8443" in warning, warning
    refused = root("hosts", "allow", "127.0.0.1:5432", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert refused.returncode != 0 and "--host-port 5432" in refused.stderr, refused


def odd(house):
    return f"http://odd.example:{house.web.port}/"


def on_terminal(house, *more):
    at = f"{house.web.host}:{house.web.port}"
    return house.alice.on_terminal("run", *more, "--allow-host", at, "--", "bash", "-c", CURL + odd(house))


def test_a_host_is_decided_on_in_place(house):
    terminal = on_terminal(house, "-n", "--approve-here")
    while not (found := terminal.until(r"Enter shows more, q ends --|Account that decides[^:]*: ").group()).startswith(b"Account"):
        os.write(terminal.fd, b"\n")
    os.write(terminal.fd, b"admin\n")
    terminal.answer("Password of admin, to approve what was shown: ", house.admin.password)
    code, seen = terminal.wait()
    assert code == 0 and "hello\r\n" in seen and "odd.example" in seen and house.admin.password not in seen, seen


def test_where_the_run_reads_the_terminal_a_line_says_who_is_asked(house):
    terminal = on_terminal(house, "--approve-here")  # and the run reads it
    name = terminal.until(r"owhaled: odd\.example:\d+ waits for somebody's answer \(owhalectl approve ([0-9a-f-]+)\)").group(1).decode()
    one = house.admin.get(f"/v1/approvals/{name}").json()
    assert house.admin.ask("POST", f"/v1/approvals/{name}/deny", {"reason": "no"}, step_up=True).status == 200, one
    code, seen = terminal.wait()
    assert "Password" not in seen and "Account that decides" not in seen
    assert house.web.seen == [] and "was refused" in seen, seen


def test_check_judges_a_host_beside_the_command(house):
    for words, code in [(["--allow-host", "api.example.com"], 10), (["--net", "scoped"], 0),
                        (["--allow-host", "169.254.169.254:80"], 11), (["--net", "host", "--allow-host", "a.test"], 2)]:
        done = house.alice("policy", "check", "--rules", "none", *words, "--", "ls", code=None)
        assert done.returncode == code, (words, done)


def test_a_placeholder_may_be_printed_without_a_question(house):
    value = "sk-proj-Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E"
    house.admin.do("PUT", "/v1/secrets/MAKER_API_KEY", {
        "value": value, "hosts": [{"host": "api.example.com", "port": 443}], "endpoint_variable": "MAKER_BASE_URL",
        "access": {"principals": [f"unix:{ALICE}"]}})
    words = ("run", "--net", "scoped", "--secret", "MAKER_API_KEY", "--")
    # Live it is seen as it is; a run that is over before somebody watches shows what is kept, where its shape is masked.
    for command in (("printenv", "MAKER_API_KEY"), ("bash", "-c", "echo $MAKER_API_KEY")):
        printed = house.alice(*words, *command)
        assert ("owhale-" in printed or printed == "[redacted:openai-key]\n") and value not in printed
    # Its hosts are agreed to, its endpoint among them: it is let go, and the name cannot be resolved here.
    done = house.alice(*words, "bash", "-c", "wget -q -T2 -t1 -O- $MAKER_BASE_URL/models; wget -q -T2 -t1 -O- https://api.example.com/", code=None)
    assert "waits" not in done.stderr, done
    assert "is not put into TLS" not in done.stderr
    house.admin.do("PUT", "/v1/secrets/OTHER", {"value": value + "x", "hosts": [{"host": "api.example.com", "port": 443}],
                                                "access": {"principals": [f"unix:{ALICE}"]}})
    for more, told in ((), True), (("--inspect",), False):
        done = house.alice("run", "--net", "scoped", "--secret", "OTHER", *more, "--", "ls", code=None)
        assert done.returncode == 0 and told == ("OTHER is not put into TLS" in done.stderr), done
    denied = house.alice("run", "--net", "scoped", "--", "printenv", "MAKER_API_KEY", code=None)
    assert denied.returncode != 0 and "by its name" in denied.stderr, denied
