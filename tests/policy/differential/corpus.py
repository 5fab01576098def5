"""The shell scripts of this machine, whole and line by line: what people and packages write, not what a tester thinks of."""
import hashlib
import os
import re
import stat

MAINTAINER = re.compile(r"/var/lib/dpkg/info/.*\.(preinst|postinst|prerm|postrm|config)$")
FOLDERS = ("/var/lib/dpkg/info", "/usr/bin", "/usr/sbin", "/usr/share", "/usr/lib", "/usr/libexec", "/etc")
EXAMPLES = "/usr/share/doc/bash/examples"
NOT_SCRIPTS = (".gz", ".xz", ".html", ".txt", ".png", "README")
SHEBANG = re.compile(rb"#! ?(/usr)?/bin/(env )?(ba|da)?sh\b")
MOST_BYTES = 300_000


def is_script(path, head):
    if MAINTAINER.search(path) or path.startswith(EXAMPLES):
        return not path.endswith(NOT_SCRIPTS)
    return path.endswith((".sh", ".bash")) or SHEBANG.match(head) is not None


def read_script(path):
    """The bytes of a script that is text in UTF-8, or None."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
            return None
        with open(path, "rb") as file:
            head = file.read(64)
            if not is_script(path, head):
                return None
            data = head + file.read()
        data.decode()
    except (OSError, UnicodeDecodeError):
        return None
    return None if b"\0" in data else data


def files():
    seen = {}
    for top in FOLDERS:
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                data = read_script(path)
                if data is not None:
                    seen.setdefault(hashlib.sha1(data).digest(), (path, data))
    return list(seen.values())


def lines(scripts):
    """Every different line, as an item of its own: most are whole commands, the others fragments that must be refused."""
    seen = {line.strip() for _, data in scripts for line in data.split(b"\n")}
    return [("line", line) for line in sorted(seen) if line]


def sample(items, count):
    """The same ones on every run, and nearly the same on every machine."""
    return sorted(items, key=lambda item: hashlib.sha1(item[1]).digest())[:count]
