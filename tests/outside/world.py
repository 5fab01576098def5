"""All that is outside: the servers of one test session, as tests name them."""

import shutil
import stage
from servers.canary import Canary
from servers.dns import Dns
from servers.echo import Echo
from servers.odd import Odd
from servers.ssh import Ssh
from servers.static import Static
from servers.tape import Tape


class World:
    def __init__(self):
        stage.enter()
        self.folder = stage.folder()
        for name in ("ca", "static", "ssh"):
            (self.folder / name).mkdir()
        authority = stage.Authority(self.folder / "ca")
        certificate = (authority.certificate, authority.certificate_key)
        self.ca = authority.pem
        self.dns = Dns(stage.DNS, {stage.name(short): addresses for short, addresses in stage.NAMES.items()})
        self.static = Static(self.folder / "static", stage.STATIC, stage.DOMAIN, certificate)
        self.odd = Odd(stage.ODD, certificate)
        self.odd6 = Odd(stage.ODD6, certificate)
        self.tape, self.echo = Tape(stage.TAPE, (80, 443)), Echo(stage.ECHO)
        self.ssh = Ssh(self.folder / "ssh", stage.SSH)
        strangers = [(address, port) for address in (stage.STRANGER, stage.STRANGER6) for port in (22, 53, 80, 443, 8080)]
        inner = [(address, port) for address in (stage.PRIVATE, stage.METADATA, "127.0.0.1", "::1") for port in (80, 443)]
        self.canary = Canary(strangers + inner, [(stage.STRANGER, 53), (stage.STRANGER, 443), (stage.STRANGER, 9), (stage.STRANGER6, 9)])

    def forget(self):
        """Before each test: whatever is in a record afterwards is the test's."""
        for record in (self.dns.record, self.odd.record, self.odd6.record, self.tape.record, self.echo.record, self.echo.datagrams,
                       self.canary.record):
            record.clear()
        self.dns.turns.clear()

    def untouched(self):
        """Nothing came to where nothing may come."""
        assert self.canary.record.all() == []

    def close(self):
        self.static.stop()
        self.ssh.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
