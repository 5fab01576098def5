"""People with accounts: an owhaled whose first password is set, and who asks what with which token."""

import base64

ADMIN = "some words of my own"
QUICK = ("--tcp", "off", "--argon2-memory", "8M", "--argon2-passes", "1", "--login-rate", "100000", "--api-rate", "1000000",
         "--api-burst", "100000")


def bearer(token):
    return {"Authorization": "Bearer " + token}


def proof(password):
    return {"Owhale-Password": base64.b64encode(password.encode()).decode()}


class Person:
    """A token, and the password behind it; `uid`: from whose socket it is shown."""

    def __init__(self, owhaled, name, password, token, uid=None):
        self.owhaled, self.name, self.password, self.token, self.uid = owhaled, name, password, token, uid

    def ask(self, method, path, body=None, step_up=False, headers=None, **more):
        headers = {**bearer(self.token), **(proof(self.password) if step_up else {}), **(headers or {})}
        return self.owhaled.ask(method, path, body, headers, uid=more.pop("uid", self.uid), **more)

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def do(self, method, path, body=None, status=200):
        """An act that needs the password, with it."""
        answer = self.ask(method, path, body, step_up=True)
        assert answer.status == status, (method, path, answer)
        return answer.json() if answer.body else None

    def mint(self, **request):
        """A token for an agent, as a Person without a password."""
        made = self.do("POST", "/v1/tokens", {"role": "agent", "ttl_ms": 3_600_000, **request}, 201)
        one = Person(self.owhaled, self.name, "", made["access_token"], self.uid)
        one.id = made["token"]["id"]
        return one


def login(owhaled, name, password, uid=None, **more):
    return owhaled.ask("POST", "/v1/login", {"name": name, "password": password, **more}, uid=uid)


def logged_in(owhaled, name, password, uid=None):
    answer = login(owhaled, name, password, uid)
    assert answer.status == 200, answer
    return Person(owhaled, name, password, answer.json()["access_token"], uid)


def set_up(owhaled, uid=None):
    """The first admin, its password its own."""
    admin = logged_in(owhaled, "admin", "admin")
    answer = admin.ask("POST", "/v1/password", {"old_password": "admin", "new_password": ADMIN})
    assert answer.status == 204, answer
    return logged_in(owhaled, "admin", ADMIN, uid)


def add(admin, name, roles=("agent",), uid=None):
    password = f"words of {len(name)} letters"
    admin.do("POST", "/v1/users", {"name": name, "roles": list(roles), "password": password}, 201)
    return logged_in(admin.owhaled, name, password, uid)


def events(owhaled, kind):
    """Root reads everybody's, newest first; further, where a slow machine's page ends early."""
    found, before = [], ""
    while True:
        page = owhaled.get(f"/v1/audit?event={kind}&limit=1000{before}").json()
        found += [row["event"] for row in page["events"]]
        if "next" not in page:
            return found
        before = f"&before={page['next']}"
