#!/usr/bin/env python3
"""owhalectl audit verify on exports, on what owhaled serves, and on files that are made to hurt. usage: audit_verify_elsewhere_test.py OWHALECTL"""
import http.server, json, os, shutil, socketserver, subprocess, threading, unittest
from pathlib import Path

from audit_folder import CTL, Folder, made, verify
import audit_attacks as attacks
import audit_log


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
        forged = lines[:-1] + [json.dumps({"checkpoint": made().other.note(300, log.root(300))}, ensure_ascii=False).encode()]
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
        self.export(note=made().other.note(700, self.log.root(700)))
        self.finds(700, "key_swapped")

    def test_the_formats_of_others_prove_nothing(self):
        hash_ = "0" * 64
        ocsf = json.dumps({"metadata": {"sequence": 1, "version": "1.5.0"}, "unmapped": {"leaf_hash": hash_}})
        for name, line in (("OCSF", ocsf), ("CEF", f"CEF:0|owhaled|owhaled|0.1.0|login|x|3|externalId=1 cs1Label=leafHash cs1={hash_}")):
            for text in (line + "\n", f"\n{line}\n{line}\n", f"{line}\n" + '{"seq":2'):
                (self.top / "export").write_text(text)
                done = self.verify()
                self.assertEqual(done.returncode, 3, done)
                self.assertIn(f"an export as {name}, which proves nothing", done.stderr)
                self.assertIn("JSON Lines", done.stderr)

    def test_a_line_of_another_format_in_the_middle_is_damage(self):
        self.export(lambda lines: lines[:5] + [b"CEF:0|owhaled|owhaled|0.1.0|login|x|3|externalId=6"] + lines[6:])
        self.finds(6, "unreadable")

    def test_a_line_that_is_none_beside_the_events_takes_the_number_of_none(self):
        for at in (1, 16, 700, 701):
            for junk in (b"junk", b"{}"):
                self.export(lambda lines: lines[:at] + [junk] + lines[at:])
                report = self.verify(code=1)
                self.assertEqual([(one["seq"], one["kind"]) for one in report["problems"]], [(min(at, 700) + 1, "inserted")], (at, report["problems"]))
                self.assertEqual((report["events"], report["last"], report["signed_size"], report["unsigned_events"]), (700, 700, 700, 0))
                self.assertIn(f"line {at + 1} is none", report["problems"][0]["what"])

    def test_a_line_that_is_none_in_the_place_of_an_event(self):
        self.export(lambda lines: lines[:15] + [b"junk"] + lines[16:])
        report = self.finds(16, "unreadable")
        self.assertEqual((report["bad"], report["unsigned_events"], report["first_refuted"]), (1, 0, 700))
        self.export(lambda lines: lines[:15] + [b"junk"] + lines[18:])
        report = self.verify(code=1)
        self.assertEqual([(one["seq"], one.get("through"), one["kind"]) for one in report["problems"]], [(16, None, "unreadable"), (17, 18, "missing")])

    def test_a_line_that_is_none_does_not_hide_a_forged_event(self):
        text = attacks.another(self.log.bodies[309].decode()).encode()
        forged = b'{"seq":310,"hash":"%s","event":%s}' % (audit_log.leaf(text).hex().encode(), text)

        def change(*inside):
            def lines_of(lines):
                out = [*lines[:309], forged, *lines[310:]]
                for at, line in sorted(inside, reverse=True):
                    out.insert(at, line)
                return out
            return lines_of

        twice = b'{"seq":5,"hash":"%s","event":%s}' % (audit_log.leaf(self.log.bodies[4]).hex().encode(), self.log.bodies[4])
        for decoy in (b'{"junk":1}', twice):
            self.export(change((590, decoy)))
            report = self.verify(code=1)
            self.assertEqual(report["first_bad"], {"seq": 1, "through": 591 if b"junk" in decoy else 5})
            self.export(change((300, self.checkpoint(300)), (590, decoy), (600, self.checkpoint(600))))
            report = self.verify(code=1)
            self.assertIn((301, 600, "changed"), [(one["seq"], one.get("through"), one["kind"]) for one in report["problems"]])

    def checkpoint(self, size):
        return json.dumps({"checkpoint": self.log.note(size)}, ensure_ascii=False).encode()

    def test_the_checkpoints_within_narrow_what_is_found(self):
        """Of one that followed the log; and a forged one among them counts for nothing."""
        forged = audit_log.leaf(attacks.another(self.log.bodies[332].decode()).encode()).hex().encode()

        def change(lines):
            lines[332] = b'{"seq":333,"hash":"%s","event":%s}' % (forged, attacks.another(self.log.bodies[332].decode()).encode())
            return lines

        self.export(change)
        self.finds(1, "changed", through=700)
        inside = [(350, self.checkpoint(350)), (320, self.checkpoint(320)),
                  (200, json.dumps({"checkpoint": made().other.note(340, bytes(32))}, ensure_ascii=False).encode())]

        def many(lines):
            change(lines)
            for at, line in inside:
                lines.insert(at, line)
            return lines

        self.export(many)
        report = self.finds(321, "changed", through=350)
        self.assertEqual((report["checkpoints"], report["refuted_checkpoints"], report["first_refuted"]), (1, 2, 350))

    def test_the_logs_own_file(self):
        """Of which a line is none of an export's; where it is looked at is said."""
        for path in (self.state / "audit.db", self.top / "link", self.top / "copy.db"):
            if path.name == "link":
                path.symlink_to(self.state / "audit.db")
            if path.name == "copy.db":
                shutil.copy(self.state / "audit.db", path)
            done = verify(self.top, "--file", str(path))
            self.assertEqual(done.returncode, 3, done)
            self.assertIn("is a database, and no export", done.stderr)
            self.assertIn("audit verify --dir " + ("STATE" if path.name == "copy.db" else str(self.state)), done.stderr)

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

    def test_nobody_there(self):
        """Root, or who runs owhaled, has another way."""
        done = subprocess.run([CTL, "--socket", str(self.top / "none"), "audit", "verify"], capture_output=True, text=True, timeout=120,
                              env={"PATH": "/nowhere", "HOME": str(self.top)})
        self.assertEqual(done.returncode, 6, done)
        self.assertIn("--dir STATE", done.stderr)

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

    def test_another_folder_gets_a_hint(self):
        for named, hint in (("state/audit.db", "--dir {top}/state"), (".", "--dir {top}/state"), ("nothing", "--dir is the state folder")):
            path = self.top / named
            done = verify(self.top, "--dir", str(path))
            self.assertEqual(done.returncode, 3, done)
            self.assertIn(hint.format(top=self.top), done.stderr)
            self.assertIn("is not there" if path.exists() else "No such file", done.stderr)
            self.assertIn("owhalectl: not_found: ", done.stderr)

    def test_a_file_that_is_not_there_is_told_with_what_to_name(self):
        done = verify(self.top, "--file", str(self.top / "none" / "x"))
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("owhalectl: not_found: %s/none/x: No such file" % self.top, done.stderr)
        self.assertIn("audit export --file FILE", done.stderr)

    def test_a_file_without_a_byte(self):
        (self.state / "audit.db").write_bytes(b"")
        self.cannot_look("has not one byte")

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
                shutil.copy(Path(made().folder.name) / "audit.db", path)
                with open(path, "r+b") as file:
                    file.seek(at)
                    file.write(os.urandom(2048))
                self.assertFalse(self.verify(code=1)["whole"])

    def test_cut_short(self):
        path = self.state / "audit.db"
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size // 2)
        self.assertFalse(self.verify(code=1)["whole"])

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
