"""What every benchmark stands on: the compat suite's throwaway user and daemon, and work done under that user's rights."""

import argparse
import contextlib
import json
import os
import shutil
import sys
import traceback
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(TESTS.parent / "compat/lib"))

from settings import Daemon, Stage  # noqa: E402

SKIPPED = 77


def arguments(text, **defaults):
    """--build and one option per default; of False a flag."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--build", type=Path, default=os.environ.get("OWHALE_BUILD", TESTS.parents[1] / "build"))
    for name, value in defaults.items():
        kind = {"action": "store_true"} if value is False else {"type": type(value), "default": value, "help": f"default {value}"}
        parser.add_argument("--" + name, **kind)
    options = parser.parse_args()
    if os.getuid() != 0:
        print("bench: skipped: it makes a user and starts a daemon, so it runs as root")
        sys.exit(SKIPPED)
    if not shutil.which("bwrap"):
        sys.exit("bench: install bubblewrap: apt-get install bubblewrap")
    return options


@contextlib.contextmanager
def daemon(options, settings=""):
    """Gives (stage, root's owhaled, the ordinary user), and takes all of it away afterwards. `settings`: lines of owhaled.conf."""
    stage = Stage(options.build, TESTS.parent / "compat")
    try:
        (stage.place / "empty.conf").write_text(settings)
        stage.daemons.append(Daemon(stage.place, stage.callers["root"], "rootful"))
        yield stage, stage.daemons[0], stage.callers["user"]
    finally:
        stage.strike()


def as_user(user, work):
    """Calls `work` in a child with the user's rights, in the user's folder; gives what it returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_exit(user, work, writing)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        sys.exit(1)
    return json.loads(text)


def _work_and_exit(user, work, writing):
    code = 1
    try:
        os.setgroups([user.gid])
        os.setgid(user.gid)
        os.setuid(user.uid)
        os.chdir(user.folder)
        os.environ.clear()
        os.environ.update(user.environment)
        os.write(writing, json.dumps(work()).encode())
        code = 0
    except SystemExit as why:
        print(why, file=sys.stderr)
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)
