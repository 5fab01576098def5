"""The TLS port, from outside: openssl s_client, Python's ssl, and what is wrong with a certificate."""

import hashlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import time

import pytest

from daemon import BINARY
from over_tcp import Tcp, bearer, context, first_account, listening, login, said_fingerprint

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture
def secure(own):
    return listening(own, "--tls", "on")


def s_client(daemon, *flags, send=b"", patience=20):
    """What `openssl s_client` says; it ends when the server or its input does."""
    done = subprocess.run(["openssl", "s_client", "-connect", "%s:%d" % daemon.tcp, "-servername", "localhost", *flags],
                          input=send, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience)
    return done.stdout.decode("utf-8", "replace")


def presented(daemon):
    """The fingerprint of the certificate that a client is shown."""
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(daemon.tcp))
    return "SHA256:" + hashlib.sha256(der).hexdigest()


def make_certificate(folder, name, host="localhost", days=30, key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-nodes", *key, "-keyout", private, "-out", certificate, "-days", str(days),
                    "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"], check=True, stderr=subprocess.DEVNULL)
    private.chmod(0o600)
    certificate.chmod(0o644)
    return certificate, private


def given(own, certificate, private, *flags):
    return listening(own, "--tls", "on", "--tls-cert", str(certificate), "--tls-key", str(private), *flags)


def reload(daemon, until):
    daemon.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20
    while not until():
        assert time.monotonic() < end, daemon.said()
        time.sleep(0.05)


def test_tls_13_and_nothing_older(secure):
    assert "TLSv1.3" in s_client(secure, "-tls1_3", "-brief", send=b"Q\n")
    for older in ("-tls1_2", "-tls1_1", "-tls1"):
        said = s_client(secure, older, "-brief", "-cipher", "ALL:@SECLEVEL=0", send=b"Q\n")
        assert "CONNECTION ESTABLISHED" not in said and re.search("alert|error|no protocols", said), said


@pytest.mark.parametrize("cipher", ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"])
def test_the_ciphers_that_there_are(secure, cipher):
    assert cipher in s_client(secure, "-ciphersuites", cipher, "-brief", send=b"Q\n")


def test_a_cipher_with_a_short_tag_is_refused(secure):
    assert "CONNECTION ESTABLISHED" not in s_client(secure, "-ciphersuites", "TLS_AES_128_CCM_8_SHA256", "-brief", send=b"Q\n")


def test_alpn_is_http_11(secure):
    assert "ALPN protocol: http/1.1" in s_client(secure, "-alpn", "h2,http/1.1", send=b"Q\n")
    said = s_client(secure, "-alpn", "h2", send=b"Q\n")
    assert "alert no application protocol" in said, said
    assert "No ALPN negotiated" in s_client(secure, send=b"Q\n")


def test_no_renegotiation_no_tickets_no_early_data_no_compression(secure):
    said = s_client(secure, send=b"Q\n")
    assert "Compression: NONE" in said and "New Session Ticket" not in said
    assert "Early data was not sent" in said
    # `R` asks s_client to renegotiate: TLS 1.3 has no such thing.
    said = s_client(secure, send=b"R\nQ\n")
    assert re.search("RENEGOTIATING", said) is None or re.search("wrong ssl version|error", said), said
    assert presented(secure) == secure.fingerprint


def test_the_fingerprint_is_the_printed_one(secure):
    assert presented(secure) == secure.fingerprint == said_fingerprint(secure)
    said = s_client(secure, send=b"Q\n")
    pem = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", said, re.S)[0]
    printed = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=pem.encode(), check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    assert printed.split("=")[1].strip().replace(":", "").lower() == secure.fingerprint.split(":")[1]


def test_the_certificate_is_made_once_and_its_key_is_nobodys(own, secure):
    folder = secure.state / "tls"
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
    text = subprocess.run(["openssl", "x509", "-in", folder / "certificate.pem", "-noout", "-text"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    assert "prime256v1" in text and "DNS:localhost" in text and "IP Address:127.0.0.1" in text
    assert "CA:FALSE" in text and "TLS Web Server Authentication" in text
    before = secure.fingerprint
    secure.stop()
    assert listening(own, "--tls", "on").fingerprint == before


def test_a_name_that_was_set_after_the_certificate_was_made(own, secure):
    """It stays, since clients know it; the log and doctor say for what it is not good, and what to do."""
    def row(daemon):
        return [one for one in daemon.get("/v1/doctor").json()["checks"] if one["name"] == "certificate"]

    [good] = row(secure)
    assert good["state"] == "ok" and "localhost" in good["detail"], good
    secure.stop()
    names = ("--tls", "on", "--hosts", "localhost 127.0.0.1 build.example.org")
    later = listening(own, *names)
    assert later.fingerprint == secure.fingerprint and "was made before these names stood in hosts" in later.said()
    [weak] = row(later)
    assert weak["state"] == "weaker" and "not for build.example.org," in weak["detail"], weak
    folder = later.state / "tls"
    for name in ("certificate.pem", "key.pem"):
        assert str(folder / name) in weak["fix"] and str(folder / name) in later.said(), weak
        (folder / name).unlink()
    assert "phone" in weak["fix"]
    later.stop()
    warnings = later.said().count("was made before")
    mended = listening(own, *names)
    [good] = row(mended)
    assert good["state"] == "ok" and "build.example.org" in good["detail"] and mended.fingerprint != secure.fingerprint
    assert mended.said().count("was made before") == warnings


def test_a_client_that_trusts_the_certificate_checks_it_like_any_other(secure):
    made = ssl.create_default_context(cafile=str(secure.state / "tls/authority.pem"))
    with Tcp(secure.tcp, tls=made) as tcp:
        assert tcp.ask("GET", "/v1/health").status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        Tcp(secure.tcp, tls=ssl.create_default_context())


def test_the_ca_for_devices_is_good_for_this_machines_names_alone(secure, tmp_path):
    told = secure.get("/v1/pair/ca").json()
    file = tmp_path / "ca.pem"
    file.write_text(told["certificate"])
    text = subprocess.run(["openssl", "x509", "-in", file, "-noout", "-text", "-fingerprint", "-sha256"], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert "CA:TRUE, pathlen:0" in text and "X509v3 Name Constraints: critical" in text and "DNS:localhost" in text
    assert text.rpartition("=")[2].strip().replace(":", "").lower() == told["fingerprint"].split(":")[1]
    assert {"localhost", "127.0.0.1"} <= set(told["names"])
    checked = ssl.create_default_context(cadata=told["certificate"])
    with Tcp(secure.tcp, tls=checked) as tcp:
        assert tcp.ask("GET", "/v1/health").status == 200
    # Its key is nowhere: the only one there is belongs to the certificate.
    keys = [path for path in secure.state.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert [path.name for path in keys if path.parent.name == "tls"] == ["key.pem"]
    public = [subprocess.run(["openssl", *words, "-pubkey" if "x509" in words else "-pubout"], check=True, stdout=subprocess.PIPE).stdout
              for words in (["pkey", "-in", secure.state / "tls/key.pem"], ["x509", "-in", file, "-noout"])]
    assert public[0] != public[1]


def test_there_is_no_ca_without_tls_nor_of_others_certificates(own, tmp_path):
    plain = listening(own)
    assert plain.get("/v1/pair/ca").code == "unsupported"
    plain.stop()
    one = given(own, *make_certificate(tmp_path, "one"), "--hosts", "build.example.org")
    assert one.get("/v1/pair/ca").code == "unsupported"
    assert "certificate" not in [row["name"] for row in one.get("/v1/doctor").json()["checks"]], "its names are not owhaled's to choose"


def test_a_certificate_of_before_there_were_cas(own, secure):
    secure.stop()
    (secure.state / "tls/authority.pem").unlink()
    before, again = secure.fingerprint, listening(own, "--tls", "on")
    assert again.fingerprint == before, "clients know it"
    answer = again.get("/v1/pair/ca")
    assert answer.code == "unsupported" and "certificate.pem" in answer.text


def test_a_ca_that_did_not_sign_the_certificate_in_force_is_not_handed_out(own, secure, tmp_path):
    """A backup that was brought back in part, or files that were changed under a running owhaled."""
    folder = secure.state / "tls"
    right = (folder / "authority.pem").read_bytes()
    other, _ = make_certificate(tmp_path, "other")
    (folder / "authority.pem").write_bytes(other.read_bytes())
    answer = secure.get("/v1/pair/ca")
    assert answer.code == "unsupported" and "did not sign" in answer.text and "authority.pem" in answer.text, answer
    (folder / "authority.pem").write_bytes(right)
    assert secure.get("/v1/pair/ca").status == 200
    own_one = (folder / "certificate.pem").read_bytes()
    (folder / "certificate.pem").write_bytes(other.read_bytes())
    answer = secure.get("/v1/pair/ca")
    assert answer.code == "unsupported" and "in force" in answer.text and secure.fingerprint in answer.text, answer
    (folder / "certificate.pem").write_bytes(own_one)
    assert secure.get("/v1/pair/ca").status == 200


def test_requests_large_and_small_over_tls(secure):
    token = first_account(secure)
    with Tcp(secure.tcp, tls=True) as tcp:
        for _ in range(20):
            assert tcp.ask("GET", "/v1/whoami", headers=bearer(token)).json()["principal"] == "user:admin"
        script = "printf x" + " " * 300_000
        run = tcp.ask("POST", "/v1/runs", {"script": script, "wait": True}, bearer(token))
        assert run.status in (200, 422), run
        run = tcp.ask("POST", "/v1/runs", {"script": "head -c 3000000 /dev/zero | tr '\\0' x", "wait": True}, bearer(token))
        assert run.status == 200 and run.json()["exit_code"] == 0, run
        kept = tcp.ask("GET", f"/v1/runs/{run.json()['id']}/output?stream=stdout&limit=1000000", headers=bearer(token))
        assert kept.status == 200 and set(kept.body) <= {ord("x")} and len(kept.body) > 100_000


def test_plain_http_at_the_tls_port_is_told_what_to_do(secure):
    with Tcp(secure.tcp) as plain:
        answer = plain.ask("GET", "/v1/health")
        assert answer.status == 400 and "https://" in answer.text
        assert plain.ended()


def test_silent_and_broken_clients_hold_up_nobody(secure):
    held = [Tcp(secure.tcp, source=f"127.0.0.{2 + number % 8}") for number in range(200)]
    for number, one in enumerate(held):
        one.send(b"" if number % 3 == 0 else b"\x16\x03\x01\x02\x00" if number % 3 == 1 else os.urandom(50))
    for _ in range(10):
        began = time.monotonic()
        with Tcp(secure.tcp, tls=True) as good:
            assert good.ask("GET", "/v1/health").status == 200
        assert time.monotonic() - began < 8  # a silent one has ten seconds
    for one in held:
        one.close()


def test_a_given_certificate_is_reloaded_without_dropping_anyone(own, base):
    first, key = make_certificate(base, "first")
    daemon = given(own, first, key)
    token = first_account(daemon)
    before = daemon.fingerprint
    assert presented(daemon) == before
    with Tcp(daemon.tcp, tls=True) as held:
        assert held.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
        second, second_key = make_certificate(base, "second", host="box.example")
        os.replace(second_key, key)
        os.replace(second, first)
        reload(daemon, lambda: said_fingerprint(daemon) != before)
        assert presented(daemon) == said_fingerprint(daemon) == daemon.get("/v1/status").json()["tls_fingerprint"] != before
        assert held.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
        # The new certificate's name is one that clients may use.
        assert held.ask("GET", "/v1/health", headers={"Host": "box.example", **bearer(token)}).status == 200


@pytest.mark.parametrize("broken", ["garbage", "key of another", "gone", "open to all"])
def test_a_broken_new_one_leaves_the_old_in_force(own, base, broken):
    certificate, key = make_certificate(base, "first")
    daemon = given(own, certificate, key)
    before = presented(daemon)
    if broken == "garbage":
        certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    elif broken == "key of another":
        os.replace(make_certificate(base, "second")[1], key)
    elif broken == "gone":
        certificate.unlink()
    else:
        key.chmod(0o644)
    reload(daemon, lambda: "the TLS certificate stays as it was" in daemon.said())
    assert presented(daemon) == before
    assert daemon.get("/v1/health").status == 200


@pytest.mark.parametrize("wrong", ["missing", "encrypted", "mismatch", "link", "readable key"])
def test_a_certificate_that_cannot_be_used_stops_the_start(own, base, wrong):
    certificate, key = make_certificate(base, "given")
    if wrong == "missing":
        key.unlink()
    elif wrong == "encrypted":
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", key, "-out", base / "e.key", "-passout", "pass:secret"], check=True)
        os.replace(base / "e.key", key)
        key.chmod(0o600)
    elif wrong == "mismatch":
        key = make_certificate(base, "other")[1]
    elif wrong == "link":
        (base / "link.pem").symlink_to(certificate)
        certificate = base / "link.pem"
    else:
        key.chmod(0o644)
    flags = ("--tcp", "127.0.0.1:0", "--tls-cert", str(certificate), "--tls-key", str(key))
    advice = {"missing": "is not there", "encrypted": "is not an unencrypted PEM key", "mismatch": "is not that of the cert",
              "link": "readlink -f", "readable key": "chmod 600"}[wrong]
    code, said = own(*flags).refuses()
    assert code == 1 and re.search("tls-cert|tls-key", said) and advice in said, said
    checked = subprocess.run([BINARY, *flags, "--check-config"], capture_output=True, text=True, timeout=20)
    assert checked.returncode == 1 and advice in checked.stderr, checked


def test_check_config_looks_at_a_good_pair_and_names_what_is_not_pem(base):
    certificate, key = make_certificate(base, "given")
    flags = [BINARY, "--tcp", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key, "--check-config"]
    assert subprocess.run(flags, capture_output=True, timeout=20).returncode == 0
    certificate.write_text("no certificate\n")
    checked = subprocess.run(flags, capture_output=True, text=True, timeout=20)
    assert checked.returncode == 1 and f"tls-cert: {certificate} is not PEM" in checked.stderr, checked


def test_a_certificate_with_its_own_key_gone_is_not_replaced_in_silence(own, secure):
    secure.stop()
    (secure.state / "tls/key.pem").unlink()
    code, said = own("--tcp", "127.0.0.1:0", "--tls", "on").refuses()
    assert code == 1 and "key.pem" in said and "fingerprint" in said


def test_strict_mode_speaks_tls_by_default(own):
    daemon = listening(own, environment={"SECURITY_MODE": "strict"})
    assert presented(daemon) == daemon.fingerprint


def test_an_expired_certificate_serves_and_is_complained_of(own, base):
    certificate, key = base / "old.pem", base / "old.key"
    subprocess.run(["openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key,
                    "-out", base / "old.csr", "-subj", "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "x509", "-req", "-in", base / "old.csr", "-signkey", key, "-out", certificate, "-days", "-1"],
                   check=True, stderr=subprocess.DEVNULL)
    key.chmod(0o600)
    daemon = given(own, certificate, key)
    assert "has expired" in daemon.said()


def test_a_client_may_insist_on_13_with_alpn(secure):
    made = context(least=ssl.TLSVersion.TLSv1_3, alpn=["http/1.1"])
    with Tcp(secure.tcp, tls=made) as tcp:
        assert tcp.socket.selected_alpn_protocol() == "http/1.1" and tcp.socket.version() == "TLSv1.3"
        assert tcp.ask("GET", "/v1/health").status == 200


def test_login_and_a_run_over_tls(secure):
    first_account(secure)
    with Tcp(secure.tcp, tls=True) as tcp:
        token = login(secure, over=tcp)
        run = tcp.ask("POST", "/v1/runs", {"argv": ["/bin/echo", "over tls"], "wait": True}, bearer(token))
        assert run.status == 200 and run.json()["stdout"] == "over tls\n", run
