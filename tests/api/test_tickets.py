"""Tickets: a browser's way to a run's WebSocket, where it can send no signature and no token."""

import socket
import ssl
import time

import pytest
import websocket

import accounts
import client
import devices
from conftest import ALICE, needs_root
from device_scene import admin, daemon  # noqa: F401
from over_tcp import Tcp

pytestmark = needs_root


@pytest.fixture
def run(daemon):
    """It writes down what it is told."""
    answer = daemon.run(ALICE, argv=["cat"], stdin_open=True, detach=True)
    assert answer.status == 201, answer
    yield answer.json()["id"]
    daemon.ask("POST", f"/v1/runs/{answer.json()['id']}/kill", {}, uid=ALICE)


def ticket_of(person, run):
    answer = person.ask("POST", f"/v1/runs/{run}/ticket")
    assert answer.status == 201, answer
    return answer.json()


def handshake(daemon, path, *protocols, **headers):
    """As a browser opens it: what it sends is the protocols alone, and where it comes from."""
    with Tcp(daemon.tcp, True) as tcp:
        fields = client.handshake(**{"Sec-WebSocket-Protocol": ", ".join((client.PROTOCOL, *protocols)), "Origin": "https://localhost",
                                     "Sec-Fetch-Site": "same-origin", **headers})
        return tcp.send(client.request("GET", path, None, fields)).response()


class Browser:
    """A WebSocket that a ticket opens."""

    def __init__(self, daemon, ticket, query=""):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        peer = context.wrap_socket(socket.create_connection(daemon.tcp, 20), server_hostname="localhost")
        self.socket = websocket.create_connection(f"wss://localhost{ticket['path']}{query}", socket=peer, origin="https://localhost",
                                                  subprotocols=[client.PROTOCOL, ticket["protocol"]])
        assert self.socket.subprotocol == client.PROTOCOL, "the ticket is not said back"

    def until(self, text):
        got = b""
        while text not in got:
            data = self.socket.recv()
            assert data, got
            got += data[1:]

    def ends(self):
        try:
            while self.socket.recv_data()[0] != websocket.ABNF.OPCODE_CLOSE:
                pass
        except websocket.WebSocketTimeoutException:
            return False
        except (OSError, websocket.WebSocketException):
            pass
        return True


def test_a_device_attaches_by_a_ticket(daemon, admin, run):
    device = devices.paired(admin, can=["runs"])
    ticket = ticket_of(device, run)
    assert ticket["path"] == f"/v1/runs/{run}/attach" and ticket["protocol"].startswith("owhale.ticket.")
    open_ = Browser(daemon, ticket)
    open_.socket.send_binary(b"\x00hello\n")
    open_.until(b"hello\n")
    [event] = accounts.events(daemon, "run.attach")
    assert event["principal"] == "device:" + device.id and event["run"] == run
    open_.socket.close()


def test_and_an_account_that_logged_in_to_the_page(daemon, admin, run):
    Browser(daemon, ticket_of(admin, run), "?replay=0").socket.close()


def test_once_and_for_its_path_alone(daemon, admin, run):
    device = devices.paired(admin)
    other = daemon.run(ALICE, argv=["sleep", "600"], detach=True).json()["id"]
    ticket = ticket_of(device, run)
    assert handshake(daemon, ticket["path"], ticket["protocol"]).status == 101
    assert handshake(daemon, ticket["path"], ticket["protocol"]).code == "unauthenticated", "used"
    ticket = ticket_of(device, run)
    assert handshake(daemon, f"/v1/runs/{other}/attach", ticket["protocol"]).code == "unauthenticated"
    assert handshake(daemon, ticket["path"], ticket["protocol"]).code == "unauthenticated", "tried in the wrong place"
    ticket = ticket_of(device, run)
    plain = device.connect()
    plain.send(client.request("GET", "/v1/runs", None, {"Sec-WebSocket-Protocol": ticket["protocol"]}))
    assert plain.response().status == 401, "it opens no other request"
    assert handshake(daemon, ticket["path"]).status == 401
    assert handshake(daemon, ticket["path"], ticket["protocol"], **accounts.bearer(admin.token)).code == "bad_request"
    assert handshake(daemon, ticket["path"], ticket["protocol"], Origin="https://evil.example").code == "origin_not_allowed"
    assert handshake(daemon, ticket["path"], ticket["protocol"]).status == 101, "another page's try has not used it up"
    daemon.ask("POST", f"/v1/runs/{other}/kill", {}, uid=ALICE)


def test_who_may_not_attach_gets_none(daemon, admin, run):
    bob = accounts.add(admin, "bob", ["auditor"])
    looks = devices.paired(admin, can=["audit", "approve"])
    assert looks.ask("POST", f"/v1/runs/{run}/ticket").code == "forbidden"
    assert bob.ask("POST", f"/v1/runs/{run}/ticket").status in (403, 404)
    assert daemon.ask("POST", f"/v1/runs/{run}/ticket", uid=ALICE).code == "unsupported", "the connection says who it is"
    assert daemon.ask("POST", f"/v1/runs/{run}/ticket", uid=ALICE + 1).status == 404
    with Tcp(daemon.tcp, True) as stranger:
        assert stranger.ask("POST", f"/v1/runs/{run}/ticket").status == 401
    assert admin.ask("POST", "/v1/runs/01930000-0000-7000-8000-000000000000/ticket").status == 404


def test_rights_that_went_between_ticket_and_use(daemon, admin, run):
    device, cut = devices.paired(admin), devices.paired(admin, name="another")
    ticket, of_cut = ticket_of(device, run), ticket_of(cut, run)
    assert admin.ask("DELETE", f"/v1/devices/{device.id}").status == 204
    admin.do("PATCH", f"/v1/devices/{cut.id}", {"can": ["audit"]})
    assert handshake(daemon, ticket["path"], ticket["protocol"]).code == "token_revoked"
    assert handshake(daemon, of_cut["path"], of_cut["protocol"]).code == "forbidden"


@pytest.mark.parametrize("end", ["removed", "cut", "disabled"])
def test_an_open_channel_ends_with_its_device(daemon, admin, run, end):
    bob = accounts.add(admin, "bob", ["admin"])
    device = devices.paired(bob)
    open_ = Browser(daemon, ticket_of(device, run))
    open_.socket.send_binary(b"\x00hello\n")
    open_.until(b"hello\n")
    if end == "removed":
        assert bob.ask("DELETE", f"/v1/devices/{device.id}").status == 204
    elif end == "cut":
        bob.do("PATCH", f"/v1/devices/{device.id}", {"can": ["audit"]})
    else:
        admin.do("POST", "/v1/users/bob/disable")
    assert open_.ends()
    time.sleep(0.2)
    assert daemon.state_of(run, ALICE) == "running", "the run goes on"
