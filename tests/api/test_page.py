"""/app: the page's files, as bytes over TLS, and who may ask for what as a browser. The page itself: tests/browser."""

import base64
import gzip
import hashlib
import re

import pytest

from over_tcp import Tcp, bearer, first_account, listening

NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def secure(own):
    return listening(own, "--tls", "on")


def ask(daemon, path, method="GET", body=None, **headers):
    with Tcp(daemon.tcp, tls=True) as tcp:
        return tcp.ask(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})


def test_the_page_and_its_policy(secure):
    page = ask(secure, "/app")
    assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'" and "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy and "unsafe" not in " ".join(policy) and "http" not in " ".join(policy)
    assert page.headers["x-content-type-options"] == "nosniff" and page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cross-origin-opener-policy"] == page.headers["cross-origin-resource-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-cache" and "set-cookie" not in page.headers
    # Neither a script nor a style stands in it, and nothing comes from elsewhere.
    text = page.body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=|//", text.replace("<!doctype", "")), text
    for path in re.findall(r'(?:src|href)="(/app/[^"]*)"', text):
        file = ask(secure, path)
        assert file.status == 200 and file.headers["x-content-type-options"] == "nosniff", path


def test_the_worker_has_the_digest_of_every_file(secure):
    worker = ask(secure, "/app/worker.js")
    assert worker.headers["service-worker-allowed"] == "/" and worker.headers["content-type"].startswith("text/javascript")
    files = re.findall(r"'(/app[^']*)': '([^']*)'", worker.body.decode())
    assert len(files) > 20 and "/app" in dict(files)
    for path, digest in files:
        body = ask(secure, path).body
        assert base64.b64encode(hashlib.sha256(body).digest()).decode() == digest, path


def test_validators_and_coding(secure):
    plain = ask(secure, "/app/main.js")
    packed = ask(secure, "/app/main.js", Accept_Encoding="br, gzip")
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) < len(plain.body)
    tags = plain.headers["etag"], packed.headers["etag"]
    assert len(set(tags)) == 2 and all(re.fullmatch(r'"[0-9a-f]{32}(-gzip)?"', tag) for tag in tags)
    for tag, coding in zip(tags, ("identity", "gzip")):
        same = ask(secure, "/app/main.js", If_None_Match=f'"x", {tag}', Accept_Encoding=coding)
        assert same.status == 304 and same.body == b"" and same.headers["etag"] == tag
    assert ask(secure, "/app/main.js", If_None_Match=tags[1]).status == 200
    head = ask(secure, "/app/main.js", "HEAD")
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) == len(plain.body)


def test_it_tells_the_certificate_that_it_came_over(secure):
    assert ask(secure, "/app/certificate").body.decode().strip() == secure.fingerprint


@pytest.mark.parametrize("path", ["/app/nothing.js", "/app/../app", "/app/types.d.ts", "/app/main.js/", "/apps", "/app/app/main.js"])
def test_there_is_nothing_else(secure, path):
    assert ask(secure, path).status == 404


def test_what_people_type_leads_to_it(secure):
    html = "text/html,application/xhtml+xml,*/*;q=0.8"
    for path in ("/", "/app/"):
        for method in ("GET", "HEAD"):
            led = ask(secure, path, method, Accept=html)
            assert led.status == 308 and led.headers["location"] == "/app" and led.headers["cache-control"] == "no-cache", path
    assert ask(secure, "/").status == 404 and ask(secure, "/", Accept="application/json").status == 404, "no browser"
    assert ask(secure, "/", **{**NAVIGATION, "Accept": html}).code == "origin_not_allowed", "another site leads to /app alone"


def test_only_over_tls(own):
    daemon = listening(own)
    with Tcp(daemon.tcp) as tcp:
        for path in ("/app", "/app/", "/app/main.js"):
            answer = tcp.ask("GET", path)
            assert answer.status == 404 and "needs TLS" in answer.text and "tls = on" in answer.text, path
        origin = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
        assert tcp.ask("GET", "/v1/health", headers=origin).code == "origin_not_allowed"
    assert daemon.get("/app").status == 404


def test_it_takes_no_body_and_no_other_method(secure):
    for method in ("POST", "PUT", "DELETE"):
        assert ask(secure, "/app", method, {}).status == 404
    assert ask(secure, "/app", "GET", {"a": 1}).status == 404


def test_its_own_origin_may_ask_and_no_other(secure):
    token = first_account(secure)
    own = {"Origin": "https://localhost", "Sec-Fetch-Site": "same-origin", **bearer(token)}
    assert ask(secure, "/v1/whoami", **own).status == 200
    for origin, site in [("https://evil.example", "cross-site"), ("http://localhost", "same-site"), ("https://localhost:1", "same-site"), ("null", "cross-site"),
                         ("https://localhost", "cross-site"), ("https://localhost.evil.example", "same-origin"), ("", "same-origin")]:
        refused = ask(secure, "/v1/whoami", **{**own, "Origin": origin, "Sec-Fetch-Site": site})
        assert refused.code == "origin_not_allowed", (origin, site)
    # A name that leads here by somebody's DNS is its own origin to a browser, and not ours.
    rebound = ask(secure, "/v1/whoami", Host="evil.example", Origin="https://evil.example", Sec_Fetch_Site="same-origin", **bearer(token))
    assert rebound.status == 421
    assert ask(secure, "/app", Host="evil.example").status == 421


def test_others_may_lead_to_the_page_and_to_nothing_else(secure):
    assert ask(secure, "/app", **NAVIGATION).status == 200
    assert ask(secure, "/app?x=1", **NAVIGATION).status == 200
    for path, change in [("/v1/health", {}), ("/app/main.js", {}), ("/app", {"Sec-Fetch-Dest": "iframe"}), ("/app", {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}),
                         ("/app", {"Origin": "https://evil.example"})]:
        assert ask(secure, path, **{**NAVIGATION, **change}).code == "origin_not_allowed", (path, change)


def test_who_asks_for_it_without_end_is_slowed_down(secure):
    with Tcp(secure.tcp, tls=True) as tcp:
        for _ in range(1000):
            answer = tcp.ask("GET", "/app/icon.svg")
            if answer.status != 200:
                break
        assert answer.code == "rate_limited" and int(answer.headers["retry-after"]) >= 1
        # It is its own bucket: the API goes on.
        assert tcp.ask("GET", "/v1/health").status == 200
