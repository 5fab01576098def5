"""What is laid out on the host for the probes to reach for: files, listeners, a process, shared memory."""

import contextlib
import ctypes
import grp
import itertools
import os
import shutil
import socket
import subprocess
import threading

from daemon import built
from people import make_file

PROTECTED = [".git/config", ".git/hooks/pre-commit", ".vscode/tasks.json", ".claude/settings.json", ".envrc",
             ".git/modules/sub/config", ".git/modules/sub/hooks/post-checkout", ".idea/workspace.xml", ".mcp.json", "nested/deep/.git/hooks/pre-commit", "nested/deep/.git/config",
             "nested/deep/.vscode/tasks.json"]
LIBC = ctypes.CDLL(None, use_errno=True)
IPC_CREAT, IPC_RMID = 0o1000, 0
NUMBERS = itertools.count(1)  # a listener whose thread still waits keeps its abstract name for a while


def skip_low_pids():
    """On a machine just booted, a host process's number could be that of one in a run's pid namespace, too."""
    path, enough = "/proc/sys/kernel/ns_last_pid", 20000
    with open(path, encoding="ascii") as file:
        last = int(file.read())
    if last < enough:
        with open(path, "w", encoding="ascii") as file:
            file.write(str(enough))


class Scene:
    """Made for one caller; `arguments` maps a probe's kind of argument to its value here."""

    def __init__(self, person):
        self.person, self.tag = person, f"owt{os.getpid()}n{next(NUMBERS)}"
        self.sockets, self.files, self.folders, self.processes, self.made = [], [], [], [], []
        self.arguments, self.shared = {}, -1

    def lay_out(self, other, daemon, group):
        """Makes everything; `remove` takes away as much of it as was made."""
        self.make_workspace()
        self.make_files(other, daemon)
        self.make_group_files(group)
        self.make_listeners()
        self.make_shared_memory()
        for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
            self.arguments[f"namespace-{kind}"] = os.readlink(f"/proc/self/ns/{kind}")
        self.arguments["open-descriptor"] = "any"
        self.arguments["environment-name"] = "OWT_UNASKED"

    def start_victim(self, uid, gid):
        """A host process with the ids that the run has inside."""
        marker = f"marker-{self.tag}"
        skip_low_pids()
        process = subprocess.Popen([marker, "3600"], executable="/bin/sleep", user=uid, group=gid, extra_groups=[])
        self.processes.append(process)
        self.arguments |= {"host-pid": str(process.pid), "host-marker": marker}

    def make_workspace(self):
        person = self.person
        parent = os.path.join(person.home, f"work-{self.tag}")
        self.workspace = os.path.join(parent, "ws")
        self.private = [parent, person.home, "/tmp", "/var/tmp", "/dev/shm"]  # writable inside, and another's outside
        self.folders.append(parent)
        for path in PROTECTED:
            make_file(os.path.join(self.workspace, path), person, "# a file of the test\n")
        for folder in (self.workspace, os.path.join(self.workspace, "nested/deep")):
            self.make_repository(folder)
        shutil.copy(built("probe"), os.path.join(self.workspace, "probe"))
        os.chown(os.path.join(self.workspace, "probe"), person.uid, person.gid)
        self.arguments |= {"workspace": self.workspace, "home": person.home,
                           "own-program": os.path.join(self.workspace, "probe")}

    def make_repository(self, folder):
        for name in ("objects", "refs/heads"):
            make_file(os.path.join(folder, ".git", name, ".keep"), self.person, "")
        make_file(os.path.join(folder, ".git/HEAD"), self.person, "ref: refs/heads/main\n")
        make_file(os.path.join(folder, ".git/config"), self.person, "[core]\n\trepositoryformatversion = 0\n")

    def put(self, kind, path, owner=None, mode=0o644):
        self.files.append(path)
        make_file(path, owner, mode=mode, made=self.made)
        self.arguments[kind] = path

    def make_files(self, other, daemon):
        home, tag, person = self.person.home, self.tag, self.person
        root = person.uid == 0
        self.put("other-home-file", f"{other.home}/{tag}", other)
        self.put("own-home-secret", f"{home}/.ssh/{tag}", person, 0o600)
        for kind, name in (("own-aws-secret", ".aws/credentials"), ("own-npm-secret", ".npmrc"),
                           ("own-history", ".bash_history"), ("own-bashrc", ".bashrc"),
                           ("own-cargo-credentials", ".cargo/credentials.toml"), ("own-netrc", ".netrc"),
                           ("own-git-credentials", ".git-credentials"), ("own-gh-token", ".config/gh/hosts.yml"),
                           ("own-docker-config", ".docker/config.json"), ("own-kube-config", ".kube/config"),
                           ("own-pypirc", ".pypirc"), ("own-gnupg-key", ".gnupg/private-keys-v1.d/one.key")):
            # Root's own files are not the test's to make: other names in the same place.
            self.put(kind, f"{home}/{name}" + (f".{tag}" if root else ""), person, 0o600)
        self.put("own-other-folder-file", f"{home}/other-{tag}/file", person)
        self.arguments["own-other-folder"] = f"{home}/other-{tag}"
        self.folders.append(f"{home}/other-{tag}")
        self.put("host-tmp-file", f"/tmp/{tag}")
        self.put("host-var-tmp-file", f"/var/tmp/{tag}")
        self.put("host-shm-file", f"/dev/shm/{tag}")
        self.put("host-log", f"/var/log/{tag}")
        self.put("ssh-agent-like-run-file", f"/run/{tag}")
        os.makedirs(f"/srv/{tag}", exist_ok=True)
        os.chmod(f"/srv/{tag}", 0o1777)
        self.folders.append(f"/srv/{tag}")
        self.arguments |= {"open-folder": f"/srv/{tag}", "owhaled-socket": daemon.socket,
                           "owhaled-config": daemon.config, "owhaled-state-folder": daemon.state}
        self.arguments["owhaled-state-file"] = next(
            os.path.join(folder, name) for folder, _, names in os.walk(daemon.state) for name in names)

    def make_group_files(self, group):
        """A file for a root-like group and one for an ordinary group; programs that gain something outside."""
        for kind, name in (("group-file", "disk"), ("ordinary-group-file", group)):
            path = f"/usr/local/share/{self.tag}-{name}"
            self.put(kind, path, mode=0o640)
            os.chown(path, 0, grp.getgrnam(name).gr_gid)
        self.arguments["root-like-gid"] = str(grp.getgrnam("disk").gr_gid)
        for kind in ("setuid-program", "capable-program"):
            path = f"/usr/local/bin/{self.tag}-{kind}"
            self.files.append(path)
            shutil.copy(built("gained"), path)
            self.arguments[kind] = path
        os.chmod(self.arguments["setuid-program"], 0o4755)
        os.chmod(self.arguments["capable-program"], 0o755)
        # VFS_CAP_REVISION_2, effective: CAP_CHOWN permitted.
        os.setxattr(self.arguments["capable-program"], "security.capability", bytes([1, 0, 0, 2, 1] + [0] * 15))

    def make_listeners(self):
        for name, kind in (("stream", socket.SOCK_STREAM), ("dgram", socket.SOCK_DGRAM)):
            abstract, path = f"@{self.tag}-{name}", os.path.join(self.workspace, f"{name}.sock")
            self.arguments |= {f"{name}-abstract": abstract, f"{name}-in-workspace": path}
            for address in ("\0" + abstract[1:], path):
                listener = self.listen(socket.AF_UNIX, kind, address)
                if address == path:
                    os.chmod(path, 0o777)
                    os.chown(path, self.person.uid, self.person.gid)
                assert listener.fileno() > 0
        for kind, family, host in (("tcp-loopback", socket.AF_INET, "127.0.0.1"),
                                   ("tcp-loopback6", socket.AF_INET6, "::1")):
            listener = self.listen(family, socket.SOCK_STREAM, (host, 0))
            self.arguments[kind] = f"{host} {listener.getsockname()[1]}"
        listener = self.listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self.arguments["udp-loopback"] = f"127.0.0.1 {listener.getsockname()[1]}"
        outside = own_address()
        if outside:
            listener = self.listen(socket.AF_INET, socket.SOCK_STREAM, (outside, 0))
            self.arguments["tcp-outside"] = f"{outside} {listener.getsockname()[1]}"

    def listen(self, family, kind, address):
        listener = socket.socket(family, kind)
        listener.bind(address)
        self.sockets.append(listener)
        if kind == socket.SOCK_STREAM:
            listener.listen(64)
            threading.Thread(target=accept_all, args=(listener,), daemon=True).start()
        else:
            threading.Thread(target=echo, args=(listener,), daemon=True).start()
        return listener

    def make_shared_memory(self):
        key = 0x6F770000 | (os.getpid() & 0x7FFF)
        self.shared = LIBC.shmget(key, 4096, IPC_CREAT | 0o666)
        self.arguments["host-shm-key"] = str(key)

    def remove(self):
        for process in self.processes:
            process.kill()
            process.wait()
        for listener in self.sockets:
            listener.close()
        LIBC.shmctl(self.shared, IPC_RMID, None)
        for path in self.files:
            if os.path.exists(path):
                os.unlink(path)
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
        for folder in reversed(self.made):
            with contextlib.suppress(OSError):
                os.rmdir(folder)  # one that others have used meanwhile stays


def accept_all(listener):
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


def echo(listener):
    while True:
        try:
            data, sender = listener.recvfrom(64)
            if sender and listener.family == socket.AF_INET:
                listener.sendto(data, sender)
        except OSError:
            return


def own_address():
    """This machine's first address that is not loopback, or None."""
    answer = subprocess.run(["ip", "-4", "-o", "addr", "show", "scope", "global"], capture_output=True, text=True,
                            check=False)
    words = answer.stdout.split()
    return words[words.index("inet") + 1].split("/")[0] if "inet" in words else None
