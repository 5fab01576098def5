#!/usr/bin/env python3
"""owhalectl audit verify against everything that can be done to a log's file. usage: audit_verify_test.py OWHALECTL"""
import os, shutil, subprocess, unittest

from audit_folder import CTL, Folder, made
import audit_attacks as attacks
import audit_log


class Whole(Folder):
    def test_what_it_says_of_a_whole_log(self):
        report = self.verify(code=0)
        self.assertEqual((report["whole"], report["events"], report["checkpoints"], report["signed_size"], report["bad"]), (True, 700, 6, 700, 0))
        self.assertEqual((report["key"], report["key_from"]), (self.log.key.vkey, "event 1"))
        text = subprocess.run([CTL, "audit", "verify", "--dir", self.state], capture_output=True, text=True, timeout=60,
                              env={"HOME": str(self.top / "new"), "PATH": "/nowhere"})
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        self.assertIn("whole: 700 events\n", text.stdout)
        self.assertIn("no outside anchor: root on the log's machine could have made all of this up", text.stdout)
        self.assertIn("audit checkpoint --save FILE; then: owhalectl audit verify --dir %s --checkpoint FILE\n" % self.state, text.stdout)
        text = subprocess.run([CTL, "--socket", "/a b", "audit", "verify", "--dir", self.state], capture_output=True, text=True, timeout=60,
                              env={"HOME": str(self.top / "other"), "PATH": "/nowhere"})
        self.assertIn("then: owhalectl --socket '/a b' audit verify --dir %s --checkpoint FILE\n" % self.state, text.stdout)

    def test_nothing_is_left_beside_the_file(self):
        before = sorted(os.listdir(self.state))
        self.verify(code=0)
        self.assertEqual(sorted(os.listdir(self.state)), before)

    def test_a_log_that_retention_shortened(self):
        log = audit_log.Log(300, (1, 300), self.log.key)
        log.bodies[249] = audit_log.body(250, "audit.dropped", {"count": 100, "through": 100}, "system", "ok")
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.attack(attacks.invent_drop, 100, 250)
        report = self.verify("--key", self.log.key.vkey, code=0)
        self.assertEqual((report["dropped"], report["bad"]), (100, 0))
        self.attack(attacks.delete_body, 101)
        self.finds(101, "missing")

    def dropped(self, signed=300, told=250, through=100):
        """A log of 300 whose event `told` tells a drop, as retention leaves it."""
        log = audit_log.Log(300, (1, 200, signed), self.log.key)
        log.bodies[told - 1] = audit_log.body(told, "audit.dropped", {"count": through, "through": through}, "system", "ok")
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.attack(attacks.invent_drop, through, told)

    def test_a_drop_that_nothing_signs(self):
        """Who can write the file, and has no key, adds one behind the newest checkpoint."""
        self.dropped(signed=299, told=300, through=298)
        self.finds(1, "missing", through=298)

    def test_a_range_of_a_log_that_retention_shortened(self):
        self.dropped()
        for part, gone in (("50..60", 11), ("95..105", 6), ("150..160", 0), ("245..255", 0)):
            report = self.verify("--range", part, code=0)
            self.assertEqual((report["dropped"], report["bad"]), (gone, 0), part)
        self.attack(attacks.delete_body, 101)
        self.finds(101, "missing", "--range", "95..105")
        self.attack(attacks.change_event, 250)  # what told of it
        self.finds(50, "missing", "--range", "50..60", through=60)

    def test_a_key_that_signs_nothing(self):
        log = audit_log.Log(300, (), self.log.key)
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.verify(code=0)
        self.finds(1, "checkpoint_missing", "--key", self.log.key.vkey)
        self.finds(2, "checkpoint_missing", "--key", self.log.key.vkey, "--range", "2..5")

    def test_a_range_is_not_held_against_what_is_kept_outside(self):
        (self.top / "kept").write_text(self.log.note(700))
        self.assertEqual(self.verify("--range", "2..5", "--checkpoint", str(self.top / "kept")).returncode, 2)

    def test_a_range_by_proofs(self):
        self.assertEqual(self.verify("--range", "250..520", code=0)["events"], 271)
        self.attack(attacks.change_event, 333)
        self.assertEqual(self.verify("--range", "1..300", code=1)["problems"][0]["kind"], "changed")  # the node above is of others
        self.finds(333, "changed", "--range", "333..333")
        self.assertEqual(self.verify("--range", "600..900").returncode, 2)


class Tampered(Folder):
    def test_one_event_changed(self):
        for attack in (attacks.change_column, attacks.change_time, attacks.change_run, attacks.change_body, attacks.change_hash):
            with self.subTest(attack.__name__):
                shutil.rmtree(self.state)
                shutil.copytree(made().folder.name, self.state)
                self.attack(attack, 333)
                report = self.finds(333, "changed")
                self.assertEqual(report["bad"], 1, report)

    def test_an_event_and_its_hash_changed(self):
        self.attack(attacks.change_event, 333)
        self.finds(301, "changed", through=512)

    def test_an_event_and_the_tree_above_it_changed(self):
        self.attack(attacks.change_event_and_tree, 333)
        self.finds(301, "changed", through=600)

    def test_an_early_event_and_the_tree_above_it_changed(self):
        self.attack(attacks.change_event_and_tree, 280)
        self.finds(257, "changed", through=300)

    def test_a_text_that_is_not_canonical(self):
        self.attack(attacks.not_canonical, 650)
        self.finds(650, "changed")

    def test_events_deleted(self):
        self.attack(attacks.delete_event, 333)
        self.finds(333, "missing")
        self.attack(attacks.delete_event, 334)
        self.finds(333, "missing", through=334)

    def test_a_text_deleted(self):
        self.attack(attacks.delete_body, 333)
        self.finds(333, "missing")

    def test_the_end_cut_off(self):
        self.attack(attacks.cut_after, 690)
        self.finds(691, "missing", through=700)

    def test_an_event_inserted(self):
        self.attack(attacks.insert_event, 333)
        report = self.finds(301, "changed", through=600)
        self.assertIn((301, 512, "node_changed"), [(one["seq"], one.get("through"), one["kind"]) for one in report["problems"]])

    def test_an_event_inserted_before_all(self):
        self.attack(attacks.insert_before_all)
        self.assertEqual(self.verify(code=1)["problems"][0]["kind"], "inserted")

    def test_a_text_without_an_event(self):
        self.attack(attacks.delete_event, 333)
        self.attack(attacks.insert_body, 333)
        self.assertIn("inserted", {one["kind"] for one in self.verify(code=1)["problems"]})

    def test_two_swapped(self):
        self.attack(attacks.swap, 333, 444)
        report = self.finds(333, "reordered")
        self.assertIn("444", report["problems"][0]["what"])

    def test_one_renumbered(self):
        self.attack(attacks.shift, 700, 200)
        self.finds(700, "missing", through=899)

    def test_nodes(self):
        self.attack(attacks.edit_node, 1)
        self.finds(257, "node_changed", through=512)
        self.attack(attacks.remove_node, 1)
        self.finds(257, "node_changed", through=512)

    def test_times_of_nodes(self):
        self.attack(attacks.edit_node_time, 0)
        self.finds(1, "node_changed", through=256)

    def test_words(self):
        self.attack(attacks.rename_word, "run.outcome")
        report = self.finds(2, "changed")
        self.assertEqual(report["bad"], 699)
        self.attack(attacks.remove_word, "run.denied")
        self.finds(2, "unreadable")

    def test_a_drop_invented(self):
        self.attack(attacks.invent_drop, 100, 650)
        report = self.finds(1, "missing", "--key", self.log.key.vkey, through=100)
        self.assertEqual(report["problems"][1]["kind"], "drop_invented")


class Signatures(Folder):
    def test_a_signature_broken(self):
        self.attack(attacks.break_signature, 600)
        self.finds(600, "checkpoint_forged")

    def test_a_checkpoint_moved(self):
        self.attack(attacks.move_checkpoint, 600, 601)
        self.finds(601, "checkpoint_forged")

    def test_another_key(self):
        self.attack(attacks.sign_again, made().other)
        self.finds(1, "key_swapped")

    def test_another_key_in_the_first_event_too(self):
        forged = audit_log.Log(key=made().other)
        shutil.rmtree(self.state)
        self.state.mkdir()
        forged.write(self.state)
        self.verify(code=0)  # nobody here knows better
        self.finds(1, "key_swapped", "--key", self.log.key.vkey)

    def test_a_log_that_was_begun_anew_where_one_was_verified_is_told_once(self):
        self.verify(code=0)
        shutil.rmtree(self.state)
        self.state.mkdir()
        audit_log.Log(origin="owhaled/other/87654321").write(self.state)
        self.assertNotIn("signed with another key", str(self.verify(code=0, HOME=str(self.top / "other"))))
        self.assertIn("signed with another key", str(self.verify(code=0)["notes"]))
        self.assertNotIn("signed with another key", str(self.verify(code=0)))

    def test_the_checkpoint_of_the_stop_taken_away(self):
        log = audit_log.Log(300, (200, 300), self.log.key)
        log.bodies[299] = audit_log.body(300, "daemon.stop", {}, "system", "ok")
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.verify(code=0)
        self.attack(lambda database: database.execute("DELETE FROM checkpoints WHERE size = 300"))
        self.finds(201, "checkpoint_missing", HOME=str(self.top / "other"))

    def test_events_that_nothing_signs_for_longer_than_owhaled_would_wait(self):
        log = audit_log.Log(300, (200,), self.log.key)
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.verify(code=0, HOME=str(self.top / "other"))
        log.bodies[299] = audit_log.body(300 + 61_000, "policy.checked", {}, "unix:1000", "allow")  # a millisecond each
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.finds(201, "checkpoint_missing", HOME=str(self.top / "other"))

    def test_more_rows_below_the_first_than_are_read_at_once(self):
        self.attack(lambda database: database.executemany(
            "INSERT INTO events SELECT ?, time, event, principal, verb, outcome, run, hash FROM events WHERE seq = 1",
            [(-number,) for number in range(40_000)]))
        self.assertEqual(self.verify(code=1)["problems"][0]["kind"], "inserted")


if __name__ == "__main__":
    unittest.main()
