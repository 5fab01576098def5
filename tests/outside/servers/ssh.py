"""An OpenSSH server that lets one key in, for git over ssh as well."""

import os
import pathlib
import pwd
import signal
import subprocess

from servers.static import wait_for

CONFIG = """
ListenAddress {address}:22
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowTcpForwarding yes
PidFile none
LogLevel VERBOSE
"""


class Ssh:
    def __init__(self, folder, address):
        self.folder = pathlib.Path(folder)
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.folder / name)], check=True)
        (self.folder / "authorized").write_text((self.folder / "client.pub").read_text())
        self.key, self.log = self.folder / "client", self.folder / "log"
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        config = self.folder / "config"
        config.write_text(CONFIG.format(address=address, folder=self.folder))
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        wait_for(address, 22, self.process)

    def known_hosts(self, name):
        return name + " " + " ".join((self.folder / "host.pub").read_text().split()[:2]) + "\n"

    def said(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)
