"""The security modes: one table, which the code reads and `GET /v1/mode` shows."""

import os
import re

import pytest

from accounts import QUICK, set_up
from daemon import TOP, Owhaled


def rows(daemon):
    table = daemon.get("/v1/mode").json()
    return table, {row["name"]: row for row in table["rows"]}


def test_the_table_shows_each_difference_with_its_value_now(own):
    daemon = own("--run-timeout", "5m", "--unix-roles", "*=agent").start()
    table, by_name = rows(daemon)
    assert table["mode"] == "local" and table["source"] in ("default", "SECURITY_MODE", "OWHALE_MODE")
    assert {"first-account", "socket-roles", "tcp", "workspace", "missing-layer", "run-timeout"} <= set(by_name)
    for row in by_name.values():
        assert row["what"] and row["local"] and row["strict"] and row["now"] and row["local"] != row["strict"], row
    assert by_name["run-timeout"]["now"] == "5m" and by_name["run-timeout"]["strict"] == "1h"
    assert by_name["tcp"]["now"] == "off"
    assert by_name["socket-roles"]["now"].startswith("*=agent")


def test_the_first_account_is_told_as_it_is_now(own):
    daemon = own(*QUICK).start()
    assert rows(daemon)[1]["first-account"]["now"] == "admin with the password admin, good for changing it alone"
    set_up(daemon)
    now = rows(daemon)[1]["first-account"]["now"]
    assert re.search(r"a password of its own, set by user:admin at \d{4}-", now), now


def test_strict_by_the_environment(own):
    daemon = own("--unix-roles", "*=auditor", environment={"SECURITY_MODE": "strict"}).start()
    table, by_name = rows(daemon)
    assert (table["mode"], table["source"]) == ("strict", "SECURITY_MODE")
    assert all(row["now"] == row["strict"] for name, row in by_name.items() if name not in ("first-account", "tcp", "socket-roles"))
    assert by_name["first-account"]["now"] == "no account yet" and "owhalectl setup" in by_name["first-account"]["strict"]
    assert daemon.ask("POST", "/v1/login", {"name": "admin", "password": "admin"}).status == 401


def test_in_strict_mode_only_root_may_do_anything(own, alice):
    daemon = own(environment={"OWHALE_MODE": "strict"}).start()
    assert daemon.get("/v1/health", uid=alice).status == 200
    for path in ("/v1/runs", "/v1/status", "/v1/mode"):
        assert daemon.get(path, uid=alice).code == "forbidden", path
    assert daemon.get("/v1/mode").status == 200


@pytest.mark.parametrize("source", ["flag", "SECURITY_MODE", "OWHALE_MODE", "file"])
def test_an_unknown_mode_stops_the_start_with_the_list(base, source):
    flags, environment = (), {}
    if source == "flag":
        flags = ("--mode", "paranoid")
    elif source == "file":
        (base / "owhaled.conf").write_text("mode = paranoid\n")
        flags = ("--config", str(base / "owhaled.conf"))
    else:
        environment = {source: "paranoid"}
    code, said = Owhaled(base, *flags, environment=environment).refuses()
    assert code in (1, 2) and "paranoid" in said and "local, strict" in said


def test_two_modes_at_once_stop_the_start(base):
    code, said = Owhaled(base, environment={"SECURITY_MODE": "strict", "OWHALE_MODE": "local"}).refuses()
    assert code == 1 and "contradict" in said


def test_each_row_of_the_table_is_read_by_the_code():
    """A difference that nobody reads would be a promise that nobody keeps."""
    header = (TOP / "daemon/config/modes.hpp").read_text()
    struct = re.search(r"struct Mode \{(.*?)\n\};", header, re.S)[1]
    members = set(re.findall(r"^ {4}\S+ (\w+);", struct, re.M)) - {"name"}
    table = (TOP / "daemon/config/modes.cpp").read_text()
    assert members == set(re.findall(r"&Mode::(\w+)", table)), "each member has a row, each row a member"
    code = "".join(path.read_text() for path in (TOP / "daemon").rglob("*.cpp") if path.name not in ("modes.cpp",)) + \
        "".join(path.read_text() for path in (TOP / "daemon").rglob("*.hpp") if path.name != "modes.hpp")
    unread = [name for name in sorted(members) if not re.search(r"->" + name + r"\b", code)]
    assert not unread, unread


def test_no_other_place_asks_for_the_modes_name():
    asked = [str(path.relative_to(TOP)) for path in (TOP / "daemon").rglob("*.cpp")
             if re.search(r"mode\s*[!=]=\s*\"(local|strict)\"", path.read_text())]
    assert not asked, asked


if os.geteuid() != 0:
    test_in_strict_mode_only_root_may_do_anything = pytest.mark.skip(reason="acting as another user needs root")(
        test_in_strict_mode_only_root_may_do_anything)
