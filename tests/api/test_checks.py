"""What owhaled would take, before it is given it: a profile, a file of settings."""

import pathlib

import pytest

from conftest import ALICE
from ctl import Ctl

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "profiles"


def check(owhaled, name, text, **more):
    return owhaled.ask("POST", "/v1/profiles/check", {"name": name, "text": text}, **more)


def test_a_profile_is_read_as_it_would_be_and_not_loaded(owhaled):
    text = 'description = "mine"\nextends = "default"\n[limits]\npids = 9\n'
    answer = check(owhaled, "mine", text)
    assert answer.status == 200, answer
    assert answer.json()["description"] == "mine" and answer.json()["text"] == text and len(answer.json()["digest"]) == 64
    assert owhaled.get("/v1/profiles/mine").status == 404
    for file in FOLDER.glob("*.toml"):
        if file.stem != "tables":
            assert check(owhaled, file.stem, file.read_text()).json()["digest"] == \
                owhaled.get(f"/v1/profiles/{file.stem}").json()["digest"], file


@pytest.mark.parametrize("name, text, said", [
    ("x", 'description = "d"\nsurprise = 1\n', "x.toml:2:"),
    ("x", "description = \n", "x.toml:1:"),
    ("x", 'description = "d"\nextends = "nosuch"\n', "nosuch"),
    ("x", 'description = "d"\nextends = "x"\n', "circle"),
    ("default", 'description = "d"\nextends = "build"\n', "circle"),
    ("x", 'description = "d"\ntoolchains = [".ssh"]\n', "credentials"),
    ("tables", "credentials = []\n", "no profile"),
    ("x", "#" + "x" * (256 << 10), "256 KiB"),
], ids=["key", "toml", "unknown", "itself", "circle", "credentials", "tables", "size"])
def test_what_is_wrong_with_a_profile_is_said(owhaled, name, text, said):
    answer = check(owhaled, name, text)
    assert answer.status == 422 and answer.code == "invalid_value" and said in answer.text, answer


@pytest.mark.parametrize("name", ["", ".x", "a/b", "../default", "x\0", "x" * 300],
                         ids=["none", "hidden", "folder", "above", "nul", "long"])
def test_a_profile_has_the_name_of_a_file(owhaled, name):
    assert check(owhaled, name, 'description = "d"\n').code == "invalid_value"


def test_owhalectl_checks_both(owhaled, base):
    ctl = Ctl(base, owhaled)
    good, bad = base / "mine.toml", base / "bad.toml"
    good.write_text('description = "mine"\nextends = "default"\n')
    bad.write_text("surprise = 1\n")
    assert "mine is valid" in ctl("profiles", "check", str(good))
    done = ctl("profiles", "check", str(bad), code=None)
    assert done.returncode == 2 and "bad.toml:1:" in done.stderr and "owhaled-profiles" in done.stderr, done
    assert ctl("profiles", "check", str(base / "gone"), code=None).returncode != 0

    settings = base / "owhaled.conf"
    settings.write_text("kill-grace = 5s\n")
    # Our own variable is none of the service's.
    assert "valid" in ctl.with_variables(OWHALE_KILL_GRACE="soon")("config", "check", str(settings))
    settings.write_text("kill-grase = 5s\n")
    done = ctl("config", "check", str(settings), code=None)
    assert done.returncode == 1 and f"{settings}:1: " in done.stderr and "kill-grace" in done.stderr, done
    assert ctl("--host", "https://host.example", "config", "check", code=None).returncode != 0
    assert ctl("config", "check", "a", "b", code=None).returncode == 2


def test_anybody_who_may_see_profiles_may_check_one(owhaled):
    assert check(owhaled, "x", 'description = "d"\n', uid=ALICE).status == 200
