#!/usr/bin/env python3
"""owhalectl audit verify where not the log was changed, but a file was damaged; and what to do next. usage: audit_verify_damaged_test.py OWHALECTL"""
import base64, os, subprocess, unittest

from audit_evidence import Evidence
from audit_folder import CTL, Folder, made
import audit_attacks as attacks
import audit_log


def other_character(text, at):
    return text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1:]


class Text:
    """What a person reads."""

    def text(self, *arguments, code=1):
        done = subprocess.run([CTL, "audit", "verify", *(arguments or ("--dir", self.state))], capture_output=True, text=True, timeout=60,
                              env={"HOME": str(self.top / "new"), "PATH": "/nowhere"})
        self.assertEqual(done.returncode, code, done)
        return done.stdout


class Checkpoint(Evidence):
    """A checkpoint that was saved and then damaged is a fault of the question."""

    def refused(self, text, *words):
        path = self.top / "checkpoint"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = self.verify("--checkpoint", str(path))
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        for word in (f"owhalectl: invalid_value: the checkpoint {path}: ", *words, "nothing was said of the log"):
            self.assertIn(word, done.stderr)

    def test_the_line_is_named(self):
        lines = self.log.note(600).split("\n")
        self.assertEqual(len(lines), 6)
        for at, changed, word in ((0, "owhaled/elsewhere/1a2b3c4d", "line 1 is of the log owhaled/elsewhere/1a2b3c4d, and line 5 is signed by"),
                                  (1, "6oo", "line 2 is not the number of events"), (2, lines[2][:-3], "line 3 is not a root"),
                                  (1, "601", "line 5, the signature of"), (2, other_character(lines[2], 7), "line 5, the signature of"),
                                  (3, "x", "no empty line with signatures"), (4, lines[4].replace("\u2014", "-"), "line 5 is no signature"),
                                  (4, lines[4][:-4] + "!!!!", "the signature in line 5 is not base64"), (4, lines[4][:-8], "line 5, the signature of"),
                                  (4, other_character(lines[4], lines[4].rindex(" ") + 40), "line 5, the signature of"),
                                  (4, other_character(lines[4], lines[4].rindex(" ") + 2), "line 5 names another key"),
                                  (1, "60\0", "line 2 holds bytes that no note has")):
            with self.subTest(changed):
                self.refused("\n".join([*lines[:at], changed, *lines[at + 1:]]), word)

    def test_a_file_that_is_none(self):
        self.refused("", "it is empty")
        self.refused(b"\xff\xfe", "line 1 holds bytes that no note has")
        self.refused(self.log.note(600)[:-10], "its last line, line 5, is cut off")
        self.refused("x" * 300_000, "it is larger than 256 KiB")

    def test_a_file_that_cannot_be_read(self):
        for path, why in ((self.top / "none", "No such file"), (self.top, "it is no plain file")):
            done = self.verify("--checkpoint", str(path))
            self.assertEqual((done.returncode, done.stdout), (2, ""), done)
            self.assertIn(f"owhalectl: invalid_value: the checkpoint {path}: {why}", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "to be another user needs root")
    def test_a_file_of_another_user(self):
        for folder in (self.top, self.state):
            folder.chmod(0o755)
        (self.top / "checkpoint").write_text(self.log.note(600))
        (self.top / "checkpoint").chmod(0o600)
        done = subprocess.run([CTL, "audit", "verify", "--dir", self.state, "--checkpoint", self.top / "checkpoint"], user=61234, group=61234,
                              extra_groups=[], capture_output=True, text=True, env={"HOME": "/nowhere", "PATH": "/nowhere"})
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        self.assertIn(f"the checkpoint {self.top}/checkpoint: Permission denied", done.stderr)

    def test_it_comes_before_what_is_wrong_with_the_log(self):
        self.attack(attacks.change_body, 333)
        self.refused(self.log.note(600).replace("\n600\n", "\n601\n"))

    def test_a_log_that_is_gone(self):
        self.verify(code=0)
        (self.state / "audit.db").unlink()
        self.refused(self.log.note(600).replace("\n600\n", "\n601\n"))

    def test_another_logs_is_not_damaged(self):
        (self.top / "checkpoint").write_text(made().other.note(600, self.log.root(600)))
        self.finds(1, "key_swapped", "--checkpoint", str(self.top / "checkpoint"))


class Heads(Evidence, Text):
    """Lines of root's file that were damaged are no evidence of a rewritten log; the anchor does not hold all the same."""

    def damaged(self, change, *words, sizes=(200, 300, 600), held=600):
        self.heads(*sizes)
        path = self.top / "heads"
        lines = path.read_text().split("\n")
        change(lines)
        path.write_text("\n".join(lines))
        report = self.verify("--heads", str(path), code=1)
        self.assertEqual([(one["seq"], one["kind"]) for one in report["problems"]], [(0, "anchor_damaged")], report["problems"])
        self.assertEqual((report["whole"], report.get("first_bad"), report["bad"]), (False, None, 1))
        anchor = self.anchor(report, "heads")
        self.assertEqual((anchor["state"], anchor.get("size")), ("damaged", held), anchor)
        for what in (report["problems"][0]["what"], anchor["detail"]):
            self.assertIn(str(path), what)
            for word in words:
                self.assertIn(word, what)
            self.assertNotIn("were other ones", what)
        return report

    def test_what_is_no_head_any_more(self):
        def put(at, text):
            return lambda lines: lines.__setitem__(at, text(lines[at]))
        self.damaged(put(2, lambda line: "x" + line), "line 3 is damaged: it does not begin with a number")
        self.damaged(put(2, lambda line: line.replace(" ", " !", 1)), "line 3 is damaged: its root is not 32 bytes in base64")
        self.damaged(put(3, lambda line: line[:-2] + "x"), "line 4 is damaged: it does not end with a time", held=300)
        self.damaged(put(1, lambda line: line + "x"), "line 2 is damaged: it does not end with a time")
        self.damaged(put(0, lambda line: other_character(line, len(line) - 5)), "line 1 is damaged", held=None)

    def test_a_root_with_another_character(self):
        for at in (5, 20, 46):
            self.damaged(lambda lines: lines.__setitem__(2, other_character(lines[2], at)), "line 3 is damaged: its root over 300 events is this log's but")
        self.damaged(lambda lines: lines.__setitem__(3, other_character(lines[3], 5)), "line 4 is damaged", held=300)

    def test_numbers_that_are_not_in_order(self):
        self.damaged(lambda lines: lines.__setitem__(2, "900" + lines[2][3:]), "line 3 or 4 is damaged: first 900 events, then 600", held=200)
        self.damaged(lambda lines: lines.__setitem__(2, "30" + lines[2][3:]), "line 2 or 3 is damaged: first 200 events, then 30")

    def test_what_a_loss_of_power_left_is_no_damage(self):
        for torn in ("3", "300 ", "300 " + base64.b64encode(self.log.root(300)).decode()[:20], "", "300 \0\0\0",
                     "300 " + base64.b64encode(self.log.root(300)).decode() + " 2026-11-2"):
            self.heads(200, 600)
            path = self.top / "heads"
            lines = path.read_text().split("\n")
            path.write_text("\n".join([*lines[:2], torn, *lines[2:]]))
            self.assertEqual(self.anchor(self.verify("--heads", str(path), code=0), "heads")["size"], 600, torn)

    def test_a_rewritten_log_is_told_as_such_beside_it(self):
        words = self.heads(200, 300, 600)
        path = self.top / "heads"
        lines = path.read_text().split("\n")
        path.write_text("\n".join([lines[0], "x" + lines[1], *lines[2:]]))
        self.attack(attacks.change_event_and_tree, 333)
        self.attack(attacks.sign_again, self.log.key)
        report = self.verify(*words, code=1)
        self.assertEqual([(one["seq"], one["kind"]) for one in report["problems"]], [(0, "anchor_damaged"), (301, "rewritten")])
        self.assertEqual(report["first_bad"], {"seq": 301, "through": 600})
        self.assertIn(" (line 4) says that the first 600 events were other ones", report["problems"][1]["what"])
        self.assertEqual(self.anchor(report, "heads")["state"], "rewritten")

    def test_what_a_person_reads_of_it(self):
        self.heads(200, 600)
        path = self.top / "heads"
        path.write_text(path.read_text().replace("\n200 ", "\nx200 "))
        text = self.text("--dir", self.state, "--heads", path)
        self.assertTrue(text.startswith("NOT proved whole: 700 events read, and none is found bad; but an anchor is damaged\n  anchor damaged: "), text)
        self.assertIn("heads        damaged: ", text)


class Unreadable(Folder, Text):
    """A database that SQLite cannot read is not whole."""

    def reads_nothing(self, *words):
        report = self.verify(code=1)
        self.assertEqual((report["whole"], report["events"], report["first_bad"]), (False, 0, {"seq": 1}))
        self.assertEqual([one["kind"] for one in report["problems"]], ["unreadable"])
        text = self.text()
        self.assertTrue(text.startswith("NOT whole: it cannot be read\n"), text)
        for word in (f"{self.state}/audit.db: ", *words, "sqlite3 audit.db .recover", "copy the state folder away"):
            self.assertIn(word, text)

    def test_no_database(self):
        (self.state / "audit.db").write_bytes(os.urandom(100_000))
        self.reads_nothing("file is not a database")

    def test_a_damaged_first_page(self):
        with open(self.state / "audit.db", "r+b") as file:
            file.seek(100)
            file.write(b"\xff" * 3000)
        self.reads_nothing("database disk image is malformed")

    def test_more_places_than_it_tries(self):
        """What was read until then is told, and where reading ended."""
        path = self.state / "audit.db"
        size = path.stat().st_size
        with open(path, "r+b") as file:
            for at in range(8192, size - 4096, 4096):
                file.seek(at)
                if file.read(1) == b"\x0d":  # leaves of tables
                    file.seek(at)
                    file.write(b"\xff" * 64)
        report = self.verify(code=1)
        self.assertEqual(report["problems"][0]["kind"], "unreadable")

    @unittest.skipUnless(os.geteuid() == 0, "to be another user needs root")
    def test_what_may_not_be_read_is_not_called_damaged(self):
        self.top.chmod(0o755)
        self.state.chmod(0o700)
        done = subprocess.run([CTL, "audit", "verify", "--dir", self.state], user=61234, group=61234, extra_groups=[], capture_output=True, text=True,
                              env={"HOME": "/nowhere", "PATH": "/nowhere"})
        self.assertEqual((done.returncode, done.stdout), (3, ""), done)


class Next(Folder, Text):
    """What to do when a log is not whole."""

    def test_the_folder_is_named_by_its_real_path(self):
        self.attack(attacks.change_body, 333)
        (self.top / "link").symlink_to(self.state)
        text = self.text("--dir", self.top / "link")
        state = os.path.realpath(self.state)
        self.assertIn("next: this is evidence", text)
        self.assertIn(f"1. copy the state folder away as it is, before anything else: cp -a {state} ELSEWHERE\n", text)
        self.assertIn("2. until then do not restart owhaled, and repair nothing\n", text)
        self.assertIn(f"audit verify --dir {self.top}/link --checkpoint FILE", text)
        self.assertIn("journal", text)
        self.assertIn("man owhaled-audit", text)
        (self.top / "state-anchor").mkdir()
        self.assertIn(f"cp -a {state} {state}-anchor ELSEWHERE\n", self.text())

    def test_an_export_is_kept_too(self):
        (self.top / "export").write_bytes(b'{"seq":1,"hash":"' + b"0" * 64 + b'","event":' + self.log.bodies[0] + b"}\n")
        text = self.text("--file", self.top / "export")
        self.assertIn(f"1. keep {self.top}/export as it is, and have the log's state folder", text)

    def test_an_export_by_time_is_no_evidence_of_anything(self):
        leaves = [(n, audit_log.leaf(text).hex().encode(), text) for n, text in enumerate(self.log.bodies[:20], 1)]
        (self.top / "export").write_bytes(b"".join(b'{"seq":%d,"hash":"%s","event":%s}\n' % one for one in leaves))
        text = self.text("--file", self.top / "export")
        self.assertIn("next: export all, from the first event on (owhalectl audit export --file FILE), or verify these events in the log itself", text)
        self.assertNotIn("forger", text)

    def test_of_a_whole_log_there_is_none(self):
        self.assertNotIn("next:", self.text("--dir", self.state, code=0))


if __name__ == "__main__":
    unittest.main()
