"""A case: one file, what its header says it needs, and what became of it in one setting."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

CONTROL_SECONDS = 60
CAGED_SECONDS = 90


@dataclass
class Case:
    """Header lines: `# needs: COMMAND[=PACKAGE]…`, `# limit: [SETTING,…:] HINT`, `# slow: WHY`."""

    path: Path
    needs: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)
    slow: bool = False

    @property
    def name(self):
        return self.path.stem

    @classmethod
    def read(cls, path):
        case = cls(path)
        for line in path.read_text().splitlines():
            match = re.match(r"# (needs|limit|slow): (.+)", line)
            if match:
                case._take(*match.groups())
        if not case.needs:
            raise SystemExit(f"compat: {path}: no '# needs:' line")
        return case

    def _take(self, key, text):
        if key == "needs":
            for word in text.split():
                command, _, package = word.partition("=")
                self.needs[command] = package or command
        elif key == "limit":
            settings, hint = re.match(r"(?:([a-z,]+): )?(.+)", text).groups()
            for setting in (settings or "root,user,rootless").split(","):
                self.limits[setting] = hint
        else:
            self.slow = True

    def missing(self, path):
        """Packages to install before this case can run with `path` as PATH."""
        def there(command):
            return os.path.exists(command) if command.startswith("/") else shutil.which(command, path=path)
        return [package for command, package in self.needs.items() if not there(command)]


@dataclass
class Outcome:
    """`pass`, `limit`, `FAIL` or `skip`, with what to show a reader."""

    word: str
    seconds: float = 0
    text: str = ""


def _execute(case, caller, environment, seconds):
    """Runs the script as `caller` in a new empty folder; gives (ended well, all it printed)."""
    folder = tempfile.mkdtemp(prefix=case.name + "-", dir=caller.folder)
    os.chown(folder, caller.uid, caller.gid)
    process = subprocess.Popen(
        [str(case.path)], cwd="/", env={**environment, "COMPAT_FOLDER": folder}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, umask=0o022, **caller.credentials())
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\ncase: took more than {seconds} s".encode()
    shutil.rmtree(folder, ignore_errors=True)
    return process.returncode == 0, output.decode(errors="replace")


def control(case, caller):
    """The case outside the cage: None when it works, else why it says nothing about the cage."""
    missing = case.missing(caller.environment["PATH"])
    if missing:
        return "not installed: " + " ".join(missing)
    well, output = _execute(case, caller, {**caller.environment, "COMPAT_SETTING": "control", "TMPDIR": caller.folder},
                            CONTROL_SECONDS)
    return None if well else "fails outside the cage too:\n" + output


def judge(case, setting):
    """The case inside the cage. A documented limit counts only when its hint was shown."""
    started = time.monotonic()
    well, output = _execute(case, setting.caller, setting.environment(), CAGED_SECONDS)
    seconds = time.monotonic() - started
    hint = case.limits.get(setting.name)
    if well:
        return Outcome("pass", seconds)
    if hint and hint in output:
        return Outcome("limit", seconds, hint)
    if hint:
        output += f"\ncompat: the documented hint was not shown: {hint}"
    return Outcome("FAIL", seconds, output)
