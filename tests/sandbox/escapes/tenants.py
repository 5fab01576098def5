"""Accounts over TCP, and tokens that confine their holder: neither reaches what is another's, or beyond its bounds."""

import base64
import os

from agents import folder_of, free_port, wait_until
from daemon import Daemon, request
from people import Root, make_file

GROUP = "accounts and tokens"
PASSWORD = "a password of the tests'"
FIRST_UID = 1900000000


class Tenants:
    def __init__(self, daemon, port):
        self.daemon, self.port = daemon, port

    def add(self, name, *roles):
        body = {"name": name, "roles": list(roles or ["agent"]), "password": PASSWORD}
        return self.daemon.request("POST", "/v1/users", body)

    def login(self, name, path=None, person=None):
        body = {"name": name, "password": PASSWORD}
        return request(path or self.port, "POST", "/v1/login", body, 30, person)[1].get("access_token", "")

    def ask(self, token, method, path, body=None, person=None, more=()):
        """Over TCP; as a person, on the Unix socket."""
        headers = [("Authorization", f"Bearer {token}"), *more]
        return request(self.port if person is None else self.daemon.socket, method, path, body, 60, person, headers)

    def run(self, token, script, person=None, **more):
        return self.ask(token, "POST", "/v1/runs", {"argv": ["sh", "-c", script], "wait": True} | more, person)[1]

    def token(self, login, person=None, **bounds):
        body = {"role": "agent", "ttl_ms": 3600000} | bounds
        proof = ("Owhale-Password", base64.b64encode(PASSWORD.encode()).decode())
        return self.ask(login, "POST", "/v1/tokens", body, person, [proof])[1].get("access_token", "")


def over_tcp(report, daemon, tenants):
    accounts = daemon.state + "-accounts"
    one, two = tenants.login("owtalice"), tenants.login("owtbob")
    report.check(GROUP, "control: two accounts log in over TCP", bool(one and two))
    script = "id -u; id -G; pwd; echo $HOME; id -un; echo hers > made; echo hers > $HOME/h; echo hers > /tmp/t; ls -A $HOME /tmp"
    run = tenants.run(one, script)
    said = (run.get("stdout") or "").split()
    report.check(GROUP, "control: one runs a command", run.get("exit_code") == 0, str(run)[:700])
    if len(said) < 5:
        return
    uid, folder = said[0], said[2]
    report.check(GROUP, "it has a uid of its own and no group of anybody's",
                 int(uid) > FIRST_UID and said[1] == str(FIRST_UID + 60001), str(said))
    report.check(GROUP, "it works in a folder of its own", folder == f"{accounts}/{uid}", folder)
    report.check(GROUP, "its home is private, its name its own", said[3:5] == ["/home/owtalice", "owtalice"], str(said))
    info = os.stat(f"{folder}/made")
    report.check(GROUP, "what it makes is its own", info.st_uid == int(uid), str(info))
    report.check(GROUP, "its folder is closed", os.stat(folder).st_mode & 0o7777 == 0o700)
    run = tenants.run(two, f"id -u; cat {folder}/made; ls {accounts}; cat /tmp/t; cat /home/owtalice/h; ls -a /tmp")
    report.check(GROUP, "another has another uid", (run.get("stdout") or uid).split()[0] != uid, str(run)[:500])
    report.check(GROUP, "another sees nothing of it", "hers" not in str(run.get("stdout")), str(run)[:700])
    for name, more, code in [("its folder", {"cwd": folder}, None), ("its folder as workspace", {"workspace": folder}, None),
                             ("all folders", {"cwd": accounts}, "forbidden"), ("a system folder", {"cwd": "/etc"}, "forbidden"),
                             ("somebody's user", {"run_as": "nobody"}, "forbidden"),
                             ("the host's network", {"net": "host"}, "net_host_denied")]:
        answer = tenants.run(two, "ls", **more)
        good = answer.get("status") in (403, 404, 422, 400) and (code is None or answer.get("code") == code)
        report.check(GROUP, f"another asks for: {name}", good, str(answer)[:400])
    again = tenants.run(one, "cat made /tmp/t")
    report.check(GROUP, "control: its own stays", (again.get("stdout") or "").split() == ["hers", "hers"], str(again)[:400])
    answer = request(tenants.port, "POST", "/v1/runs", {"argv": ["true"], "wait": True})
    report.check(GROUP, "no token, no run", answer[0] in (401, 403), str(answer)[:300])


# (name, the request's members, whether it is refused)
BEYOND = [
    ("nothing said", {}, False),
    ("the folder", {"cwd": "{bound}"}, False),
    ("below it", {"cwd": "{bound}/deep"}, False),
    ("the folder by its link", {"cwd": "{link}"}, False),
    ("its profile", {"profile": "build"}, False),
    ("above it", {"cwd": "{place}"}, True),
    ("above it, by dots", {"cwd": "{bound}/.."}, True),
    ("beside it", {"cwd": "{place}/beside"}, True),
    ("beside it, by a name that begins alike", {"cwd": "{bound}-too"}, True),
    ("out by a link in it", {"cwd": "{bound}/out"}, True),
    ("a workspace above it", {"workspace": "{place}"}, True),
    ("a workspace above it, and a cwd in it", {"workspace": "{place}", "cwd": "{bound}"}, True),
    ("a system folder", {"cwd": "/usr"}, True),
    ("another profile", {"profile": "default"}, True),
    ("no profile", {"profile": ""}, True),
]


def confined(report, daemon, tenants, person):
    place = folder_of(person, "confined")
    bound, link = f"{place}/bound", f"{person.home}/link-to-bound"
    for name in ("bound/deep/x", "beside/x", "bound-too/x", ".git/HEAD"):
        make_file(f"{place}/{name}", person)
    for path, target in ((link, bound), (f"{bound}/out", f"{place}/beside")):
        if not os.path.lexists(path):
            os.symlink(target, path)
    login = tenants.login("owtalice", daemon.socket, person)
    by_links(report, tenants, person, place, bound, link, login)
    for how, cwd in (("a folder", bound),):
        token = tenants.token(login, person, profile="build", cwd=cwd)
        report.check(GROUP, f"control: a token bound to {how}", bool(token))
        for name, more, refused in BEYOND:
            members = {key: text.replace("{bound}", bound).replace("{link}", link).replace("{place}", place)
                       for key, text in more.items()}
            answer = tenants.run(token, "pwd; touch made", person, home=person.home, **members)
            if refused:
                good = answer.get("status") in (400, 403, 422) and (answer.get("code") == "forbidden" or name == "no profile")
            else:
                good = answer.get("exit_code") == 0 and (answer.get("stdout") or "").startswith(bound) and \
                    answer.get("profile") == "build" and (answer.get("workspace") or "").startswith(bound)
            report.check(GROUP, f"bound to {how}: {name}", good, str(answer)[:500])
    enter_wider(report, daemon, tenants, person, place, bound, login)


def by_links(report, tenants, person, place, bound, link, login):
    """A link moves no fence: neither one that was there, nor one that the token's own runs make."""
    token = tenants.token(login, person, profile="build", cwd=link)
    answer = tenants.run(token, "pwd", person, home=person.home)
    report.check(GROUP, "bound to a link: nothing", answer.get("code") == "forbidden", str(answer)[:400])
    maker = tenants.token(login, person, cwd=bound)
    made = tenants.run(maker, f"ln -sfn {place}/beside moved; mkdir -p swapped", person, home=person.home)
    report.check(GROUP, "control: a bound token's run makes a link", made.get("exit_code") == 0, str(made)[:400])
    minted = {}
    for name in ("moved", "swapped"):
        status, answer = tenants.ask(maker, "POST", "/v1/tokens", {"role": "agent", "ttl_ms": 60000, "cwd": f"{bound}/{name}"}, person)
        minted[name] = answer.get("access_token", "")
        report.check(GROUP, f"control: it mints one below: {name}", status == 201, str(answer)[:300])
    tenants.run(maker, f"rmdir swapped; ln -sfn {place}/beside swapped", person, home=person.home)
    for name, one in minted.items():
        for more in ({}, {"cwd": f"{place}/beside"}, {"cwd": f"{bound}/{name}"}):
            answer = tenants.run(one, "pwd; touch made", person, home=person.home, **more)
            report.check(GROUP, f"a folder that became a link holds: {name} {more}", answer.get("code") == "forbidden" and
                         not os.path.exists(f"{place}/beside/made"), str(answer)[:400])


def enter_wider(report, daemon, tenants, person, place, bound, login):
    token = tenants.token(login, person, profile="build", cwd=bound)
    body = {"argv": ["sleep", "60"], "detach": True, "home": person.home}
    wide = tenants.ask(login, "POST", "/v1/runs", body | {"cwd": place}, person)[1]
    own = tenants.ask(token, "POST", "/v1/runs", body, person)[1]
    report.check(GROUP, "control: a wide and a narrow run", "id" in wide and "id" in own, f"{wide} {own}"[:400])
    for verb, more in (("exec", {"argv": ["true"], "wait": True}), ("signal", {"signal": "CONT"}), ("kill", {"grace_ms": 0})):
        answer = tenants.ask(token, "POST", f"/v1/runs/{wide['id']}/{verb}", more, person)
        report.check(GROUP, f"a bound token: {verb} of a wider run", answer[0] == 403, str(answer)[:300])
    for verb, more in (("exec", {"argv": ["true"], "wait": True}), ("signal", {"signal": "CONT"})):
        answer = tenants.ask(token, "POST", f"/v1/runs/{own['id']}/{verb}", more, person)
        report.check(GROUP, f"control: {verb} of its own", answer[0] == 200, str(answer)[:300])
    by_uid = daemon.run(person, "echo x > /tmp/of-uid; ls /tmp", bound, profile="build")
    by_token = tenants.run(token, "ls /tmp", person, home=person.home)
    by_login = tenants.run(login, "ls /tmp", person, home=person.home, cwd=bound, profile="build")
    report.check(GROUP, "control: a box keeps what is in it", "of-uid" in str(by_uid.get("stdout")), str(by_uid)[:300])
    for name, run in (("token", by_token), ("login", by_login)):
        report.check(GROUP, f"the box of a uid is not that of its {name}", run.get("exit_code") == 0 and
                     "of-uid" not in str(run.get("stdout")), str(run)[:300])


def disabled(report, daemon, tenants):
    login = tenants.login("owtbob")
    live = tenants.ask(login, "POST", "/v1/runs", {"argv": ["sleep", "60"], "detach": True})[1]
    report.check(GROUP, "control: an account's run lives", live.get("state") == "running", str(live)[:300])
    daemon.request("POST", "/v1/users/owtbob/disable")
    state = lambda: daemon.request("GET", f"/v1/runs/{live.get('id')}")[1].get("state")  # noqa: E731
    ended = wait_until(lambda: state() in ("killed", "signaled"), 15)
    report.check(GROUP, "a disabled account's run ends", ended, str(state()))
    answer = tenants.ask(login, "POST", "/v1/runs", {"argv": ["true"]})
    report.check(GROUP, "and it starts none", answer[0] == 401, str(answer)[:300])


def rootless(report, person):
    """Its one uid is its user's: an account that came over TCP runs nothing."""
    port = free_port()
    daemon = Daemon(person, "--argon2-memory", "8M", "--argon2-passes", "1", "--login-rate", "1000", tcp=f"127.0.0.1:{port}").start()
    tenants = Tenants(daemon, port)
    ask = lambda where, path, body, *more: request(where, "POST", path, body, 30, *more)  # noqa: E731
    try:
        first = ask(daemon.socket, "/v1/login", {"name": "admin", "password": "admin"}, person)[1].get("access_token", "")
        ask(daemon.socket, "/v1/password", {"old_password": "admin", "new_password": PASSWORD}, person, [("Authorization", f"Bearer {first}")])
        token = tenants.login("admin")
        report.check(GROUP, "control: an account logs in over TCP at a rootless owhaled", bool(token))
        for more in ({}, {"cwd": person.home}, {"cwd": person.home, "home": person.home}):
            answer = tenants.run(token, "id", **more)
            report.check(GROUP, f"rootless, over TCP: nothing runs {more}", answer.get("code") == "unsupported", str(answer)[:300])
        live = daemon.request("POST", "/v1/runs", {"argv": ["sleep", "60"], "detach": True}, 30, person)[1]
        local = tenants.run(tenants.login("admin", daemon.socket, person), "id -u", person)
        report.check(GROUP, "control: on the Unix socket it runs", "id" in live and local.get("exit_code") == 0, str(local)[:300])
        own = tenants.ask(tenants.login("admin", daemon.socket, person), "POST", "/v1/runs", {"argv": ["sleep", "60"], "detach": True}, person)[1]
        answer = tenants.ask(token, "POST", f"/v1/runs/{own.get('id')}/exec", {"argv": ["id"], "wait": True})[1]
        report.check(GROUP, "rootless, over TCP: nothing enters a run", answer.get("code") == "unsupported", str(answer)[:300])
    finally:
        daemon.remove()


def play(report, person):
    rootless(report, person)
    port = free_port()
    daemon = Daemon(Root(), "--argon2-memory", "8M", "--argon2-passes", "1", "--login-rate", "1000", tcp=f"127.0.0.1:{port}").start()
    tenants = Tenants(daemon, port)
    try:
        made = [tenants.add("owtalice"), tenants.add("owtbob")]
        if not report.check(GROUP, "control: root adds accounts", all(status == 201 for status, _ in made), str(made)[:400]):
            return
        over_tcp(report, daemon, tenants)
        confined(report, daemon, tenants, person)
        disabled(report, daemon, tenants)
    finally:
        daemon.remove()
