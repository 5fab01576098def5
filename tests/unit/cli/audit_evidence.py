"""What is kept outside of a log, made for tests."""
import base64, json

from audit_folder import Folder


class Evidence(Folder):
    def heads(self, *sizes, log=None, key=None):
        log = log or self.log
        lines = [f"# owhaled heads 1 {log.key.origin} {(key or log.key).vkey}\n"]
        lines += [f"{size} {base64.b64encode(log.root(size)).decode()} 2026-11-27T05:00:00Z\n" for size in sizes]
        (self.top / "heads").write_text("".join(lines) + "7")  # the last line was torn
        return ("--heads", str(self.top / "heads"))

    def journal(self, *notes):
        """A journalctl that knows these."""
        binaries = self.top / "bin"
        binaries.mkdir()
        lines = "".join(json.dumps({"OWHALED_CHECKPOINT": note}) + "\n" for note in notes)
        (self.top / "journal").write_text(lines + "not JSON\n")
        (binaries / "journalctl").write_text(f"#!/bin/sh\nexec /bin/cat {self.top}/journal\n")
        (binaries / "journalctl").chmod(0o755)
        return {"PATH": str(binaries)}

    def saved(self, size, log=None):
        (self.top / "checkpoint").write_text((log or self.log).note(size))
        return ("--checkpoint", str(self.top / "checkpoint"))

    def anchor(self, report, name):
        return next(one for one in report["anchors"] if one["name"] == name)
