"""The part of the stand-in for owhaled that knows requests for approval. FAKE_APPROVALS names a JSON file with a list of
requests (members that are left out get values); POST /fake/ask adds one."""
import hashlib, json, os, time

from fake_accounts import Refused, at

ENDED = {"denied", "expired", "cancelled", "used", "void"}


def whole(number, wanted):
    argv = wanted.get("command", ["git", "push"])
    approval = {
        "id": "0199%04x-0000-7000-8000-%012x" % (number, 0xabc000000000 + number * 0x1111), "kind": "run", "state": "pending",
        "run": "0199%04x-0000-7000-9000-%012x" % (number, number), "joined": [], "principal": "unix:1000", "uid": 1000,
        "created": at(-5), "expires": at(600), "severity": "high", "environment": {"LANG": "C.UTF-8"}, "command": argv,
        "cwd": "/home/alice/p", "quorum": 1, "decisions": [], "waits": True, "claimable": False, "throttled": False,
        "verdict": {"decision": "ask", "reason": "It sends data of this machine to another host.", "rule": "network.sends", "severity": "high"},
        "frozen": {"version": 1, "verb": "runs.create", "principal": "unix:1000", "uid": 1000, "argv": argv, "cwd": "/home/alice/p",
                   "workspace": "/home/alice/p", "workspace_writable": True, "environment": {}, "profile": "default", "profile_digest": "",
                   "net": "none", "limits": {"pids": "4096"}, "policy": "p", "stdin_digest": "", "tty": False,
                   "files": [{"path": "/usr/bin/git", "digest": "b" * 64, "role": "program", "held": True}]},
        "offer": {"once_only": False, "binds": [], "template": argv + ["<word>"]},
    }
    approval.update({name: value for name, value in wanted.items() if name != "frozen"})
    approval["frozen"].update(wanted.get("frozen", {}))
    if "script" in approval["frozen"]:
        del approval["frozen"]["argv"]
    approval["digest"] = hashlib.sha256(json.dumps([approval["id"], approval["frozen"]]).encode()).hexdigest()
    return approval


class Approvals:
    def __init__(self):
        self.all, self.decided = [], []
        path = os.environ.get("FAKE_APPROVALS")
        for wanted in json.load(open(path)) if path else []:
            self.ask(wanted)

    def ask(self, wanted):
        self.all.append(whole(len(self.all) + 1, wanted))
        return self.all[-1]

    def find(self, name):
        for approval in self.all:
            if approval["id"] == name:
                return approval
        raise Refused(404, "not_found", "there is no such request")

    def seen_by(self, approval, account, detail):
        shown = {key: value for key, value in approval.items() if detail or key not in ("frozen", "environment", "offer")}
        shown.setdefault("environment", {})
        if approval["state"] == "pending":
            shown["may_decide"] = account is not None
            if account is None and detail:
                shown["why_not"] = "log in: unix: principals never decide"
        return shown

    def decide(self, who, approval, word, request):
        if approval["state"] != "pending":
            raise Refused(409, "approval_ended", "the request is %s already" % approval["state"])
        if word == "approve" and request.get("digest") != approval["digest"]:
            raise Refused(409, "digest_mismatch", "the digest is not that of the request")
        approval["decisions"].append({"by": who, "decision": word, "at": at(0), "proof": "password", "counts": True,
                                      **({"reason": request["reason"]} if request.get("reason") else {})})
        approval["state"] = "approved" if word == "approve" else "denied"
        if request.get("grant"):
            approval["grant"] = "0199ffff-0000-7000-8000-000000000001"
        self.decided.append({"id": approval["id"], "word": word, "request": request})

    def answer(self, method, rest, request, who, account, query):
        if method == "GET" and not rest:
            chosen = [a for a in reversed(self.all) if (query.get("all") or not a["throttled"])
                      and a["state"] == query.get("state", a["state"] if query.get("all") else "pending")]
            return 200, {"approvals": [self.seen_by(a, account, False) for a in chosen if not query.get("before") or a["id"] < query["before"]],
                         "pending": sum(a["state"] == "pending" for a in self.all)}
        if rest == ["decide"]:
            decided = []
            for item in request["items"]:
                try:
                    approval = self.find(item["id"])
                    self.decide(who, approval, request["decision"], dict(request, digest=item["digest"]))
                    decided.append({"id": item["id"], "state": approval["state"]})
                except Refused as refused:
                    decided.append({"id": item["id"], "state": "pending", "code": refused.code, "error": refused.detail})
            return 200, {"decided": decided}
        approval = self.find(rest[0])
        verb = rest[1] if len(rest) > 1 else ""
        if verb in ("approve", "deny"):
            self.decide(who, approval, verb, request)
        if verb == "cancel":
            approval["state"] = "cancelled"
        return 200, self.seen_by(approval, account, True)
