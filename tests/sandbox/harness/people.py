"""Throwaway users and groups for tests that need somebody other than root."""

import grp
import os
import pwd
import shutil
import subprocess


class Person:
    """One user of this machine, made for a test."""

    def __init__(self, name, groups=()):
        self.name = name
        entry = pwd.getpwnam(name)
        self.uid, self.gid, self.home = entry.pw_uid, entry.pw_gid, entry.pw_dir
        self.groups = [grp.getgrnam(group).gr_gid for group in groups]

    def options(self):
        """What subprocess needs to start a program as this user, as a login would."""
        return {"user": self.uid, "group": self.gid, "extra_groups": self.groups}

    def environment(self, **more):
        keep = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        return keep | {"HOME": self.home, "USER": self.name, "LOGNAME": self.name} | POOL | more


# OWT_POOL=only: every run that can have a prepared jail has one; off: none has. By the spawner that was built for tests.
POOL = {"OWHALE_POOL": os.environ["OWT_POOL"]} if "OWT_POOL" in os.environ else {}


class Root:
    """The caller that is root; owns what root owns."""

    name, uid, gid, home, groups = "root", 0, 0, "/root", []

    def options(self):
        return {}

    def environment(self, **more):
        keep = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return keep | {"HOME": "/root", "USER": "root", "LOGNAME": "root"} | POOL | more


def run_quietly(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def free_uid():
    """A uid that other tests' users, taken from 1000 upwards, do not come to own again."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(47100, 47900) if uid not in taken)


class People:
    """Makes users and groups, and removes them with their homes."""

    def __init__(self):
        self.names, self.group_names = [], []

    def add_group(self, name):
        run_quietly("groupadd", "-f", name)
        self.group_names.append(name)

    def add(self, name, groups=()):
        self.forget(name)
        command = ["useradd", "-u", str(free_uid()), "-m", "-k", "/nonexistent", "-s", "/bin/sh"]
        if groups:
            command += ["-G", ",".join(groups)]
        run_quietly(*command, name)
        self.names.append(name)
        person = Person(name, groups)
        os.chmod(person.home, 0o755)
        return person

    @staticmethod
    def forget(name):
        try:
            home = pwd.getpwnam(name).pw_dir
        except KeyError:
            return
        subprocess.run(["userdel", "-f", name], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if home.startswith("/home/"):
            shutil.rmtree(home, ignore_errors=True)

    def remove(self):
        for name in self.names:
            self.forget(name)
        for name in self.group_names:
            subprocess.run(["groupdel", name], check=False, stderr=subprocess.DEVNULL)


def make_file(path, owner=None, text="secret\n", mode=0o644, made=None):
    """Writes a file and the folders above it; what is made belongs to `owner`. `made`: a list that takes the folders."""
    missing = []
    folder = os.path.dirname(path)
    while folder and not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for folder in reversed(missing):
        os.mkdir(folder, 0o755)
        if made is not None:
            made.append(folder)
        if owner is not None:
            os.chown(folder, owner.uid, owner.gid)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    if owner is not None:
        os.chown(path, owner.uid, owner.gid)
    return path
