"""What owhaled is held against: a plain process, and the sandboxes that are installed here, each as a command that runs PROGRAM.

One that is not installed, or does not work on this machine, is named with the reason and not measured."""

import ctypes
import ctypes.util
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ALLOWED = 300  # system calls of bwrap's filter: about what docker's has
ERRNO, ALLOW = 0x00050000 | 38, 0x7fff0000  # SCMP_ACT_ERRNO(ENOSYS), SCMP_ACT_ALLOW
NUMBER = "@NUMBER@"  # in an argument: another each time, so that what a rival left behind once is in no later one's way
_numbers = itertools.count()
ISOLATED = "--unshare-all --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp".split()


def write_filter(path):
    """A filter of ALLOWED rules, as libseccomp exports it: what is not among them fails with ENOSYS."""
    library = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ERRNO))
    made = sum(library.seccomp_rule_add(context, ALLOW, number, 0) == 0 for number in range(ALLOWED))
    for extra in range(ALLOWED, 600):  # numbers without a call leave room for later ones
        made += made < ALLOWED and library.seccomp_rule_add(context, ALLOW, extra, 0) == 0
    with open(path, "wb") as file:
        if library.seccomp_export_bpf(context, file.fileno()) != 0 or made != ALLOWED:
            raise SystemExit(f"bench: libseccomp made {made} rules of {ALLOWED}")
    library.seccomp_release(context)


def _bundle(folder, program):
    """An OCI bundle whose root is this machine's /usr."""
    root = folder / "rootfs"
    for name in ("usr", "proc", "dev", "tmp", "etc"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to("usr/" + name)
    subprocess.run(["runc", "spec", "--rootless"], cwd=folder, check=True)
    spec = json.loads((folder / "config.json").read_text())
    spec["process"].update(args=[program], terminal=False)
    spec["linux"].pop("cgroupsPath", None)
    spec["mounts"] = [mount for mount in spec["mounts"] if mount["destination"] in ("/proc", "/dev")]
    spec["mounts"].append({"destination": "/usr", "type": "none", "source": "/usr", "options": ["rbind", "ro"]})
    (folder / "config.json").write_text(json.dumps(spec))


def _oci(name, folder, program):
    place = folder / name
    place.mkdir()
    _bundle(place, program)
    options = ["--cgroup-manager=disabled"] if name == "crun" else []
    return [shutil.which(name), *options, "--root", f"{place}/state", "run", "--bundle", str(place), "bench-" + NUMBER]


def commands(program, folder):
    """{name: (argv, file actions)} of all that could be there; made and run with the user's rights, in the user's `folder`."""
    own = Path(tempfile.mkdtemp(prefix="rivals-", dir=folder))
    write_filter(own / "filter")
    given = [(os.POSIX_SPAWN_OPEN, 9, str(own / "filter"), os.O_RDONLY, 0)]
    alone = "--user --map-current-user --mount --pid --fork --net --ipc --uts --mount-proc".split()
    found = {
        "posix_spawn": ([program], []),
        "bwrap": (["/usr/bin/bwrap", *ISOLATED, program], []),
        "bwrap, filter": (["/usr/bin/bwrap", "--seccomp", "9", *ISOLATED, program], given),
        "unshare": (["/usr/bin/unshare", *alone, program], []),
        "firejail": (["/usr/bin/firejail", "--quiet", "--noprofile", "--net=none", "--private-tmp", program], []),
    }
    for name in ("crun", "runc"):
        there = shutil.which(name) and shutil.which("runc")
        found[name] = (_oci(name, own, program) if there else ["/usr/bin/" + name], [])
    for name in ("nsjail", "minijail0"):
        found[name] = ([shutil.which(name) or "/usr/bin/" + name], [])
    return found


def words_of(argv):
    """The arguments of one run."""
    number = str(next(_numbers))
    return [word.replace(NUMBER, number) for word in argv]


def why_not(argv, actions):
    """"" or why it cannot be measured here."""
    if not os.access(argv[0], os.X_OK):
        return "not installed"
    with tempfile.TemporaryFile() as said:
        quiet = [(os.POSIX_SPAWN_DUP2, said.fileno(), 2), (os.POSIX_SPAWN_DUP2, said.fileno(), 1)]
        _, status = os.waitpid(os.posix_spawn(argv[0], words_of(argv), os.environ, file_actions=[*quiet, *actions]), 0)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
    if status == 0:
        return ""
    return f"exit {os.waitstatus_to_exitcode(status)}: {lines[-1][-120:] if lines else ''}"
