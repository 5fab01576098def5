#!/usr/bin/env python3
"""owhalectl audit verify against everything that can be done to a log's file. usage: audit_verify_test.py OWHALECTL"""
import base64, http.server, json, os, shutil, socketserver, sqlite3, subprocess, sys, tempfile, threading, unittest
from pathlib import Path

import audit_attacks as attacks
import audit_log

CTL = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "owhalectl"
MADE = None  # the log that all attacks begin with: made once


def setUpModule():
    global MADE
    MADE = Made()


class Made:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.log = audit_log.Log()
        unittest.addModuleCleanup(self.folder.cleanup)
        self.log.write(self.folder.name)
        self.other = audit_log.Key(self.log.key.origin)


def verify(home, *arguments, code=None, **env):
    done = subprocess.run([CTL, "-o", "json", "audit", "verify", *arguments], capture_output=True, text=True, timeout=120,
                          env={"PATH": "/nowhere", "HOME": str(home), "LANG": "C.UTF-8", **env})
    if code is not None and done.returncode != code:
        raise AssertionError((arguments, done))
    return json.loads(done.stdout) if done.returncode in (0, 1) and done.stdout else done


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.top = Path(self.folder.name)
        self.state = self.top / "state"
        self.log = MADE.log
        shutil.copytree(MADE.folder.name, self.state)

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
                shutil.copytree(MADE.folder.name, self.state)
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
        self.finds(301, "changed", through=512)

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
        self.attack(attacks.sign_again, MADE.other)
        self.finds(1, "key_swapped")

    def test_another_key_in_the_first_event_too(self):
        forged = audit_log.Log(key=MADE.other)
        shutil.rmtree(self.state)
        self.state.mkdir()
        forged.write(self.state)
        self.verify(code=0)  # nobody here knows better
        self.finds(1, "key_swapped", "--key", self.log.key.vkey)

    def test_the_checkpoint_of_the_stop_taken_away(self):
        log = audit_log.Log(300, (200, 300), self.log.key)
        log.bodies[299] = audit_log.body(300, "daemon.stop", {}, "system", "ok")
        shutil.rmtree(self.state)
        self.state.mkdir()
        log.write(self.state)
        self.verify(code=0)
        self.attack(lambda database: database.execute("DELETE FROM checkpoints WHERE size = 300"))
        self.finds(201, "checkpoint_missing", HOME=str(self.top / "other"))


class Anchored(Folder):
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

    def older(self):
        self.attack(attacks.cut_after, 600, True)

    def test_they_match(self):
        report = self.verify(*self.heads(200, 600), *self.saved(300), code=0, **self.journal(self.log.note(600), MADE.other.note(9, bytes(32))))
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
        self.finds(1, "key_swapped", *self.heads(300, key=MADE.other))

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


class Exports(Folder):
    def export(self, change=lambda lines: lines, note=None):
        lines = [b'{"seq":%d,"hash":"%s","event":%s}' % (n, audit_log.leaf(text).hex().encode(), text) for n, text in enumerate(self.log.bodies, 1)]
        lines.append(json.dumps({"checkpoint": note or self.log.note(700)}, ensure_ascii=False).encode())
        (self.top / "export").write_bytes(b"\n".join(change(lines)) + b"\n")
        return self.top / "export"

    def verify(self, *arguments, code=None, **env):
        return verify(self.top / "new", "--file", str(self.top / "export"), *arguments, code=code, **env)

    def test_whole(self):
        self.export()
        report = self.verify(code=0)
        self.assertEqual((report["events"], report["signed_size"], report["key_from"]), (700, 700, "event 1"))

    def test_changed(self):
        self.export(lambda lines: lines[:332] + [lines[332].replace(b"exited", b"failed")] + lines[333:])
        self.finds(333, "changed")

    def test_changed_with_its_hash(self):
        text = self.log.bodies[332].replace(b"exited", b"failed")
        forged = b'{"seq":333,"hash":"%s","event":%s}' % (audit_log.leaf(text).hex().encode(), text)
        self.export(lambda lines: lines[:332] + [forged] + lines[333:])
        self.finds(1, "changed", through=700)

    def test_a_line_gone_twice_or_elsewhere(self):
        self.export(lambda lines: lines[:332] + lines[333:])
        self.finds(333, "missing")
        self.export(lambda lines: lines[:333] + lines[332:])
        self.finds(333, "reordered")
        self.export(lambda lines: lines[:332] + [lines[333], lines[332]] + lines[334:])
        self.finds(333, "missing")

    def test_cut_off(self):
        self.export(lambda lines: lines[:600])
        self.assertIn("no outside anchor", subprocess.run([CTL, "audit", "verify", "--file", self.top / "export"], env={"HOME": str(self.top / "x"), "PATH": "/"},
                                                          capture_output=True, text=True).stdout)
        self.export(lambda lines: lines[:600] + lines[700:])
        self.finds(601, "missing", through=700)

    def test_without_what_signs_it(self):
        """Anybody can write lines with their hashes."""
        self.export(lambda lines: lines[:600])
        self.finds(1, "checkpoint_missing", through=600)

    def test_that_was_cut_off_behind_its_checkpoint(self):
        """As one that followed the log is: whatever came in the last ten seconds."""
        log = audit_log.Log(60, (), self.log.key)
        log.bodies[20:] = [audit_log.body(n, data={"command": ["x" * 20_000]}) for n in range(21, 61)]
        lines = [b'{"seq":%d,"hash":"%s","event":%s}' % (n, audit_log.leaf(text).hex().encode(), text) for n, text in enumerate(log.bodies, 1)]
        self.export(lambda _: lines[:20] + [json.dumps({"checkpoint": log.note(20)}).encode()] + lines[20:])
        report = self.verify("--key", self.log.key.vkey, code=0)
        self.assertEqual((report["signed_size"], report["unsigned_events"]), (20, 40))

    def test_that_does_not_begin_at_the_beginning(self):
        """Its lines are in no tree: neither a key nor a checkpoint says anything about them."""
        text = self.log.bodies[332].replace(b"exited", b"failed")
        forged = b'{"seq":333,"hash":"%s","event":%s}' % (audit_log.leaf(text).hex().encode(), text)
        self.export(lambda lines: lines[1:332] + [forged] + lines[333:])
        (self.top / "kept").write_text(self.log.note(700))
        key = ("--key", self.log.key.vkey)
        for words in ((), key, (*key, "--checkpoint", str(self.top / "kept"))):
            self.assertEqual(self.verify(*words).returncode, 3, words)

    def dropped_first(self, size=300):
        """As an owhaled exports it: event 250 tells that the first text is gone."""
        log = audit_log.Log(300, (), self.log.key)
        log.bodies[249] = audit_log.body(250, "audit.dropped", {"count": 1, "through": 1}, "system", "ok")
        lines = [b'{"seq":%d,"hash":"%s","event":%s}' % (n, audit_log.leaf(text).hex().encode(), text) for n, text in enumerate(log.bodies, 1)]
        lines[0] = b'{"seq":1,"hash":"%s","dropped":true}' % audit_log.leaf(log.bodies[0]).hex().encode()
        self.export(lambda _: lines[:size] + [json.dumps({"checkpoint": log.note(size)}, ensure_ascii=False).encode()])
        return log

    def test_whose_first_text_is_gone(self):
        """It names no key: the one that is remembered of this log counts."""
        log = self.dropped_first()
        done = self.verify()
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("--key", done.stderr)
        self.verify("--key", log.key.vkey, code=0)
        report = self.verify(code=0)
        self.assertEqual((report["key"], report["key_from"], report["dropped"]), (log.key.vkey, "owhalectl's own memory", 1))
        with open(self.top / "export", "rb") as file:
            lines = file.read().splitlines()
        forged = lines[:-1] + [json.dumps({"checkpoint": MADE.other.note(300, log.root(300))}, ensure_ascii=False).encode()]
        (self.top / "export").write_bytes(b"\n".join(forged) + b"\n")
        self.assertIn("key_swapped", {one["kind"] for one in self.verify(code=1)["problems"]})

    def test_older_than_what_is_remembered(self):
        """It is of its day: no fault of it, and what is remembered stays."""
        self.export()
        self.verify(code=0)
        self.export(lambda lines: lines[:600] + [json.dumps({"checkpoint": self.log.note(600)}, ensure_ascii=False).encode()])
        for _ in range(2):
            report = self.verify(code=0)
            self.assertEqual(report["anchors"][-1]["state"], "beyond")
            self.assertIn("not compared beyond 600", report["notes"][0])
        (self.top / "kept").write_text(self.log.note(700))
        self.finds(601, "older_copy", "--checkpoint", str(self.top / "kept"))  # that was asked for
        self.attack(attacks.cut_after, 600, True)
        live = verify(self.top / "new", "--dir", str(self.state), code=1)
        self.assertEqual(live["problems"][0]["kind"], "older_copy")

    def test_another_key(self):
        self.export(note=MADE.other.note(700, self.log.root(700)))
        self.finds(700, "key_swapped")

    def test_garbage(self):
        for garbage in (b"", b"\0" * 5000, b"{}\n" * 2000, b'{"seq":18446744073709551616}\n', b"x" * (17 << 20)):
            (self.top / "export").write_bytes(garbage)
            done = self.verify()
            self.assertIn(1 if isinstance(done, dict) else done.returncode, (1, 3))


class Serving:
    """An owhaled whose log grows by one at each checkpoint that is asked for: logs, each with the lines that it exports."""

    def __init__(self, path, *logs):
        logs, now = list(logs), []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def address_string(self):
                return "owhalectl"

            def log_message(self, *_):
                pass

            def do_GET(self):
                if self.path.startswith("/v1/audit/checkpoint"):
                    now[:] = [logs[0]]
                    if len(logs) > 1:
                        logs.pop(0)
                    log = now[0][0]
                    body, kind = json.dumps({"note": log.note(len(log.bodies)), "key": log.key.vkey}).encode(), "application/json"
                else:
                    body, kind = b"\n".join(now[0][1]) + b"\n", "application/jsonl"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self.server = Server(str(path), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Served(Folder):
    def serve(self, *logs):
        path = self.top / "socket"
        path.unlink(missing_ok=True)
        served = Serving(path, *logs)
        self.addCleanup(served.stop)
        return ("--socket", str(path))

    def log_of(self, size, gone, told=0):
        log = audit_log.Log(size, (), self.log.key)
        if told:
            log.bodies[told - 1] = audit_log.body(told, "audit.dropped", {"count": gone, "through": gone}, "system", "ok")
        lines = [b'{"seq":%d,"hash":"%s","event":%s}' % (n, audit_log.leaf(text).hex().encode(), text) for n, text in enumerate(log.bodies, 1)]
        for n in range(gone):
            lines[n] = b'{"seq":%d,"hash":"%s","dropped":true}' % (n + 1, audit_log.leaf(log.bodies[n]).hex().encode())
        return log, lines

    def look(self, socket, code):
        done = subprocess.run([CTL, *socket, "-o", "json", "audit", "verify"], capture_output=True, text=True, timeout=120,
                              env={"PATH": "/nowhere", "HOME": str(self.top)})
        self.assertEqual(done.returncode, code, done)
        return json.loads(done.stdout)

    def test_retention_drops_while_it_looks(self):
        """The event that tells of it is behind the checkpoint that the first look began with."""
        report = self.look(self.serve(self.log_of(300, 100), self.log_of(301, 100, 301)), 0)
        self.assertEqual((report["events"], report["dropped"], report["whole"]), (301, 100, True))

    def test_what_stays_gone_is_told(self):
        report = self.look(self.serve(self.log_of(300, 100)), 1)
        self.assertEqual(report["problems"][0]["kind"], "missing")


@unittest.skipUnless(os.geteuid() == 0, "becoming root needs root")
class RootsMemory(Folder):
    """What root remembers is written to no place that somebody else chose."""

    def setUp(self):
        super().setUp()
        self.top.chmod(0o755)
        self.own, self.home = self.top / "root", self.top / "home"
        for one in (self.own, self.home):
            one.mkdir()
        os.chown(self.home, 61234, 61234)
        (self.top / "passwd").write_text(f"root:x:0:0:root:{self.own}:/bin/sh\n")
        if subprocess.run(self.inside("true"), stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no mount namespaces here")

    def inside(self, *words):
        return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/passwd && exec "$@"', self.top / "passwd", *words]

    def look(self, **env):
        done = subprocess.run(self.inside(CTL, "audit", "verify", "--dir", self.state), capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], **{name: str(value) for name, value in env.items()}})
        self.assertEqual(done.returncode, 0, done)
        return done.stderr

    def files(self, folder):
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    def test_a_strangers_home(self):
        for env in ({"HOME": self.home}, {"HOME": self.home / "none"}, {"XDG_STATE_HOME": self.home, "HOME": self.home}):
            shutil.rmtree(self.own)
            self.own.mkdir()
            self.look(**env)
            self.assertEqual(self.files(self.home), [], env)
            self.assertEqual(self.files(self.own), [".local/state/owhaled/client/known_logs"], env)

    def test_links(self):
        elsewhere = self.top / "elsewhere"
        for at in (".local", ".local/state", ".local/state/owhaled", ".local/state/owhaled/client"):
            shutil.rmtree(self.own)
            shutil.rmtree(elsewhere, ignore_errors=True)
            elsewhere.mkdir()
            (self.own / at).parent.mkdir(parents=True, exist_ok=True)
            (self.own / at).symlink_to(elsewhere)
            for home in (self.own, self.home):
                self.assertIn("is a link", self.look(HOME=home))
            self.assertEqual(list(elsewhere.iterdir()), [], at)


class Hostile(Folder):
    """Files that are made to hurt who looks at them."""

    def cannot_look(self, *words):
        done = self.verify()
        self.assertEqual(done.returncode, 3, done)
        for word in words:
            self.assertIn(word, done.stderr)

    def remake(self, *statements):
        database = attacks.free(self.state / "audit.db")
        for statement in statements:
            database.execute(statement)
        database.close()

    def test_no_database(self):
        (self.state / "audit.db").write_bytes(os.urandom(100_000))
        self.cannot_look("cannot be read")
        (self.state / "audit.db").write_bytes(b"")
        self.cannot_look("no table 'events'")

    def test_a_link_and_a_fifo(self):
        path = self.state / "audit.db"
        path.rename(self.state / "real.db")
        path.symlink_to("real.db")
        self.cannot_look("plain file")
        path.unlink()
        os.mkfifo(path)
        self.cannot_look("plain file")

    def test_a_view_in_place_of_the_events(self):
        self.remake("DROP TABLE events", "CREATE VIEW events AS WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n)"
                    " SELECT seq, 0 AS time, 1 AS event, 1 AS principal, 1 AS verb, 1 AS outcome, NULL AS run, zeroblob(32) AS hash FROM n")
        self.cannot_look("no table 'events'")

    def test_values_of_other_types(self):
        self.remake("ALTER TABLE events RENAME TO former", "CREATE TABLE events (seq INTEGER PRIMARY KEY, time, event, principal, verb, outcome, run, hash)",
                    "INSERT INTO events SELECT seq, CASE seq WHEN 9 THEN 'now' ELSE time END, event, principal, verb, outcome, run, hash FROM former")
        self.finds(9, "unreadable")

    def test_a_huge_value(self):
        self.remake("UPDATE bodies SET json = printf('%.*c', 40000000, 'x') WHERE seq = 9")
        self.finds(9, "unreadable")

    def test_numbers_from_elsewhere(self):
        self.remake("UPDATE events SET seq = 9223372036854775000 WHERE seq = 700")
        self.assertIn((700, 9223372036854774999, "missing"), [(one["seq"], one.get("through"), one["kind"]) for one in self.verify(code=1)["problems"]])

    def test_text_that_is_no_text(self):
        self.remake("UPDATE bodies SET json = CAST(x'ff00fe' AS TEXT) WHERE seq = 9", "UPDATE words SET text = CAST(x'ff' AS TEXT) WHERE text = 'exited'")
        self.assertEqual(self.verify(code=1)["problems"][0]["seq"], 2)

    def test_damaged_pages(self):
        path = self.state / "audit.db"
        for at in range(8192, path.stat().st_size - 4096, 36864):
            with self.subTest(at):
                shutil.copy(Path(MADE.folder.name) / "audit.db", path)
                with open(path, "r+b") as file:
                    file.seek(at)
                    file.write(os.urandom(2048))
                done = self.verify()
                self.assertIn(1 if isinstance(done, dict) else done.returncode, (1, 3))

    def test_cut_short(self):
        path = self.state / "audit.db"
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size // 2)
        done = self.verify()
        self.assertIn(1 if isinstance(done, dict) else done.returncode, (1, 3))

    def test_nothing_of_the_log_moves_the_cursor(self):
        self.attack(attacks.break_signature, 600)
        self.attack(lambda database: database.execute("UPDATE checkpoints SET note = replace(note, 'owhaled/', '\x1b[2J') WHERE size = 600"))
        text = subprocess.run([CTL, "audit", "verify", "--dir", self.state], capture_output=True, text=True, env={"HOME": str(self.top)})
        self.assertNotIn("\x1b", text.stdout + text.stderr)

    @unittest.skipIf(os.geteuid() != 0, "another's file needs root")
    def test_root_reads_with_the_owners_rights(self):
        for path in (self.state, self.state / "audit.db"):
            os.chown(path, 61234, 61234)
        self.top.chmod(0o755)
        self.state.chmod(0o700)
        traced = subprocess.run([CTL, "audit", "verify", "--dir", self.state], capture_output=True, text=True, env={"HOME": str(self.top)})
        self.assertEqual(traced.returncode, 0, traced)
        self.assertEqual({os.stat(self.state / name).st_uid for name in os.listdir(self.state)}, {61234})
        self.state.chmod(0o000)
        self.cannot_look()  # root could; the owner cannot, and so it was not root who read


if __name__ == "__main__":
    unittest.main()
