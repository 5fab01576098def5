"""owhaled over TCP, with TLS or without: connections of any source address, and an account to log in with."""

import re
import socket
import ssl

import client

# Hashing as cheap as the settings permit: these tests are about the way to the password, not about the password.
QUICK = ("--argon2-memory", "8M", "--argon2-passes", "1")
PASSWORD = "a long enough pass phrase"


def listening(own, *flags, tcp="127.0.0.1:0", **more):
    """An owhaled on a free port; its address stands in `.tcp`, its certificate's fingerprint in `.fingerprint`."""
    daemon = own("--tcp", tcp, *QUICK, *flags, **more).start()
    status = daemon.get("/v1/status").json()
    host, _, port = status["tcp"].rpartition(":")
    daemon.tcp = (host.strip("[]"), int(port))
    daemon.fingerprint = status.get("tls_fingerprint")
    return daemon


def context(*, least=None, most=None, alpn=None):
    """TLS as a client that compares fingerprints by itself."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if least:
        made.minimum_version = least
    if most:
        made.maximum_version = most
    if alpn:
        made.set_alpn_protocols(alpn)
    return made


class Tcp(client.Connection):
    def __init__(self, address, tls=None, source=None, timeout=30):
        self.socket = socket.create_connection(address, timeout, source_address=(source, 0) if source else None)
        if tls:
            self.socket = (context() if tls is True else tls).wrap_socket(self.socket, server_hostname="localhost")
        self.input = b""


def bearer(token):
    return {"Authorization": "Bearer " + token}


def login(daemon, name="admin", password=PASSWORD, over=None):
    """Over the Unix socket, or over a connection: the token."""
    message = {"name": name, "password": password}
    answer = over.ask("POST", "/v1/login", message) if over else daemon.ask("POST", "/v1/login", message)
    assert answer.status == 200, answer
    return answer.json()["access_token"]


def first_account(daemon):
    """Does what a new installation asks for: the first account's password is another from now on. Gives a token."""
    token = login(daemon, password="admin")
    message = {"old_password": "admin", "new_password": PASSWORD}
    answer = daemon.ask("POST", "/v1/password", message, bearer(token))
    assert answer.status in (200, 204), answer
    return login(daemon)


def said_fingerprint(daemon):
    """The last one that it wrote to its log."""
    return re.findall(r"fingerprint=\"?(SHA256:[0-9a-f]{64})", daemon.said())[-1]
