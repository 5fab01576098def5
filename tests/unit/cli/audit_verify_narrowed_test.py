#!/usr/bin/env python3
"""owhalectl audit verify names the first bad event as narrowly as all evidence together allows. usage: audit_verify_narrowed_test.py OWHALECTL"""
import shutil, subprocess, unittest

from audit_evidence import Evidence
from audit_folder import CTL, made
import audit_attacks as attacks
import audit_log


class Narrowed(Evidence):
    """All evidence together: what holds bounds the fault from below, what does not from above, and what is found bad is named."""

    def log_of(self, count, *checkpoints):
        self.log = audit_log.Log(count, checkpoints, made().log.key)
        shutil.rmtree(self.state)
        self.state.mkdir()
        self.log.write(self.state)

    def first(self, *arguments, **env):
        report = self.verify(*arguments, code=1, **env)
        first = report["first_bad"]
        return first["seq"], first.get("through")

    def text(self, *arguments):
        return subprocess.run([CTL, "audit", "verify", "--dir", self.state, *arguments], capture_output=True, text=True, timeout=60,
                              env={"HOME": str(self.top), "PATH": "/nowhere"}).stdout

    def test_a_hole_is_named_whatever_is_kept_outside(self):
        self.log_of(47, 5, 12, 30, 47)
        self.verify(code=0)  # remembers 47
        self.attack(attacks.delete_event, 16)
        for words in ((), self.heads(12), self.saved(47), (*self.heads(12, 40), *self.saved(30))):
            report = self.finds(16, "missing", *words)
            self.assertEqual((report["bad"], report["first_bad"], report["checkpoints"], report["refuted_checkpoints"], report["first_refuted"]),
                             (1, {"seq": 16}, 2, 2, 30), report)
            self.assertEqual(self.anchor(report, "remembered")["state"], "rewritten")
        text = self.text(*self.heads(12))
        self.assertIn("NOT whole: 46 events read; the first one known to be bad is 16, and nothing confirms 13 to 15 before it\n", text)
        self.assertIn("2 of 4 hold, the newest of these over 12 events; the first that does not hold is over 30\n", text)
        self.assertNotIn("not signed yet", text)

    def test_each_kind_of_fault_is_named_under_an_anchor(self):
        for attack, seq, kind in ((attacks.change_body, 16, "changed"), (attacks.change_hash, 16, "changed"), (attacks.not_canonical, 16, "changed"),
                                  (attacks.change_column, 16, "changed"), (attacks.delete_body, 16, "missing")):
            with self.subTest(attack.__name__):
                self.log_of(47, 5)
                self.verify(code=0, HOME=str(self.top / attack.__name__))
                self.attack(attack, seq)
                report = self.finds(seq, kind, *self.saved(47))
                self.assertEqual(report["bad"], 1, report)

    def test_two_in_each_others_place_are_named(self):
        for signed in ((), (5, 12), (5, 12, 30, 47), (47,)):
            for words in (("--key", made().log.key.vkey), self.heads(12, 47, log=audit_log.Log(47, (), made().log.key))):
                if not signed and words[0] == "--key":
                    continue  # nothing says otherwise
                self.log_of(47, *signed)
                self.attack(attacks.swap, 15, 16)
                if signed == (5, 12) and words[0] == "--key":
                    continue  # the same
                report = self.finds(15, "reordered", *words)
                self.assertIn("event 16", report["problems"][0]["what"])
                self.assertEqual(report["bad"], 1)

    def test_two_in_each_others_place_that_were_signed_anew(self):
        self.log_of(47, 5, 12, 30, 47)
        words = self.heads(12, 47)
        self.attack(attacks.swap, 15, 16)
        self.attack(attacks.sign_again, self.log.key)
        self.verify(code=0, HOME=str(self.top / "other"))
        self.assertIn("event 16", self.finds(15, "reordered", *words)["problems"][0]["what"])

    def test_what_holds_and_what_does_not_bound_it(self):
        self.log_of(300, 40, 250, 300)
        saved, heads = self.saved(200), self.heads(60, 120, 280)
        self.attack(attacks.change_event_and_tree, 150)
        self.finds(41, "changed", through=250)  # by its own checkpoints alone
        report = self.finds(1, "rewritten", *saved, through=200)  # on the word of its own alone it is behind 40
        self.assertIn("own checkpoint over 40 events holds, so the first other one is behind these, unless", report["problems"][0]["what"])
        self.assertEqual(report["first_bad"], {"seq": 1, "through": 200})
        self.finds(121, "changed", *heads, through=250)
        report = self.finds(121, "changed", *heads, *saved, through=200)
        self.assertEqual((report["bad"], report["first_bad"]), (1, {"seq": 121, "through": 200}))
        self.assertIn("the first bad one is among 121 to 200\n", self.text(*heads, *saved))

    def test_a_tile_that_is_in_doubt_is_narrowed_too(self):
        saved, heads = self.saved(400), self.heads(320)
        self.attack(attacks.change_event, 333)
        self.finds(301, "changed", through=512)
        report = self.finds(1, "rewritten", *saved, through=400)
        self.assertIn((301, 400, "changed"), [(one["seq"], one.get("through"), one["kind"]) for one in report["problems"]])
        self.finds(321, "changed", *saved, *heads, through=400)

    def test_where_the_key_was_misused_what_it_signs_bounds_nothing(self):
        """Signed anew up to the end; and the journal was told of another past after it, which holds."""
        words = self.heads(100, 600)
        self.attack(attacks.change_event_and_tree, 222)
        self.attack(attacks.sign_again, self.log.key)
        database = attacks.free(self.state / "audit.db")
        leaves = [bytes(one) for (one,) in database.execute("SELECT hash FROM events ORDER BY seq")]
        database.close()
        later = self.journal(self.log.key.note(550, audit_log.root(leaves[:550])))
        report = self.finds(101, "rewritten", *words, through=600, HOME=str(self.top / "new"), **later)
        self.assertIn("has the log's key", report["problems"][0]["what"])
        self.assertEqual(report["first_bad"], {"seq": 101, "through": 600})

    def test_a_hole_does_not_hide_that_the_rest_was_signed_anew(self):
        """Who has the key makes an event anew, and puts a fault that is easily found behind it."""
        words = self.heads(100, 295)
        self.attack(attacks.change_event_and_tree, 222)
        self.attack(attacks.sign_again, self.log.key)
        self.attack(attacks.change_body, 290)
        report = self.finds(101, "rewritten", *words, through=295, HOME=str(self.top / "new"))
        self.assertEqual((report["bad"], report["first_bad"]), (2, {"seq": 101, "through": 290}))

    def test_own_checkpoints_below_say_on_whose_word(self):
        """Those above were taken away: by one without the key, or by one who signed the others anew."""
        self.log_of(47, 5, 12)
        saved = self.saved(47)
        self.attack(attacks.change_event_and_tree, 20)
        report = self.finds(1, "rewritten", *saved, through=47)
        self.assertIn("checkpoint over 12 events holds", report["problems"][0]["what"])
        self.assertIn("unless whoever did it has the log's key", report["problems"][0]["what"])
        self.assertEqual(report["unsigned_events"], 35)

    def test_a_damaged_node_is_not_taken_for_an_event(self):
        self.attack(attacks.edit_node, 1)
        self.attack(attacks.change_column, 400)
        report = self.verify(code=1)
        self.assertEqual((report["first_bad"], {one["kind"] for one in report["problems"]}), ({"seq": 400}, {"changed", "node_changed"}))

    def test_no_checkpoint_that_holds(self):
        self.log_of(47, 47)
        self.attack(attacks.delete_event, 16)
        self.assertIn("checkpoints  the only one, over 47 events, does not hold\n", self.text())
        self.assertEqual(self.verify(code=1)["unsigned_events"], 0)
        self.log_of(47, 20, 30, 47)
        self.attack(attacks.delete_event, 16)
        self.assertIn("checkpoints  none of 3 holds; the first is over 20 events\n", self.text())
        self.log_of(47)
        self.attack(attacks.delete_event, 16)
        self.assertIn("checkpoints  none: nothing is signed\n", self.text())
        self.assertEqual(self.verify(code=1)["unsigned_events"], 46)


class Hidden(Evidence):
    """A forged event, and beside it a fault that is easily found, for whoever looks no further."""

    def hides(self, first, through, *done, arguments=(), **env):
        """`done`: attacks and their arguments. The headline begins no later than what is forged."""
        shutil.rmtree(self.state)
        shutil.copytree(made().folder.name, self.state)
        for attack, *rest in done:
            self.attack(attack, *rest)
        report = self.verify(*arguments, code=1, HOME=str(self.top / "new"), **env)
        self.assertEqual(report["first_bad"], {"seq": first, "through": through}, report["problems"])
        return report

    def test_a_fault_that_leaves_the_leaf_as_it_was(self):
        tree = attacks.change_event_and_tree
        self.hides(301, 600, (tree, 310))
        for decoy in (attacks.change_column, attacks.change_time, attacks.change_body, attacks.change_hash):
            with self.subTest(decoy.__name__):
                self.hides(301, 590, (tree, 310), (decoy, 590))
        self.hides(301, 400, (tree, 310), (attacks.delete_body, 400))
        self.hides(601, 699, (tree, 620), (attacks.change_column, 699))
        self.hides(301, 400, (attacks.change_event, 310), (attacks.change_column, 400))
        self.hides(301, 400, (attacks.change_event, 310), (attacks.change_body, 400))

    def test_a_damaged_node_elsewhere(self):
        """A node is the word of whoever wrote the file: that it does not fit says not that a text is forged."""
        report = self.hides(301, 600, (attacks.change_event_and_tree, 590), (attacks.edit_node, 1))
        self.assertEqual([one["kind"] for one in report["problems"]], ["changed", "node_changed"])

    def test_more_faults_than_are_kept(self):
        log = audit_log.Log(2600, (300, 2600), made().log.key)
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.attack(attacks.change_event_and_tree, 310)
        self.attack(lambda database: database.execute("UPDATE events SET outcome = principal WHERE seq BETWEEN 400 AND 2500"))
        report = self.verify(code=1)
        self.assertEqual((report["first_bad"], report["bad"]), ({"seq": 301, "through": 400}, 2102))

    def test_a_hole_is_named_and_what_nothing_confirms_before_it(self):
        for decoy in (attacks.delete_event, attacks.not_canonical):
            with self.subTest(decoy.__name__):
                shutil.rmtree(self.state)
                shutil.copytree(made().folder.name, self.state)
                self.attack(attacks.change_event_and_tree, 310)
                self.attack(decoy, 590)
                report = self.verify(code=1)
                self.assertEqual((report["first_bad"], report["unconfirmed"]), ({"seq": 590}, {"seq": 301, "through": 589}))

    def test_a_hole_in_a_tile_whose_node_is_right(self):
        """By what is stored the checkpoints hold, and nothing tells whether the hole is all that is wrong in it."""
        self.attack(attacks.change_event, 310)
        self.attack(attacks.delete_event, 450)
        report = self.verify(code=1)
        self.assertEqual((report["first_bad"], report["unconfirmed"], report["signed_size"]), ({"seq": 450}, {"seq": 301, "through": 449}, 700))

    def test_a_hole_explains_nothing_before_it(self):
        (self.top / "kept").write_text(self.log.note(320))
        self.hides(1, 320, (attacks.change_event, 310), (attacks.delete_event, 450), arguments=("--checkpoint", str(self.top / "kept")))
        log = audit_log.Log(700, (300, 320, 600, 700), made().log.key)
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.attack(attacks.change_event, 310)
        self.attack(attacks.delete_event, 450)
        self.assertEqual(self.verify(code=1, HOME=str(self.top / "other"))["first_bad"], {"seq": 301, "through": 320})

    def test_the_end_cut_off_behind_it(self):
        self.attack(attacks.change_event_and_tree, 310)
        self.attack(attacks.cut_after, 500)
        report = self.verify(code=1)
        self.assertEqual((report["first_bad"], report["unconfirmed"]), ({"seq": 501}, {"seq": 301, "through": 500}))

    def test_two_that_were_framed(self):
        """Without the key: the tree's node is made as if two others were in each other's place."""
        def frame(database, seq):
            attacks.change_event(database, seq)
            leaves = [bytes(one) for (one,) in database.execute("SELECT hash FROM events WHERE seq BETWEEN 257 AND 512 ORDER BY seq")]
            leaves[400 - 257], leaves[450 - 257] = leaves[450 - 257], leaves[400 - 257]
            database.execute("UPDATE nodes SET hash = ? WHERE level = 1 AND idx = 1", (audit_log.root(leaves),))
        for seq in (310, 510):
            report = self.hides(301, 600, (frame, seq))
            self.assertNotIn("each other's place", str(report["problems"]))
        log = audit_log.Log(600, (200,), made().log.key)  # nor where nothing is signed over them
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.attack(frame, 310)
        report = self.finds(257, "changed", through=512, HOME=str(self.top / "other"))
        self.assertNotIn("each other's place", str(report["problems"]))

    def signed_anew(self, database, seq, up_to):
        """By one with the key: the own checkpoints up to a size fit the forged event; an outside one behind these does not."""
        attacks.change_event_and_tree(database, seq)
        leaves = [bytes(one) for (one,) in database.execute("SELECT hash FROM events ORDER BY seq")]
        for size in attacks.sizes(database):
            if size <= up_to:
                database.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (self.log.key.note(size, audit_log.root(leaves[:size])), size))

    def test_own_checkpoints_that_were_signed_anew_bound_nothing(self):
        saved = self.saved(320)
        anew = (self.signed_anew, 50, 300)
        later = (lambda database: database.execute("DELETE FROM checkpoints WHERE size > 300"),)
        hole = (attacks.delete_event, 315)
        for more in ((), (later,)):
            report = self.hides(1, 320, anew, *more, arguments=saved)
            self.assertIn("checkpoint over 300 events holds, so the first other one is behind these, unless whoever did it has the log's key",
                          report["problems"][0]["what"])
        self.hides(1, 310, anew, later, (attacks.change_column, 310), arguments=saved)
        shutil.rmtree(self.state)
        shutil.copytree(made().folder.name, self.state)
        self.attack(*anew)
        self.attack(*hole)
        report = self.verify(*saved, code=1, HOME=str(self.top / "new"))
        self.assertEqual((report["first_bad"], report["unconfirmed"]), ({"seq": 315}, {"seq": 1, "through": 314}))
        self.assertIn("unless whoever did it has the log's key", str(report["notes"]))
        self.hides(41, 320, anew, later, arguments=(*saved, *self.heads(40)))

    def test_the_journal_can_be_told_more_by_who_has_the_key(self):
        """The broker, taken over, writes a checkpoint of the forged log between what the journal has."""
        database = attacks.free(self.state / "audit.db")
        self.signed_anew(database, 50, 300)
        forged = self.log.key.note(310, audit_log.root([bytes(one) for (one,) in database.execute("SELECT hash FROM events ORDER BY seq")][:310]))
        database.execute("DELETE FROM checkpoints")
        database.close()
        report = self.verify(code=1, **self.journal(self.log.note(320), forged))
        self.assertEqual(report["first_bad"], {"seq": 1, "through": 320})
        self.assertIn("the system's journal matches at 310, so", str(report["problems"]))


if __name__ == "__main__":
    unittest.main()
