"""A network of the suite's own: a namespace in which every address that a test names is this machine, and its servers.

The addresses are public ones, so that owhaled's refusal of private addresses stays as it is everywhere; nothing that is sent
to them can leave, for the namespace has lo alone."""

import ctypes
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile

DOMAIN = "outside.test"
DNS = "5.5.5.53"
STATIC, ODD, TAPE, SSH, ECHO = "5.5.5.10", "5.5.5.20", "5.5.5.23", "5.5.5.22", "5.5.5.30"
STRANGER = "5.5.5.66"  # what no test allows
STRANGER6 = "2600:5555::66"
ODD6 = "2600:5555::20"
PRIVATE, METADATA = "10.9.9.9", "169.254.169.254"
NAMES = {  # name without the domain: its addresses
    "web": [STATIC], "npm": [STATIC], "pypi": [STATIC], "crates": [STATIC], "go": [STATIC], "git": [STATIC],
    "odd": [ODD], "api": [ODD], "six": [ODD6], "tape": [TAPE], "ssh": [SSH], "echo": [ECHO],
    "evil": [STRANGER], "evil6": [STRANGER6], "inward": [PRIVATE], "loop": ["127.0.0.1"], "meta": [METADATA],
    "mapped": ["::ffff:127.0.0.1"],
}
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC, MS_PRIVATE, MS_BIND = 0x4000, 1 << 18, 0x1000


def name(short):
    return f"{short}.{DOMAIN}"


def libc(call, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, call)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{call}: {os.strerror(error)}")


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    assert done.returncode == 0, (words, done)
    return done.stdout


def enter():
    """Leaves the machine's network and mounts behind, for this thread and all that it starts from now on."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)  # servers and owhaled hold thousands
    libc("unshare", CLONE_NEWNS | CLONE_NEWNET)
    libc("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    addresses = {address for several in NAMES.values() for address in several} | {DNS}
    own = [address for address in addresses if not address.startswith(("127.", "::ffff:"))]
    lines = ["link set lo up"] + [f"addr add {one}/{128 if ':' in one else 32} dev lo" for one in own]
    # A machine that has a way out: what matters is that connect() finds a route, to addresses of lo.
    run("ip", "-batch", "-", input="\n".join(lines) + "\n")


class Authority:
    """The suite's certificate authority, trusted by everything that is started after it: as a company's would be."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.key, self.pem = self.folder / "ca.key", self.folder / "ca.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=owhale outside CA", "-keyout", str(self.key), "-out", str(self.pem))
        self.certificate, self.certificate_key = self.issue("server", [f"*.{DOMAIN}", DOMAIN])
        self.trust()

    def issue(self, label, names):
        """(certificate, key) of a server with these names, as paths."""
        key, request, pem, extensions = (self.folder / f"{label}.{end}" for end in ("key", "csr", "pem", "ext"))
        extensions.write_text("subjectAltName=" + ",".join("DNS:" + one for one in names) + "\nextendedKeyUsage=serverAuth\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + names[-1], "-keyout",
            str(key), "-out", str(request))
        run("openssl", "x509", "-req", "-in", str(request), "-CA", str(self.pem), "-CAkey", str(self.key), "-CAcreateserial", "-days",
            "2", "-extfile", str(extensions), "-out", str(pem))
        return pem, key

    def trust(self):
        """Puts it into /etc/ssl/certs, of this mount namespace alone: the bundle, and OpenSSL's link by hash."""
        certificates = self.folder / "certs"
        shutil.copytree("/etc/ssl/certs", certificates, symlinks=True)
        certificates.chmod(0o755)
        with open(certificates / "ca-certificates.crt", "a") as bundle:
            bundle.write(self.pem.read_text())
        shutil.copy(self.pem, certificates / "owhale-outside.pem")
        hashed = run("openssl", "x509", "-hash", "-noout", "-in", str(self.pem)).strip()
        (certificates / f"{hashed}.0").symlink_to("owhale-outside.pem")
        libc("mount", str(certificates).encode(), b"/etc/ssl/certs", None, MS_BIND, None)


def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="owhale-outside-", dir=os.environ.get("OWHALE_TEST_DIR", "/tmp")))
    path.chmod(0o755)
    return path
