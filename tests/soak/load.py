"""What clients do, mixed: runs, questions, logins, searches, streams, and hanging up in the middle of each."""

import base64
import json
import os
import random
import socket
import threading
import time

import client
from accounts import ADMIN, bearer, proof

NOT_OURS = (OSError, ValueError, IndexError, AssertionError)  # what a connection that chaos cut looks like from here


class Tally:
    """What was seen, of all workers."""

    def __init__(self):
        self.lock, self.statuses, self.wrong, self.acts = threading.Lock(), {}, [], {}

    def saw(self, act, answer):
        with self.lock:
            self.acts[act] = self.acts.get(act, 0) + 1
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            if answer.status >= 500 and answer.status != 503:
                self.wrong.append(f"{act}: {answer!r}")


class Worker(threading.Thread):
    """One client with a seed of its own; ends when told."""

    def __init__(self, owhaled, tally, workspace, seed, pause):
        super().__init__(daemon=True)
        self.owhaled, self.tally, self.workspace, self.pause = owhaled, tally, workspace, pause
        self.random, self.ending, self.count, self.token = random.Random(seed), threading.Event(), 0, None
        self.prefix = f"{seed:x}"
        self.acts = [(30, self.short_run), (6, self.loud_run), (6, self.long_run), (8, self.question), (6, self.log_in),
                     (10, self.search), (6, self.follow), (6, self.attach), (10, self.hang_up), (6, self.nonsense),
                     (2, self.forks), (8, self.look)]

    def run(self):
        acts, weights = [act for _, act in self.acts], [weight for weight, _ in self.acts]
        while not self.ending.is_set():
            act = self.random.choices(acts, weights)[0]
            try:
                act()
            except NOT_OURS:
                time.sleep(0.05)
            self.ending.wait(self.random.random() * self.pause)

    def ask(self, method, path, body=None, headers=None):
        answer = client.ask(self.owhaled.socket, method, path, body, headers, timeout=30)
        self.tally.saw(path.split("?")[0].split("/")[2] if path.count("/") > 1 else path, answer)
        return answer

    def command(self, more="true"):
        """A script that leaves a file by which the log is asked later whether it knew of it."""
        self.count += 1
        mark = f"ran-{self.prefix}-{self.count}"
        return {"script": f": > {mark}; {more}", "cwd": str(self.workspace)}

    def short_run(self):
        self.ask("POST", "/v1/runs", {**self.command(), "wait": True})

    def loud_run(self):
        self.ask("POST", "/v1/runs", {**self.command("head -c 300000 /dev/zero | tr '\\0' x; exit 3"), "wait": True})

    def forks(self):
        self.ask("POST", "/v1/runs", {**self.command("for i in $(seq 60); do sleep 5 & done; wait"), "wait": True,
                                      "limits": {"pids": 24}, "timeout_ms": 3000})

    def long_run(self):
        made = self.ask("POST", "/v1/runs", {**self.command("exec sleep 30"), "detach": True})
        if made.status not in (200, 201):
            return
        run = made.json()["id"]
        time.sleep(self.random.random() * 0.3)
        how = self.random.randrange(3)
        if how == 0:
            self.ask("POST", f"/v1/runs/{run}/signal", {"signal": "TERM"})
        else:
            self.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": self.random.choice((0, 100))})
        if how == 1:
            self.ask("DELETE", f"/v1/runs/{run}")

    def admin(self):
        if self.token is None or self.random.random() < 0.1:
            answer = self.ask("POST", "/v1/login", {"name": "admin", "password": ADMIN})
            self.token = answer.json()["access_token"] if answer.status == 200 else None
        return bearer(self.token) if self.token else {}

    def question(self):
        made = self.ask("POST", "/v1/runs", {"argv": ["seq", "3"], "cwd": str(self.workspace)})
        if made.status != 202:
            return
        approval = self.ask("GET", f"/v1/approvals/{made.json()['approval']}").json()
        how = self.random.randrange(4)
        if how == 0:
            self.ask("POST", f"/v1/approvals/{approval['id']}/cancel", {})
        elif how < 3:
            word = {"digest": approval["digest"]} if how == 1 else {}
            self.ask("POST", f"/v1/approvals/{approval['id']}/{'approve' if how == 1 else 'deny'}", word,
                     {**self.admin(), **proof(ADMIN)})

    def log_in(self):
        good = self.random.random() < 0.6
        answer = self.ask("POST", "/v1/login", {"name": "admin", "password": ADMIN if good else "wrong"})
        if answer.status == 200 and self.random.random() < 0.8:
            self.ask("POST", "/v1/logout", None, bearer(answer.json()["access_token"]))

    def search(self):
        self.ask("GET", "/v1/audit?" + self.random.choice(
            ("limit=20", "outcome=exited&limit=50", "grep=ran&limit=10", "event=run.*&limit=30", "event=login&outcome=denied")))

    def look(self):
        self.ask("GET", self.random.choice(
            ("/v1/status", "/v1/runs?limit=20", "/v1/doctor", "/metrics", "/v1/approvals", "/v1/boxes", "/v1/audit/checkpoint")))

    def follow(self):
        with client.Connection(self.owhaled.socket, timeout=5) as one:
            path = self.random.choice(("/v1/events", "/v1/audit/export?follow=1", "/v1/audit/export"))
            one.send(client.request("GET", path))
            one.more()
            time.sleep(self.random.random() * 0.3)

    def attach(self):
        made = self.ask("POST", "/v1/runs", {**self.command("cat"), "attach": True, "stdin_open": True})
        if made.status not in (200, 201):
            return
        with client.Connection(self.owhaled.socket, timeout=5) as one:
            key = base64.b64encode(self.random.randbytes(16)).decode()
            one.send((f"GET /v1/runs/{made.json()['id']}/attach HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                      f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                      f"Sec-WebSocket-Protocol: {client.PROTOCOL}\r\n\r\n").encode())
            one.more()
            one.send(bytes([0x82, 0x83, 0, 0, 0, 0]) + b"\0hi")
            if self.random.random() < 0.3:
                one.send(self.random.randbytes(40))  # frames that are none

    def hang_up(self):
        body = json.dumps({**self.command("sleep 1"), "wait": True}).encode()
        head = f"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        whole = head + body
        with client.Connection(self.owhaled.socket, timeout=5) as one:
            one.send(whole[:self.random.randrange(1, len(whole) + 1)])
            time.sleep(self.random.random() * 0.2)
            if self.random.random() < 0.5:
                one.socket.shutdown(socket.SHUT_WR)

    def nonsense(self):
        with client.Connection(self.owhaled.socket, timeout=5) as one:
            one.send(self.random.choice((self.random.randbytes(200), b"GET /" + b"x" * 20000, b"PUT /v1/runs HTTP/1.1\r\n" * 9)))
            one.more()


def marks(workspace):
    return {name for name in os.listdir(workspace) if name.startswith("ran-")}
