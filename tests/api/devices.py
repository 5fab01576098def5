"""Paired devices as clients: they join with a code over TLS, and sign every request (RFC 9421)."""

import base64
import hashlib
import os
import ssl
import time

import accounts
import client
import described
import sodium
from over_tcp import Tcp, listening

COMPONENTS = '("@method" "@path" "@query" "content-digest")'
CHANNEL = b"owhaled pairing 1"


def canonical(code):
    return code.replace("-", "").upper()


def shown_fingerprint(connection):
    return "SHA256:" + hashlib.sha256(connection.socket.getpeercert(binary_form=True)).hexdigest()


class Attempt:
    """A device that tries a code, step by step; `fingerprint`: of another certificate than the one that it sees."""

    def __init__(self, daemon, code, name="Fairphone", key=None, fingerprint=None, address=None, via="program"):
        self.daemon, self.code, self.name, self.via = daemon, canonical(code), name, via
        self.key = key or sodium.SigningKey()
        self.connection = Tcp(address or daemon.tcp, True)
        self.fingerprint = fingerprint or shown_fingerprint(self.connection)

    def begin(self, **changes):
        print_ = self.fingerprint.encode()
        self.pace = sodium.CPace(self.code.encode(), CHANNEL, sodium.lv_cat(b"joiner", self.key.public, self.name.encode(), self.via.encode(), print_))
        message = {"hint": self.code[:2], "sid": sodium.b64u(self.pace.sid), "share": sodium.b64u(self.pace.share),
                   "key": sodium.b64u(self.key.public), "name": self.name, "via": self.via, **changes}
        answer = self.connection.ask("POST", "/v1/pair/join", message)
        if answer.status == 200:
            self.join = answer.json()["join"]
            self.pace.meet(sodium.from_b64u(answer.json()["share"]), sodium.lv_cat(b"maker", print_))
            self.knows = self.pace.is_their_tag(sodium.from_b64u(answer.json()["tag"]))
        return answer

    def prove(self, tag=None, replaces=None, by=None):
        """`replaces`: the id of a device whose place it takes; `by`: a Device that signs the proof, too."""
        body = {"tag": sodium.b64u(tag or self.pace.tag()), **({"replaces": replaces} if replaces else {})}
        if by:
            return by.ask("POST", f"/v1/pair/join/{self.join}", body, over=self.connection)
        return self.connection.ask("POST", f"/v1/pair/join/{self.join}", body)

    def state(self, wait=None):
        return self.connection.ask("GET", f"/v1/pair/join/{self.join}", headers={"Prefer": f"wait={wait}"} if wait else None)


class Device:
    """One that is paired: its id and key."""

    def __init__(self, daemon, key, id_, words=""):
        self.daemon, self.key, self.id, self.words = daemon, key, id_, words
        self.address = getattr(daemon, "tcp", None)

    def connect(self):
        return Tcp(self.address, True) if self.address else client.Connection(self.daemon.socket)

    def fields(self, method, target, body=b"", created=None, nonce=None, keyid=None, key=None, params=None, digest=None):
        digest = digest or "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
        created = int(time.time()) if created is None else created
        nonce = nonce or sodium.b64u(os.urandom(18))
        params = params or f'{COMPONENTS};created={created};nonce="{nonce}";keyid="{keyid or self.id}";alg="ed25519"'
        path, mark, query = target.partition("?")
        base = "\n".join([f'"@method": {method}', f'"@path": {path}', f'"@query": {"?" + query}', f'"content-digest": {digest}',
                          f'"@signature-params": {params}'])
        signature = base64.b64encode((key or self.key).sign(base.encode())).decode()
        return {"Content-Digest": digest, "Signature-Input": "sig=" + params, "Signature": f"sig=:{signature}:"}

    def signed(self, method, target, body=None, headers=None, **more):
        """The bytes of a signed request."""
        if body is not None and not isinstance(body, bytes):
            body = described.json.dumps(body).encode()
        return client.request(method, target, body, {**self.fields(method, target, body or b"", **more), **(headers or {})})

    def ask(self, method, target, body=None, headers=None, over=None, **more):
        connection = over or self.connect()
        try:
            connection.send(self.signed(method, target, body, headers, **more))
            answer = connection.response(method)
            described.check(method, target, answer.status, answer.headers, answer.body)
            return answer
        finally:
            if over is None:
                connection.close()

    def get(self, target, **more):
        return self.ask("GET", target, **more)


def serve(own, *flags, rule=None, tcp="127.0.0.1:0"):
    """An owhaled over TLS."""
    def with_rule(*all_flags):
        one = own(*all_flags)
        if rule:
            one.rule("50-own.toml", rule)
        return one

    return listening(with_rule, "--tls", "on", "--login-rate", "100000", "--api-rate", "1000000", "--api-burst", "100000",
                     "--anonymous-rate", "100000", *flags, tcp=tcp)


def code_of(person, name="my phone", can=("approve", "audit"), **more):
    return person.do("POST", "/v1/pair", {"name": name, "can": list(can), **more}, 201)


def joined(daemon, made, **more):
    attempt = Attempt(daemon, made["code"], **more)
    assert attempt.begin().status == 200 and attempt.knows
    answer = attempt.prove()
    assert answer.status == 200, answer
    attempt.told = answer.json()
    return attempt


def paired(person, can=("approve", "audit", "runs", "freeze"), name="my phone", cut=None, **more):
    """All of it: a code, a device that joins, and its maker who confirms."""
    made = code_of(person, name, can, **more)
    attempt = joined(person.owhaled, made)
    body = {"words": attempt.told["words"], **({"can": list(cut)} if cut else {})}
    device = person.do("POST", f"/v1/pair/{made['id']}/confirm", body, 201)
    assert device["id"] == attempt.told["device"] and device["words"] == attempt.told["words"]
    return Device(person.owhaled, attempt.key, device["id"], device["words"])


__all__ = ["Attempt", "Device", "accounts", "code_of", "joined", "paired", "serve", "ssl"]
