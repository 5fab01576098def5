#!/usr/bin/env python3
"""owhalectl audit verify against everything that can be done to a log's file. usage: audit_verify_test.py OWHALECTL"""
import base64, json, os, shutil, subprocess, unittest

from audit_folder import CTL, Folder, made, verify
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


class Evidence(Folder):
    """What may be kept outside of a log."""
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
