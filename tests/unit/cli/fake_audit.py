"""The audit log of fake_daemon.py: events in memory, a tree over them, pages that take only so many looks.

POST /fake/audit changes it: {"events": [{…}]} adds some (and takes the first ones away: the log begins), {"budget": N}
ends a page after so many looks, {"slow": seconds} takes that long over such a page, {"forge": "text"|"leaf"|"path"|"note"|"no proof"} lies, {"dropped": N} keeps no bodies up to N.
"""
import base64, fnmatch, json, threading, time

from audit_log import BEGAN, Key, leaf, node, root, stamp

PAST = {"command": ["dropper", "a"], "cwd": "/home/user/project", "workspace": "/home/user/project", "net": "none"}


def canonical(value):
    """RFC 8785 of what stands in events here: no numbers but whole ones, no keys but ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def path_to(index, leaves):
    """RFC 6962, 2.1.1."""
    if len(leaves) < 2:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return path_to(index, leaves[:half]) + [root(leaves[half:])]
    return path_to(index - half, leaves[half:]) + [root(leaves[:half])]


def fits(wanted, value):
    return any(fnmatch.fnmatchcase(value, one) for one in wanted.split(","))


def is_principal(wanted, value):
    """Of a device by a part of its id, too."""
    part = wanted.removeprefix("device:")
    return value == wanted or part != wanted and value.startswith("device:") and (value.startswith(wanted) or value.endswith(part))


class Audit:
    def __init__(self):
        self.changed = threading.Condition()
        self.events, self.own, self.budget, self.slow, self.forge, self.dropped, self.key = [], False, 10**9, 0, "", 0, None

    def change(self, request):
        with self.changed:
            for given in request.get("events", []):
                self.own = True
                number = len(self.events) + 1
                event = {"data": {}, "event": "run.intent", "id": "%032x" % number, "outcome": "pending", "principal": "unix:1000", "run": "",
                         "time": stamp(BEGAN + number * 1000_000), "v": 1, "verb": "runs.create", **given}
                self.events.append(json.loads(canonical(event)))
            for name in ("budget", "slow", "forge", "dropped"):
                setattr(self, name, request.get(name, getattr(self, name)))
            self.changed.notify_all()
        return 200, {"last": len(self.events)}

    def leaves(self):
        return [leaf(canonical(event)) for event in self.events]

    def entry(self, seq):
        event = self.events[seq - 1]
        row = {"seq": seq, "hash": leaf(canonical(event)).hex(), "event": event}
        if seq <= self.dropped:
            left = {name: event[name] for name in ("time", "event", "principal", "verb", "outcome")}
            row.update(event=None, dropped={"by": len(self.events), "dropped_at": stamp(BEGAN), **left})
        return row

    def matches(self, event, query):
        facts = all(fits(query[name], event[name]) for name in ("event", "verb", "outcome", "run") if name in query)
        facts = facts and ("principal" not in query or is_principal(query["principal"], event["principal"]))
        time = event["time"][:19] + "Z"
        return facts and query.get("since", "") <= time and time < query.get("until", "~") \
            and query.get("grep", "").lower().encode() in canonical(event).lower()

    def page(self, query):
        limit, oldest_first = int(query.get("limit", 100)), "after" in query
        numbers = range(int(query["after"]) + 1, len(self.events) + 1) if oldest_first \
            else range(min(int(query.get("before", 10**9)), len(self.events) + 1) - 1, 0, -1)
        found, seen = [], 0
        for looks, seq in enumerate(numbers, 1):
            seen = seq
            if self.matches(self.events[seq - 1], query):
                found.append(self.entry(seq))
            if len(found) == limit or looks == self.budget:
                break
        page = {"events": found, "complete": True}
        if seen and seen != numbers[-1]:
            time.sleep(self.slow)
            page.update(next=seen, searched_to=seen, complete=len(found) == limit, searched_until=self.events[seen - 1]["time"])
        elif oldest_first:
            page["searched_to"] = len(self.events)
        return page

    def list(self, query):
        if not self.own:  # what other tests know
            events = [{"seq": seq, "hash": "", "event": {"event": "run.intent", "data": PAST}} for seq in (12, 11)]
            fit = query.get("event", "run.intent") == "run.intent" and int(query.get("before", 13)) > 12
            return 200, {"events": events if fit else [], "complete": True}
        end = time.time() + int(query.get("wait", 0))
        with self.changed:
            while True:
                page = self.page(query)
                if page["events"] or time.time() >= end:
                    return 200, page
                query["after"] = str(page["searched_to"])
                self.changed.wait(min(1, end - time.time()))

    def checkpoint(self):
        self.key = self.key or Key("owhaled/fake/12345678")
        size, head = len(self.events), root(self.leaves())
        return 200, {"note": self.key.note(size, head), "origin": self.key.origin, "key": self.key.vkey, "size": size,
                     "root": base64.b64encode(head).decode(), "time": stamp(BEGAN)}

    def show(self, seq):
        if not seq.isdigit() or not 0 < int(seq) <= len(self.events):
            return 404, None
        seq, leaves = int(seq), self.leaves()
        row = self.entry(seq)
        path = path_to(seq - 1, leaves)
        note = self.checkpoint()[1]["note"]
        if self.forge == "text":
            row["event"] = dict(row["event"], outcome="ok")
        if self.forge == "leaf":
            row["event"] = dict(row["event"], outcome="ok")
            row["hash"] = leaf(canonical(row["event"])).hex()
        if self.forge == "path":
            path = path[:-1]
        if self.forge == "note":
            note = Key(self.key.origin).note(len(leaves), root(leaves))
        if self.forge != "no proof":
            row["proof"] = {"index": seq - 1, "size": len(leaves), "hashes": [base64.b64encode(one).decode() for one in path], "checkpoint": note}
        return 200, row

    def stats(self, query):
        chosen = [event for event in self.events if self.matches(event, query)]

        def counts(name_of):
            names = [name_of(event) for event in chosen]
            return sorted(({"name": name, "count": names.count(name)} for name in set(names)), key=lambda row: (-row["count"], row["name"]))
        hours = counts(lambda event: event["time"][:13] + ":00:00.000000Z")
        return 200, {"total": len(chosen), "complete": True, "by_event": counts(lambda event: event["event"]),
                     "by_principal": counts(lambda event: event["principal"]), "by_outcome": counts(lambda event: event["outcome"]),
                     "by_hour": sorted(hours, key=lambda row: row["name"])}

    def answer(self, parts, query):
        what = parts[2] if len(parts) > 2 else ""
        if not what:
            return self.list(query)
        return self.checkpoint() if what == "checkpoint" else self.stats(query) if what == "stats" else self.show(what)
