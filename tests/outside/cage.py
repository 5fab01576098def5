"""Runs in a scoped network, and what a test asks about them afterwards."""

import json
import os
import pathlib
import secrets
import shutil
import time

import accounts
import daemon
import stage

HERE = pathlib.Path(__file__).resolve().parent
PROXIES = [name for word in ("http", "https", "all", "no") for name in (f"{word}_proxy", f"{word.upper()}_PROXY")] + ["NODE_USE_ENV_PROXY"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0", "NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt"}
QUIET = "quiet"  # the profile that asks nobody


def profiles(folder):
    """The shipped ones and the suite's own."""
    shutil.copytree(daemon.TOP / "profiles", folder)
    folder.chmod(0o755)
    (folder / f"{QUIET}.toml").write_text((HERE / "profiles.toml").read_text())
    for path in folder.iterdir():
        path.chmod(0o644)
    return folder


class Outside(daemon.Owhaled):
    """An owhaled that resolves names by the suite's own DNS server."""

    def __init__(self, base, *flags):
        super().__init__(base, *accounts.QUICK, "--dns", stage.DNS, "--vault-key-file", str(base / "vault.key"), "--hosts-dir",
                         str(base / "hosts.d"), *flags)
        self.profiles = profiles(self.base / "profiles")
        self.rule("outside.toml", (HERE / "rules.toml").read_text())

    def command(self):
        words = super().command()
        words[words.index("--profile-dir") + 1] = str(self.profiles)
        return words


def host(text):
    """HOST[:PORT[,PORT]] as a rule of a request."""
    name, _, ports = text.partition(":") if text.count(":") < 2 else text.rpartition(":")
    return {"host": name, **({"ports": [int(port) for port in ports.split(",")]} if ports else {})}


class Done:
    """A run that has ended."""

    def __init__(self, record):
        self.record = record
        self.code, self.out, self.err = record.get("exit_code"), record.get("stdout", ""), record.get("stderr", "")
        self.network = record.get("network") or {"hosts": []}
        self.tries = self.network["hosts"]

    def said(self):
        """What an attacker's program printed: one JSON text."""
        try:
            return json.loads(self.out)
        except json.JSONDecodeError:
            raise AssertionError(f"no JSON: {self}")

    def tried(self, host, **wanted):
        """The report's rows of this host."""
        return [row for row in self.tries if row["host"] == host and all(row.get(key) == value for key, value in wanted.items())]

    def warned(self, part):
        """owhaled's own line about it on the run's stderr."""
        return [line for line in self.err.splitlines() if line.startswith("owhaled: ") and part in line]

    def __repr__(self):
        return f"<{self.record['state']} {self.code} {self.record.get('error', '')}\nout: {self.out[-2000:]}\nerr: {self.err[-2000:]}\n{self.tries}>"


class Cage:
    """One person's runs, in a workspace of theirs."""

    def __init__(self, person, workspace, uid):
        self.person, self.workspace, self.uid = person, pathlib.Path(workspace), uid
        self.boxes = set()

    def put(self, name, text):
        path = self.workspace / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        for one in (path.parent, path):
            os.chown(one, self.uid, self.uid)
        return path

    def request(self, argv, hosts=(), proxy=True, profile=QUIET, **more):
        words = list(argv) if proxy else ["env", *(word for name in PROXIES for word in ("-u", name)), *argv]
        # Of an inspected run owhaled names the bundle, its own CA in it; what a request names itself would stay.
        given = {name: value for name, value in ENVIRONMENT.items() if not (more.get("inspect") and name.endswith("_CERTS"))}
        request = {"argv": words, "cwd": str(self.workspace), "path": "/usr/bin:/bin", "net": "scoped", "profile": profile,
                   "allow_hosts": [host(one) if isinstance(one, str) else one for one in hosts],
                   "env": {**given, **more.pop("env", {})}, "timeout_ms": 60_000, **more}
        return {key: value for key, value in request.items() if value is not None}

    def run(self, *argv, **more):
        answer = self.person.ask("POST", "/v1/runs", {"wait": True, **self.request(argv, **more)}, timeout=90)
        assert answer.status == 200, answer
        return self.done(answer.json())

    def done(self, record):
        self.boxes |= {record["box"]} if record.get("box") else set()
        return Done(record)

    def close(self):
        """There is a limit to boxes."""
        for box in self.boxes:
            self.person.ask("DELETE", f"/v1/boxes/{box}")

    def bash(self, script, **more):
        """A script as a file, so that it is the tests' shell that reads it."""
        self.put("client.sh", "set -e\n" + script)
        return self.run("bash", "./client.sh", **more)

    def attack(self, name, *arguments, **more):
        """A program of attackers/, whose one JSON text it gives back as `said()`."""
        for one in ("common.py", f"{name}.py"):
            self.put(one, (HERE / "attackers" / one).read_text())
        return self.run("python3", f"{name}.py", *map(str, arguments), **more)

    def begin(self, *argv, **more):
        answer = self.person.ask("POST", "/v1/runs", {"detach": True, **self.request(argv, **more)})
        assert answer.status == 201, answer
        return answer.json()["id"]

    def end(self, run, patience=30):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            record = self.person.get(f"/v1/runs/{run}").json()
            if record["state"] not in ("queued", "waiting_approval", "starting", "running"):
                streams = {key: self.person.get(f"/v1/runs/{run}/output?stream={key}").body.decode() for key in ("stdout", "stderr")}
                return self.done({**record, **streams})
            time.sleep(0.05)
        raise AssertionError(f"{run} goes on: {record}")

    def kill(self, run):
        self.person.ask("POST", f"/v1/runs/{run}/kill", {})


class Secret:
    """A value in the vault that occurs nowhere else, and what runs see of it."""

    def __init__(self, person, name, hosts, header="authorization", prefix="Bearer ", value=None, **more):
        self.name, self.value = name, value or "k" + secrets.token_hex(24)  # of no known shape, so that nothing but the vault masks it
        request = {"value": self.value, "header": header, "prefix": prefix, "hosts": hosts, **more}
        answer = person.ask("PUT", f"/v1/secrets/{name}", request, step_up=True)
        assert answer.status in (200, 201), answer
        self.metadata = answer.json()
        self.variable, self.placeholder = self.metadata["variable"], self.metadata["placeholder"]
        self.header, self.prefix = header, prefix

    def forms(self):
        """The ways in which a value could be recognised."""
        import base64
        raw = self.value.encode()
        found = {self.value, raw.hex(), raw.hex().upper(), self.value[::-1]}
        for lead in range(3):
            coded = base64.b64encode(b"x" * lead + raw).decode()
            found.add(coded[(4 if lead else 0):-4])
        return found

    def absent_from(self, text):
        text = text if isinstance(text, str) else text.decode("latin-1")
        for form in self.forms():
            assert form not in text, f"the value is there as {form}"
