#!/usr/bin/env python3
"""owhalectl audit verify against what is kept outside of a log. usage: audit_verify_anchors_test.py OWHALECTL"""
import base64, json, os, shutil, subprocess, unittest

from audit_evidence import Evidence
from audit_folder import CTL, made, verify
import audit_attacks as attacks
import audit_log


class Anchored(Evidence):
    def older(self):
        self.attack(attacks.cut_after, 600, True)

    def test_they_match(self):
        report = self.verify(*self.heads(200, 600), *self.saved(300), code=0, **self.journal(self.log.note(600), made().other.note(9, bytes(32))))
        states = {one["name"]: (one["state"], one.get("size")) for one in report["anchors"]}
        self.assertEqual(states["heads"], ("matches", 600))
        self.assertEqual(states["journal"], ("matches", 600))
        self.assertEqual(states["checkpoint"], ("matches", 300))
        self.assertEqual(self.verify(code=0)["anchors"][-1], {"name": "remembered", "state": "matches", "size": 700,
                                                             "detail": "at 700 (owhalectl's own memory)", "outside": True})

    def test_heads_beside_the_log_are_no_outside_anchor(self):
        self.heads(600)
        (self.top / "heads").rename(self.state / "audit.heads")
        report = self.verify(code=0)
        self.assertEqual((self.anchor(report, "heads")["state"], self.anchor(report, "heads")["outside"]), ("matches", False))
        text = subprocess.run([CTL, "audit", "verify", "--dir", self.state], capture_output=True, text=True, env={"HOME": str(self.top / "x"), "PATH": "/"})
        self.assertIn("no outside anchor", text.stdout)

    def test_an_older_copy_has_no_fault_of_its_own(self):
        self.older()
        self.assertTrue(self.verify(code=0)["whole"])

    def test_an_older_copy_is_found_by_the_heads(self):
        self.older()
        report = self.finds(601, "older_copy", *self.heads(600, 690))
        self.assertIn("has 600 events", report["problems"][0]["what"])
        self.assertIn("had 690", report["problems"][0]["what"])

    def test_an_older_copy_is_found_by_the_journal(self):
        self.older()
        self.finds(601, "older_copy", **self.journal(self.log.note(700)))

    def test_an_older_copy_is_found_by_a_saved_checkpoint(self):
        self.older()
        self.finds(601, "older_copy", *self.saved(700))

    def test_an_older_copy_is_found_by_what_is_remembered(self):
        self.verify(code=0)
        self.older()
        self.finds(601, "older_copy")

    def rewritten(self):
        """Everything anew from a changed event on, signed with the log's own key: by who has taken owhaled over."""
        self.attack(attacks.change_event_and_tree, 333)
        self.attack(attacks.sign_again, self.log.key)

    def test_a_rewritten_log_is_found_by_each(self):
        self.rewritten()
        self.verify(code=0, HOME=str(self.top / "other"))
        for more, env in ((self.heads(300, 600), {}), (self.saved(600), {}), ((), self.journal(self.log.note(600)))):
            report = self.finds(301 if "--heads" in more else 1, "rewritten", *more, through=600, HOME=str(self.top / "new"), **env)
            self.assertEqual(report["bad"], 1)

    def test_a_checkpoint_that_is_not_this_logs(self):
        other = audit_log.Log(300, (300,), audit_log.Key("owhaled/else/00000000"))
        self.finds(1, "key_swapped", *self.saved(300, other))
        self.finds(1, "key_swapped", *self.heads(300, key=made().other))

    def test_a_rewritten_log_is_found_however_many_heads_came_later(self):
        """A broker that was taken over makes the log anew, and has its heads kept, one a minute, for days."""
        words = self.heads(200, 300)
        text = (self.top / "heads").read_text().removesuffix("7")
        self.attack(attacks.change_event_and_tree, 222)
        self.attack(attacks.sign_again, self.log.key)
        database = attacks.free(self.state / "audit.db")
        leaves = [bytes(one) for (one,) in database.execute("SELECT hash FROM events ORDER BY seq")]
        later = [f"{size} {base64.b64encode(audit_log.root(leaves[:size])).decode()} 2026-11-27T05:00:00Z\n" for size in range(301, 701)]
        database.close()
        (self.top / "heads").write_text(text + "".join(line for line in later for _ in range(40)))
        self.finds(201, "rewritten", *words, through=300)

    @unittest.skipUnless(os.geteuid() == 0, "becoming root needs root")
    def test_root_runs_no_journalctl_of_a_strangers(self):
        """What is left in PATH of whoever became root."""
        found = self.journal(self.log.note(700))
        for strange in (self.top / "bin", self.top / "bin" / "journalctl"):
            self.assertEqual(self.anchor(self.verify(code=0, **found), "journal")["state"], "matches")
            os.chown(strange, 61234, 61234)
            self.assertEqual(self.anchor(self.verify(code=0, **found), "journal")["state"], "absent", strange)
            os.chown(strange, 0, 0)

    def test_the_brokers_own_lines_are_asked_for_first(self):
        """Whatever others tell the journal."""
        found = self.journal()
        (self.top / "all").write_text("".join(json.dumps({"OWHALED_CHECKPOINT": self.log.note(9000 + n).replace("\n", "x")}) + "\n" for n in range(3)))
        (self.top / "own").write_text(json.dumps({"OWHALED_CHECKPOINT": self.log.note(700)}) + "\n")
        script = self.top / "bin" / "journalctl"
        owner = os.stat(self.state / "audit.db").st_uid
        script.write_text(f'#!/bin/sh\ncase " $* " in *" _UID={owner} "*) exec /bin/cat {self.top}/own;; esac\nexec /bin/cat {self.top}/all\n')
        self.assertEqual(self.anchor(self.verify(code=0, **found), "journal")["state"], "matches")
        (self.top / "own").write_text("")  # a copy, whose owner is another
        (self.top / "all").write_text(json.dumps({"OWHALED_CHECKPOINT": self.log.note(600)}) + "\n")
        self.assertEqual(self.anchor(self.verify(code=0, **found), "journal")["size"], 600)

    def test_a_forged_line_in_the_journal_counts_for_nothing(self):
        forged = self.log.note(700).replace("\n700\n", "\n9000\n")
        report = self.verify(code=0, **self.journal(forged))
        self.assertEqual(self.anchor(report, "journal")["state"], "absent")


class Emptied(Evidence):
    """A log that has no event any more, though something knows that it had some."""

    def emptied(self):
        (self.state / "audit.db").write_bytes(b"")

    def removed(self):
        (self.state / "audit.db").unlink()

    def without_rows(self):
        self.attack(lambda database: [database.execute(f"DELETE FROM {table}") for table in ("events", "bodies", "nodes", "checkpoints", "words", "identity")])

    def test_what_knows_of_it_is_named(self):
        self.verify(code=0)
        for empty in (self.without_rows, self.emptied, self.removed):
            with self.subTest(empty.__name__):
                empty()
                report = self.finds(1, "emptied", *self.heads(600))
                self.assertEqual((report["first_bad"], report["events"], report["key"]), ({"seq": 1}, 0, self.log.key.vkey))
                whats = " ".join(one["what"] for one in report["problems"])
                self.assertIn("heads says that it had 600", whats)
                self.assertIn("owhalectl's own memory says that it had 700", whats)
                self.finds(1, "emptied")
                self.finds(1, "emptied", *self.saved(300), "--key", self.log.key.vkey, HOME=str(self.top / "other"))

    def test_another_identity_in_it_is_told(self):
        """Of which no event says anything, and whoever emptied it could write it."""
        self.verify(code=0)
        self.heads(600)
        (self.top / "state-anchor").mkdir()
        (self.top / "heads").rename(self.top / "state-anchor" / "heads")
        for key in (made().other, audit_log.Key("owhaled/else/00000000")):
            for home in (self.top, self.top / "other"):
                shutil.rmtree(self.state)
                self.state.mkdir()
                log = audit_log.Log(1, (), key)
                log.bodies = []
                log.write(self.state)
                report = self.verify(code=1, HOME=str(home))
                self.assertEqual([one["kind"] for one in report["problems"]][:2], ["key_swapped", "emptied"])

    def test_a_file_of_heads_beside_it_is_asked_without_being_named(self):
        self.heads(600)
        (self.top / "state-anchor").mkdir()
        (self.top / "heads").rename(self.top / "state-anchor" / "heads")
        self.emptied()
        self.finds(1, "emptied")

    def test_where_nobody_knows_of_one_nothing_is_claimed(self):
        for empty, why in ((self.emptied, "has not one byte"), (self.removed, "is not there")):
            empty()
            for words in ((), ("--key", self.log.key.vkey)):
                done = self.verify(*words)
                self.assertEqual(done.returncode, 3, done)
                self.assertIn(why, done.stderr)

    def test_what_is_remembered_of_another_log_says_nothing(self):
        audit = self.top / "elsewhere"
        shutil.copytree(self.state, audit)
        verify(self.top, "--dir", str(audit), code=0)
        self.emptied()
        self.assertEqual(self.verify().returncode, 3)


if __name__ == "__main__":
    unittest.main()
