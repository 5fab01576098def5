"""A log's folder, made once and copied for each test, and owhalectl audit verify on it."""
import functools, json, os, shutil, subprocess, sys, tempfile, unittest
from pathlib import Path

import audit_attacks as attacks
import audit_log


CTL = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "owhalectl"
class Made:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.log = audit_log.Log()
        self.log.write(self.folder.name)
        self.other = audit_log.Key(self.log.key.origin)


def verify(home, *arguments, code=None, **env):
    done = subprocess.run([CTL, "-o", "json", "audit", "verify", *arguments], capture_output=True, text=True, timeout=120,
                          env={"PATH": "/nowhere", "HOME": str(home), "LANG": "C.UTF-8", **env})
    if code is not None and done.returncode != code:
        raise AssertionError((arguments, done))
    return json.loads(done.stdout) if done.returncode in (0, 1) and done.stdout else done


@functools.cache
def made():
    """The log that all attacks begin with."""
    return Made()


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.top = Path(self.folder.name)
        self.state = self.top / "state"
        self.log = made().log
        shutil.copytree(made().folder.name, self.state)

    def attack(self, attack, *arguments):
        database = attacks.free(self.state / "audit.db")
        database.execute("BEGIN")
        attack(database, *arguments)
        database.execute("COMMIT")
        database.close()

    def verify(self, *arguments, code=None, **env):
        return verify(self.top, "--dir", str(self.state), *arguments, code=code, **env)

    def finds(self, seq, kind, *arguments, through=None, **env):
        report = self.verify(*arguments, code=1, **env)
        first = report["problems"][0]
        self.assertEqual((first["seq"], first.get("through") or first["seq"], first["kind"]), (seq, through or seq, kind), report["problems"])
        self.assertFalse(report["whole"])
        return report
