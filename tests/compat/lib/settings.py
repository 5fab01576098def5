"""Who calls and whose daemon answers: the three settings every case is tried in, on state that is thrown away."""

import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ("daemon/owhaled", "daemon/spawner/owhale-spawner", "cli/owhalectl")


class Caller:
    """One user, with a folder of their own to work in and the environment a login would give them."""

    def __init__(self, name, path, library):
        entry = pwd.getpwnam(name)
        self.name, self.uid, self.gid, self.home = name, entry.pw_uid, entry.pw_gid, entry.pw_dir
        self.folder = tempfile.mkdtemp(prefix="owhale-compat-", dir=self.home)
        os.chown(self.folder, self.uid, self.gid)
        self.environment = {
            "HOME": self.home, "USER": name, "LOGNAME": name, "SHELL": "/bin/bash", "PATH": path, "LANG": "C.UTF-8",
            "TERM": "xterm-256color", "COMPAT_LIB": str(library), "PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"}

    def credentials(self):
        """For subprocess.Popen."""
        if self.uid == os.getuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": [self.gid]}

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Daemon:
    """An owhaled of this build, started by `starter` on fresh state."""

    def __init__(self, place, starter, label):
        self.runtime = place / (label + "-run")
        self.socket = self.runtime / "owhaled.sock"
        self.log = place / (label + ".log")
        folders = {"state-dir": place / (label + "-state"), "runtime-dir": self.runtime, "policy-dir": place / (label + "-policy")}
        for folder in folders.values():
            folder.mkdir(mode=0o755)
            os.chown(folder, starter.uid, starter.gid)
        rules = folders["policy-dir"] / "compat.toml"
        rules.write_bytes((Path(__file__).parent / "rules.toml").read_bytes())
        os.chown(rules, starter.uid, starter.gid)
        settings = {**folders, "socket": self.socket, "profile-dir": place / "profiles", "config": place / "empty.conf",
                    "spawner": place / "bin/owhale-spawner"}
        self.command = [str(word) for word in (place / "bin/owhaled", *(word for key, value in settings.items() for word in ("--" + key, value)))]
        self.starter = starter
        self.start()

    def start(self):
        """Also after a stop, on the state that there is."""
        environment = {**self.starter.environment, "XDG_RUNTIME_DIR": str(self.runtime)}
        with open(self.log, "ab") as log:
            # As under systemd: each line with its priority, by which `complaints` chooses.
            stream = os.fstat(log.fileno())
            environment["JOURNAL_STREAM"] = f"{stream.st_dev}:{stream.st_ino}"
            self.process = subprocess.Popen(self.command, cwd="/", env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True, **self.starter.credentials())
        self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        end = time.monotonic() + 20
        while not answers(str(self.socket)):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise SystemExit(f"compat: owhaled did not start; its log:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def answers(path):
    """Whether somebody speaks HTTP on this Unix socket."""
    connection = http.client.HTTPConnection("localhost", timeout=5)
    connection.sock = socket.socket(socket.AF_UNIX)
    try:
        connection.sock.settimeout(5)
        connection.sock.connect(path)
        connection.request("GET", "/v1/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class Setting:
    def __init__(self, name, caller, daemon, place):
        self.name, self.caller, self.daemon, self.place = name, caller, daemon, place

    def environment(self):
        return {**self.caller.environment, "COMPAT_SETTING": self.name, "COMPAT_CTL": str(self.place / "bin/owhalectl"),
                "OWHALE_SOCKET": str(self.daemon.socket), "XDG_RUNTIME_DIR": str(self.daemon.runtime)}


class Stage:
    """Everything the suite puts on the machine, and takes away again: a copy of the build, a user, two daemons."""

    def __init__(self, build, tests):
        self.place = Path(tempfile.mkdtemp(prefix="owhale-compat-", dir="/tmp"))
        self.place.chmod(0o755)
        self.user = f"owhale-compat-{os.getpid()}"
        self.callers, self.daemons = {}, []
        self._copy(build, tests)
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", self.user], check=True)
        library = self.place / "tests/lib"
        self.callers["root"] = Caller("root", os.environ["PATH"], library)
        self.callers["user"] = Caller(self.user, "/usr/local/bin:/usr/bin:/bin", library)

    def _copy(self, build, tests):
        (self.place / "bin").mkdir()
        for program in PROGRAMS if build else ():
            if not (build / program).exists():
                shutil.rmtree(self.place)
                raise SystemExit(f"compat: {build / program} is not there: build owhaled first, or name the folder with --build")
            shutil.copy(build / program, self.place / "bin")
        shutil.copytree(tests.parents[1] / "profiles", self.place / "profiles")
        shutil.copytree(tests, self.place / "tests")
        (self.place / "empty.conf").touch()
        subprocess.run(["chmod", "-R", "u=rwX,go=rX", self.place], check=True)

    def settings(self, names):
        """Starts the daemons that these settings need; gives the settings by caller."""
        wanted = {"root": [], "user": []}
        rootful = Daemon(self.place, self.callers["root"], "rootful") if {"root", "user"} & set(names) else None
        self.daemons += [rootful] if rootful else []
        for name in names:
            daemon = rootful
            if name == "rootless":
                daemon = Daemon(self.place, self.callers["user"], "rootless")
                self.daemons.append(daemon)
            caller = "root" if name == "root" else "user"
            wanted[caller].append(Setting(name, self.callers[caller], daemon, self.place))
        return wanted

    def complaints(self):
        """What the daemons logged as worse than information: a case that failed may be theirs to explain."""
        lines = [f"{daemon.log.stem}: {line}" for daemon in self.daemons for line in daemon.log.read_text(errors="replace").splitlines()
                 if not line.startswith(("<6>", "<7>"))]
        return "\n".join(lines[-40:])

    def strike(self, keep=False):
        for daemon in self.daemons:
            daemon.stop()
        if keep:
            print(f"compat: kept {self.place} and user {self.user}")
            return
        for caller in self.callers.values():
            caller.remove()
        self._end_what_the_user_left()
        subprocess.run(["userdel", "--force", "--remove", self.user], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.place, ignore_errors=True)

    def _end_what_the_user_left(self):
        uid = pwd.getpwnam(self.user).pw_uid
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if process.stat().st_uid == uid:
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                continue
        shutil.rmtree("/tmp/hsperfdata_" + self.user, ignore_errors=True)  # Java knows no TMPDIR
