"""What owhaled gives the service manager and AppArmor, read by their own tools; none of it needs them to run."""

import os
import re
import shutil
import subprocess

import daemon
import pytest

UNITS = daemon.TOP / "systemd"
MADE = daemon.BUILD / "systemd"


def said(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path):
    """Both managers' units, under their installed names, with programs that are there."""
    for kind, prefix in ("system", "owhaled"), ("user", "owhaled-user"):
        place = tmp_path / kind
        place.mkdir()
        text = (MADE / f"{prefix}.service").read_text()
        (place / "owhaled.service").write_text(re.sub(r"^ExecStart=.*", f"ExecStart={daemon.BINARY}", text, flags=re.M))
        shutil.copy(UNITS / f"{prefix}.socket", place / "owhaled.socket")
    shutil.copy(UNITS / "owhaled-tcp.socket", tmp_path / "system")
    return tmp_path


@pytest.mark.parametrize("kind", ["system", "user"])
def test_systemd_understands_every_line(folder, kind):
    units = sorted((folder / kind).iterdir())
    told = said("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--{kind}", *units,
                env={**os.environ, "XDG_RUNTIME_DIR": str(folder), "SYSTEMD_LOG_LEVEL": "warning"})
    assert not [line for line in told.splitlines() if "owhaled" in line], told


def test_the_service_is_never_less_hardened(folder):
    told = said("systemd-analyze", "security", "--offline=yes", "--no-pager", folder / "system" / "owhaled.service")
    now = float(re.search(r"exposure level.*: ([0-9.]+)", told)[1])
    kept = float((daemon.TOP / "tests" / "systemd" / "score").read_text())
    assert now <= kept, told
    assert now == kept, f"better than before: write {now} into tests/systemd/score"


def test_what_is_open_has_its_reason(folder):
    """Each directive that systemd misses is named by a comment."""
    text = (UNITS / "owhaled.service.in").read_text()
    told = said("systemd-analyze", "security", "--offline=yes", "--no-pager", folder / "system" / "owhaled.service")
    for line in told.splitlines():
        if line.startswith("✗"):
            for name in re.split(r"[=/]+", line.split()[1])[:1]:
                assert re.search(rf"\b{name}\b", text), line


def test_accounts_and_folders_are_made(tmp_path):
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    said("systemd-sysusers", f"--root={root}", UNITS / "owhaled.sysusers")
    account = next(line for line in (root / "etc" / "passwd").read_text().splitlines() if line.startswith("owhaled:"))
    assert account.endswith(":/var/lib/owhaled:/usr/sbin/nologin"), account
    if os.geteuid() != 0:
        pytest.skip("giving folders to others needs root")
    said("systemd-tmpfiles", "--create", f"--root={root}", UNITS / "owhaled.tmpfiles")
    uid = int(account.split(":")[2])
    for path, owner, mode in (("var/lib/owhaled", uid, 0o700), ("etc/owhaled", 0, 0o755),
                              ("var/lib/owhaled-anchor", 0, 0o755), ("var/lib/owhaled-accounts", 0, 0o1770)):
        made = (root / path).stat()
        assert (made.st_uid, made.st_mode & 0o7777) == (owner, mode), path


def parser():
    """AppArmor's, which lies where ordinary users' PATH does not lead."""
    return shutil.which("apparmor_parser", path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def test_the_profile_is_one(tmp_path):
    text = (MADE / "owhaled.apparmor").read_text()
    assert re.search(r"^profile owhale-spawner /\S+/owhale-spawner flags=\(unconfined\) \{\n  userns,$", text, re.M), text
    version = int(re.search(r"version (\d+)", said(parser(), "--version"))[1])
    if version < 4:  # knows neither the word nor the file of features
        text = re.sub(r"^(abi .*|  userns,)\n", "", text, flags=re.M)
    profile = tmp_path / "profile"
    profile.write_text(text)
    said(parser(), "-Q", "-K", profile)
    broken = tmp_path / "broken"
    broken.write_text(text.replace("include if", "includes if"))
    assert subprocess.run([parser(), "-Q", "-K", str(broken)], capture_output=True).returncode != 0
