"""The part of the stand-in for owhaled that knows accounts, sessions, tokens and who may use the socket."""
import base64, os, secrets, threading, time

STEP_UP = {"POST v1/tokens", "POST v1/users", "DELETE v1/users", "PUT v1/users", "PUT v1/access", "DELETE v1/access", "POST v1/keys",
           "POST v1/approvals"}
RIGHTS = {"admin": ["runs_create", "runs_read", "account", "runs_read:any", "users:any"], "agent": ["runs_create", "runs_read", "account"]}


def at(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + seconds)) + ".000000Z"


class Refused(Exception):
    def __init__(self, status, code, detail, retry_after=None):
        self.status, self.code, self.detail, self.retry_after = status, code, detail, retry_after


class Accounts:
    def __init__(self, mode):
        self.mode, self.lock, self.hurried, self.seen = mode, threading.Lock(), set(), []
        self.users, self.tokens, self.access = {}, {}, {}
        from fake_approvals import Approvals
        self.approvals = Approvals()
        if mode == "local":
            self.users["admin"] = {"password": "admin", "roles": ["admin"], "must_change": True, "disabled": False}

    # --- who asks

    def principal(self, headers):
        """(name of the principal, account, token's row)"""
        if os.environ.get("FAKE_RUN"):
            return "run:0190", None, None
        shown = headers.get("authorization")
        if shown is None:
            return "unix:%d" % os.getuid(), None, None
        row = self.tokens.get(shown.removeprefix("Bearer "))
        if row is None:
            raise Refused(401, "token_unknown_key", "the token's key is not known")
        if row["revoked"]:
            raise Refused(401, "token_revoked", "the session was ended")
        if row["until"] < time.time():
            raise Refused(401, "token_expired", "the token expired at " + at(row["until"] - time.time()))
        return "user:" + row["user"], self.users[row["user"]], row

    def check(self, method, path, headers):
        if os.environ.get("FAKE_STRANGERS") and path == "v1/status":
            raise Refused(403, "forbidden", "unix:%d has no role" % os.getuid())
        who, account, row = self.principal(headers)
        if account and account["must_change"] and path not in ("v1/password", "v1/logout", "v1/whoami", "v1/health"):
            raise Refused(403, "password_change_required", "the password must be changed first")
        if "%s %s" % (method, "/".join(path.split("/")[:2])) not in STEP_UP or path == "v1/users" and method == "GET":
            return who, account, row
        if path.split("/")[-1] in ("cancel", "claim"):
            return who, account, row
        if row and row.get("window", 0) > time.time():
            return who, account, row
        if account is None and os.environ.get("FAKE_ROOT"):
            return who, account, row  # root stands above
        proof = headers.get("owhale-password")
        if account is None or proof is None:
            raise Refused(403, "step_up_required", "this needs the password with it")
        if base64.b64decode(proof).decode() != account["password"]:
            raise Refused(401, "credentials_wrong", "the name or the password is wrong")
        return who, account, row

    # --- the verbs; each answers (status, body)

    def answer(self, method, parts, headers, request, query=None):
        """None: not ours."""
        with self.lock:
            self.seen.append({"verb": "%s %s" % (method, "/".join(parts)), "authorization": headers.get("authorization"),
                              "password": headers.get("owhale-password"), "host": headers.get("host")})
            path = "/".join(parts)
            if path == "fake/seen":
                return 200, {"seen": self.seen[:-1]}
            if path == "fake/expire":
                for row in self.tokens.values():
                    row["until"] = time.time() - 5
                return 204, b""
            if path == "fake/ask":
                return 201, self.approvals.ask(request)
            if path == "fake/decided":
                return 200, {"decided": self.approvals.decided, "all": self.approvals.all}
            if path == "fake/change":
                self.approvals.find(request["id"]).update(request)
                return 204, b""
            who = (None, None, None) if path == "v1/login" else self.check(method, path, headers)
            if parts[:2] == ["v1", "approvals"]:
                return self.approvals.answer(method, parts[2:], request, *who[:2], query or {})
            if path == "v1/step-up":
                return self.step_up(request, *who)
            handler = getattr(self, "do_" + parts[1], None) if len(parts) > 1 and parts[0] == "v1" else None
            return handler(method, parts[2:], request, *who) if handler else None

    def step_up(self, request, _who, account, row):
        if account is None:
            raise Refused(403, "step_up_required", "this needs the password with it")
        if request["password"] != account["password"]:
            raise Refused(401, "credentials_wrong", "the name or the password is wrong")
        row["window"] = time.time() + request.get("seconds", 300)
        return 200, {"until": at(request.get("seconds", 300))}

    def do_health(self, *_):
        return 200, {"status": "ok"}

    def do_login(self, _method, _rest, request, *_who):
        name = request["name"]
        if name == "hurried" and name not in self.hurried:
            self.hurried.add(name)
            raise Refused(429, "rate_limited", "too many logins", 1)
        if name == "barred":
            raise Refused(429, "rate_limited", "10 wrong passwords from unix:1000 (pid 7, guess)", 60)
        user = self.users.get("alice" if name == "hurried" else name)
        if user is None or user["password"] != request["password"] or user["disabled"]:
            raise Refused(401, "credentials_wrong", "the name or the password is wrong")
        token, session = self.mint("alice" if name == "hurried" else name, 7 * 86400)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_at": at(7 * 86400), "principal": "user:" + name,
                     "session": session, "roles": user["roles"], "must_change_password": user["must_change"]}

    def mint(self, user, seconds, **more):
        token = "h.%s.%s" % (secrets.token_urlsafe(8), secrets.token_urlsafe(8))
        session = "0190%04x-0000-7000-9000-%012x" % (len(self.tokens), len(self.tokens))
        self.tokens[token] = dict(more, user=user, until=time.time() + seconds, revoked=False, id=session)
        return token, session

    def do_grants(self, *_):
        grants = [{"id": "0199ffff-0000-7000-8000-%012x" % (0xabc0000 + number), "approval": one["id"], "principal": "unix:1000", "workspace": "/home/alice/p",
                   "cwd": "/home/alice/p", "profile": "default", "net": "none", "state": "active",
                   "command": self.approvals.find(one["id"])["command"], "binds": [], "trust_workspace": False, "rule": "own.ask", "severity": "high",
                   "used": 0, "by": "user:admin", "created": at(-5), "expires": at(3700)}
                  for number, one in enumerate(self.approvals.decided) if one["request"].get("grant")]
        return 200, {"grants": grants}

    def do_logout(self, _m, _rest, _request, _who, _account, row):
        if row is None:
            raise Refused(401, "unauthenticated", "no token was shown")
        row["revoked"] = True
        return 204, b""

    def do_password(self, _m, _rest, request, _who, account, _row):
        if account is None:
            raise Refused(401, "unauthenticated", "no token was shown")
        if request["old_password"] != account["password"]:
            raise Refused(401, "credentials_wrong", "the name or the password is wrong")
        if request["new_password"] in ("password1", "password123"):
            raise Refused(422, "password_weak", "this is one of the most common passwords")
        account.update(password=request["new_password"], must_change=False)
        return 204, b""

    def do_whoami(self, _m, _rest, _request, who, account, row):
        answer = {"principal": who, "why": "a token" if row else "peer credentials", "roles": account["roles"] if account else ["agent"],
                  "permissions": RIGHTS["admin" if account and "admin" in account["roles"] else "agent"], "peer": "unix:%d" % os.getuid(),
                  "must_change_password": bool(account and account["must_change"]), "daemon": "fake"}
        if row:
            answer.update(session=row["id"], expires=at(row["until"] - time.time()))
        return 200, answer

    def shown(self, name):
        user = self.users.get(name)
        if user is None:
            raise Refused(404, "not_found", "there is no account '%s'" % name)
        return {"name": name, "roles": user["roles"], "disabled": user["disabled"], "must_change_password": user["must_change"],
                "created": at(-60), "sessions": 0, "tokens": 0}

    def do_users(self, method, rest, request, *_):
        if not rest and method == "GET":
            return 200, {"users": [self.shown(name) for name in sorted(self.users)]}
        if not rest:
            once = None if "password" in request else secrets.token_urlsafe(9)
            self.users[request["name"]] = {"password": request.get("password") or once, "roles": request["roles"],
                                           "must_change": once is not None, "disabled": False}
            made = {"user": self.shown(request["name"])}
            return 201, dict(made, one_time_password=once) if once else made
        self.shown(rest[0])
        user = self.users[rest[0]]
        if method == "DELETE":
            del self.users[rest[0]]
            return 204, b""
        if rest[1:] == ["reset"]:
            user.update(password=secrets.token_urlsafe(9), must_change=True)
            return 200, {"name": rest[0], "one_time_password": user["password"]}
        if rest[1:] == ["roles"]:
            user["roles"] = request["roles"]
        if rest[1:] in (["enable"], ["disable"]):
            user["disabled"] = rest[1] == "disable"
        return 200, self.shown(rest[0])

    def do_sessions(self, method, rest, *_):
        mine = [row for row in self.tokens.values() if "role" not in row and not row["revoked"]]
        if method == "DELETE":
            chosen = [row for row in mine if not rest or row["id"] == rest[0]]
            for row in chosen[:-1] if not rest else chosen:
                row["revoked"] = True
            return (204, b"") if rest else (200, {"revoked": len(chosen) - 1})
        return 200, {"sessions": [{"id": row["id"], "principal": "user:" + row["user"], "created": at(-60), "expires": at(60),
                                   "peer": "unix", "current": False} for row in mine if not row["revoked"]]}

    def token_row(self, row):
        return {"id": row["id"], "principal": "user:" + row["user"], "role": row["role"], "created": at(0), "expires": at(row["until"] - time.time()),
                **{key: row[key] for key in ("profile", "cwd", "label") if row.get(key)}}

    def do_tokens(self, method, rest, request, _who, _account, row):
        made = [row for row in self.tokens.values() if "role" in row]
        if method == "POST":
            token, session = self.mint(row["user"], request["ttl_ms"] / 1000, **{k: v for k, v in request.items() if k != "ttl_ms"})
            return 201, {"access_token": token, "token": self.token_row(self.tokens[token])}
        chosen = [row for row in made if not rest or row["id"] == rest[0]]
        if rest and not chosen:
            raise Refused(404, "not_found", "there is no such token")
        if method == "DELETE":
            chosen[0]["revoked"] = True
            return 204, b""
        return 200, self.token_row(chosen[0]) if rest else {"tokens": [self.token_row(row) for row in made if not row["revoked"]]}

    def do_access(self, method, rest, request, *_):
        if method == "PUT":
            self.access[rest[0]] = request["roles"]
            return 200, {"subject": rest[0], "roles": request["roles"], "source": "setup"}
        if method == "DELETE":
            self.access.pop(rest[0])
            return 204, b""
        rows = [{"subject": k, "roles": v, "source": "setup", "added": at(-5), "by": "unix:0"} for k, v in self.access.items()]
        return 200, {"access": rows + [{"subject": "*", "roles": ["agent"], "source": "mode"}]}

    def do_keys(self, *_):
        return 200, {"kid": "new-key", "trusted": ["old-key"]}

    def do_doctor(self, *_):
        first = self.users.get("admin")
        done = self.users and not (first and first["must_change"] and first["password"] == "admin")
        return 200, {"summary": "fine", "strict_ready": True, "checks": [
            {"name": "first password", "state": "ok" if done else "weaker", "detail": "", "lost": "", "fix": "owhalectl setup"}]}

    def do_status(self, *_):
        return 200, {"version": "fake", "mode": self.mode, "state_dir": "/nowhere", "started": at(-60), "rootless": os.getuid() != 0,
                     "runs_live": 0, "runs_total": 0, "connections": 1, "weaker": [], "tcp": "off", "frozen": []}

    def do_mode(self, *_):
        return 200, {"mode": self.mode, "source": "default", "rows": [
            {"name": "first-account", "what": "the first account", "local": "admin, change forced", "strict": "none", "now": "admin, change forced"},
            {"name": "tls", "what": "TCP", "local": "may be plain", "strict": "TLS", "now": "TLS"}]}

