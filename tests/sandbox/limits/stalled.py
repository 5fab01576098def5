"""FUSE mounts whose servers stall, as somebody's working folder, workspace or program: only that caller waits."""

import os
import threading
import time

import deaf
from daemon import Daemon
from people import Root


class Stall:
    """Mounts a file system at `folder` and answers nothing, not even INIT."""

    def __init__(self, folder, person):
        self.folder, self.device = folder, deaf.mount(folder, person)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        deaf.unmount(self.folder, self.device)


def play(report, person, other, folders):
    folder = os.path.join(person.home, "stalled")
    os.makedirs(folder, exist_ok=True)
    os.chown(folder, person.uid, person.gid)
    scene = Scene(report, person, other, folders, folder)
    for group, make_mount, play_one in (
            ("stalled folder", lambda: Stall(folder, person), all_silent),
            ("mount deaf to LOOKUP", lambda: deaf.Deaf(folder, person, deaf.LOOKUP), deaf_to_lookup),
            ("mount deaf to FLUSH", lambda: deaf.Deaf(folder, person, deaf.FLUSH), deaf_to_flush)):
        scene.group = group
        try:
            mount = make_mount()
        except OSError as error:
            report.skip(group, "a FUSE mount as working folder", f"cannot mount one here: {error}")
            continue
        play_one(scene, mount)


class Scene:
    """The two users, their folders, and an owhaled that was started after the mount: where the host's root is not
    shared, a spawner sees no later one."""

    def __init__(self, report, person, other, folders, folder):
        self.report, self.person, self.other, self.folders, self.folder = report, person, other, folders, folder
        self.group, self.daemon = "", None

    def __enter__(self):
        self.daemon = Daemon(Root()).start()
        return self

    def __exit__(self, *_):
        self.daemon.remove()

    def check(self, name, good, detail=""):
        self.report.check(self.group, name, good, detail)

    def ask(self, **body):
        """Asks for a waited run in the background; the caller, and what it is told."""
        told = {}

        def wait():
            started = time.monotonic()
            request = {"wait": True, "home": self.person.home, "timeout_ms": 4000} | body
            told["status"], told["said"] = self.daemon.request("POST", "/v1/runs", request, 60, self.person)
            told["took"] = time.monotonic() - started

        caller = threading.Thread(target=wait, daemon=True)
        caller.start()
        return caller, told

    def others_are_served(self, where):
        for name, who, folder in (("another user", self.other, self.folders[1]),
                                  ("the same user elsewhere", self.person, self.folders[0])):
            started = time.monotonic()
            run = self.daemon.run(who, "echo alive", folder)
            took = time.monotonic() - started
            self.check(f"{where}: {name} is served", run.get("stdout") == "alive\n" and took < 4,
                       f"{took:.1f} s {run.get('state')} {run.get('detail')}")

    def is_refused_in_time(self, where, caller, told):
        caller.join(35)
        said = told.get("said", {})
        good = told.get("status") is not None and said.get("exit_code") != 0 and told.get("took", 99) < 15
        short = {key: said.get(key) for key in ("state", "code", "detail", "exit_code", "limit")}
        self.check(f"{where}: the caller is told in time", good, f"{told.get('took')} s {short}")

    def hurts_only_its_caller(self, where, **body):
        caller, told = self.ask(argv=["ls", self.folder], **body)
        time.sleep(0.5)
        self.others_are_served(where)
        self.is_refused_in_time(where, caller, told)


def all_silent(scene, mount):
    with mount, scene:
        scene.hurts_only_its_caller("cwd", cwd=scene.folder)
        scene.hurts_only_its_caller("workspace", cwd=scene.folders[0], workspace=scene.folder)
        scene.hurts_only_its_caller("a folder below", cwd=scene.folder + "/deep/er")


def deaf_to_lookup(scene, mount):
    """The request is taken and never answered: the child that looks cannot even be killed."""
    with mount, scene:
        scene.hurts_only_its_caller("cwd", cwd=scene.folder)
        scene.check("it was asked for the kind that it ignores", mount.asked.is_set())
        scene.hurts_only_its_caller("workspace", cwd=scene.folders[0], workspace=scene.folder)
        callers = [scene.ask(cwd=scene.folder, argv=["true"]) for _ in range(20)]
        time.sleep(0.5)
        scene.daemon.run(scene.other, "true", scene.folders[1])
        run = scene.daemon.run(scene.other, "echo alive", scene.folders[1])
        scene.check("twenty at once: another user is served", run.get("stdout") == "alive\n", str(run)[:200])
        for caller, _ in callers:
            caller.join(60)
        # Who comes when a lookup has just been given up is let in to look, and told that the folder does not answer.
        ends = [(told.get("status"), told.get("said", {}).get("code"), told.get("said", {}).get("exit_code")) for _, told in callers]
        scene.check("twenty at once: each is told", all(status and ended != 0 for status, _, ended in ends), str(ends))
        busy = sum(code == "busy" for _, code, _ in ends)
        scene.check("twenty at once: nearly all as busy", busy >= len(ends) - 2, str(ends))


def deaf_to_flush(scene, mount):
    """Who closes a file there waits for ever: not the spawner, not the broker, only the run that opened it."""
    with scene:
        with mount:
            listing = scene.daemon.run(scene.person, "ls", scene.folder)
            scene.check("what closes no file there works", listing.get("stdout") == "prog\n", str(listing)[:200])
            caller, told = scene.ask(cwd=scene.folder, argv=["./prog"])
            mount.asked.wait(60)
            scene.check("it was asked for the kind that it ignores", mount.asked.is_set())
            time.sleep(5)  # past the run's own timeout: the kill has no effect as long as the server is silent
            scene.others_are_served("a program that closes itself there")
            runs = scene.daemon.request("GET", "/v1/runs?state=running", None, 10, scene.person)[1]["runs"]
            scene.check("the run that hangs is shown as running", len(runs) == 1, str(runs)[:200])
        caller.join(60)
        state = told.get("said", {}).get("state")
        scene.check("once the mount is gone, that run ends by its timeout", state == "timed_out", str(told)[:300])
