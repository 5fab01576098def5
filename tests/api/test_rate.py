"""How often: logins, requests of a uid or a token, strangers, tokens that are none."""

import base64

import pytest

from client import user
from conftest import needs_root
from over_tcp import PASSWORD, Tcp, bearer, first_account, listening, login


def statuses(ask, count):
    return [ask().status for _ in range(count)]


def test_a_uid_has_its_burst_and_is_told_when_to_come_back(own, alice, bob):
    daemon = own("--api-rate", "60", "--api-burst", "20").start()
    with daemon.connect(alice) as connection:
        assert statuses(lambda: connection.ask("GET", "/v1/whoami"), 20) == [200] * 20
        answer = connection.ask("GET", "/v1/whoami")
        assert (answer.status, answer.code) == (429, "rate_limited")
        wait = int(answer.headers["retry-after"])
        assert wait == 1 and answer.json()["retry_after"] == 1
        assert answer.headers["ratelimit"] == '"api";r=0;t=1'
        assert answer.headers["ratelimit-policy"] == '"api";q=60;w=60'
        # The same connection still answers what is not counted, and another uid is not concerned.
        assert connection.ask("GET", "/v1/runs/01900000-0000-7000-8000-000000000000").status == 404
        assert connection.ask("GET", "/v1/runs").status == 429  # a list is no run
        assert connection.ask("GET", "/v1/health").status == 200
    with daemon.connect(alice) as again:
        assert again.ask("GET", "/v1/whoami").status == 429
    assert daemon.get("/v1/whoami", uid=bob).status == 200


def test_ones_own_runs_are_read_without_a_limit(own, uid):
    daemon = own("--api-rate", "60", "--api-burst", "5").start()
    run = daemon.ran(uid, argv=["/bin/true"])["id"]
    with daemon.connect(uid) as connection:
        assert statuses(lambda: connection.ask("GET", f"/v1/runs/{run}"), 200) == [200] * 200


def test_the_default_lets_five_hundred_through_at_once(own, uid):
    daemon = own().start()
    with daemon.connect(uid) as connection:
        assert statuses(lambda: connection.ask("GET", "/v1/whoami"), 500) == [200] * 500


def test_strangers_have_sixty_a_minute(own):
    daemon = listening(own)
    with Tcp(daemon.tcp) as stranger:
        seen = statuses(lambda: stranger.ask("GET", "/v1/health"), 80)
        assert 60 <= seen.count(200) <= 62 and seen[-1] == 429
    # Neither another of this machine's addresses nor a header is another peer.
    with Tcp(daemon.tcp, source="127.0.0.77") as other:
        assert other.ask("GET", "/v1/health", headers={"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.1",
                                                       "X-Real-IP": "198.51.100.1"}).status == 429
    assert daemon.get("/v1/health").status == 200


@needs_root
def test_a_user_of_this_machine_uses_up_nothing_of_anothers(own, alice, bob):
    daemon = listening(own, "--max-connections-per-address", "4")
    wrong = {"name": "nobody", "password": "wrong"}

    def tcp(uid):
        with user(uid):
            return Tcp(daemon.tcp)
    with tcp(alice) as attacker, tcp(bob) as other:
        assert statuses(lambda: attacker.ask("GET", "/v1/health"), 80)[-1] == 429
        assert statuses(lambda: attacker.ask("POST", "/v1/login", wrong), 20)[-1] == 429
        assert other.ask("GET", "/v1/health").status == 200
        assert other.ask("POST", "/v1/login", {"name": "someone", "password": "wrong"}).status == 401
        held = [tcp(alice) for _ in range(8)]
        assert other.ask("GET", "/v1/health").status == 200
        with tcp(bob) as second:
            assert second.ask("GET", "/v1/health").status == 200
        for connection in held:
            connection.close()


def test_a_revoked_token_is_no_way_past_the_limit(own):
    daemon = listening(own)
    token = first_account(daemon)
    with Tcp(daemon.tcp) as client:
        assert client.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
        assert client.ask("POST", "/v1/logout", headers=bearer(token)).status in (200, 204)
        seen = statuses(lambda: client.ask("GET", "/v1/whoami", headers=bearer(token)), 80)
        assert 60 <= seen.count(401) <= 62 and seen[-1] == 429


def test_ten_logins_a_minute(own, alice, bob):
    daemon = own("--argon2-memory", "8M", "--argon2-passes", "1").start()
    message = {"name": "nobody", "password": "wrong"}

    def attempt(uid):
        return daemon.ask("POST", "/v1/login", message, uid=uid)
    answers = [attempt(alice) for _ in range(12)]
    assert answers[0].status == 401 and answers[-1].status == 429
    assert attempt(bob).status in (401, 429)  # the account's own delay may be on; the peer's is not
    limited = [answer for answer in answers if answer.headers.get("ratelimit", "").startswith('"login"')]
    assert limited and int(limited[-1].headers["retry-after"]) <= 6


def test_a_storm_of_logins_leaves_the_others_alone(own, uid):
    daemon = listening(own)
    with Tcp(daemon.tcp) as attacker:
        seen = statuses(lambda: attacker.ask("POST", "/v1/login", {"name": "admin", "password": "x" * 20}), 40)
        assert seen.count(429) >= 30
    first_account(daemon)


def test_tokens_are_not_tried_for_ever(own):
    daemon = listening(own)
    token = first_account(daemon)
    with Tcp(daemon.tcp) as honest, Tcp(daemon.tcp) as attacker:
        assert honest.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
        seen = statuses(lambda: attacker.ask("GET", "/v1/whoami", headers=bearer(token[:-4] + "AAAA")), 80)
        assert 60 <= seen.count(401) <= 62 and seen[-1] == 429
        # Who has a good token goes on, from the same address.
        assert statuses(lambda: honest.ask("GET", "/v1/whoami", headers=bearer(token)), 20) == [200] * 20


def test_guessing_by_step_up_is_limited_and_root_is_not(own, alice):
    daemon = own("--argon2-memory", "8M", "--argon2-passes", "1").start()
    first_account(daemon)
    token = login(daemon)
    wrong = {"Owhale-Password": base64.b64encode(b"a wrong pass phrase").decode(), **bearer(token)}
    right = {"Owhale-Password": base64.b64encode(PASSWORD.encode()).decode(), **bearer(token)}

    def act(headers, name):
        return daemon.ask("POST", "/v1/users", {"name": name, "roles": ["agent"]}, headers, uid=alice)
    for number in range(15):
        assert act(right, f"good{number}").status == 201  # a good one is not counted
    seen = [act(wrong, "never").status for _ in range(15)]
    assert seen[0] == 401 and seen[-1] == 429 and 201 not in seen
    assert act(right, "late").status == 429


@pytest.mark.parametrize("rate", ["0", "x", "2000000000"])
def test_a_rate_that_means_nothing_stops_the_start(base, rate):
    from daemon import Owhaled
    code, said = Owhaled(base, "--api-rate", rate).refuses()
    assert code == 2 and "--api-rate" in said
