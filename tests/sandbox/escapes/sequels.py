"""Escapes that take two steps: a run leaves something behind, and the next run, or the caller, is to fall for it."""

import grp
import os
import subprocess

from daemon import Daemon, owhalectl
from people import Root, make_file


def folder_of(person, name):
    return os.path.dirname(make_file(f"{person.home}/{name}/here", person))


def repository(person, name):
    subprocess.run(["git", "init", "-q", folder_of(person, name)], check=True, env=person.environment(),
                   cwd=person.home, **person.options())
    return f"{person.home}/{name}"


def said(run):
    return {key: run.get(key) for key in ("state", "exit_code", "stdout", "stderr", "code", "detail", "step")}


# What a run may plant at or below .git so that the next run's view reaches another repository of the caller's.
PLANTS = {
    "a .git file": ("plain", "echo 'gitdir: {other}/.git' > .git"),
    "a .git file with a working link back": ("plain", "mkdir -p fake && echo 'gitdir: {other}' > .git"),
    "a .git symlink": ("plain", "ln -s {other}/.git .git"),
    "a .git folder with a commondir": ("plain", "mkdir .git .git/objects .git/refs && echo 'ref: refs/heads/x' > .git/HEAD"
                                                " && echo {other}/.git > .git/commondir"),
    "a commondir in its own .git": ("repository", "echo {other}/.git > .git/commondir"),
    "a commondir that is the home": ("repository", "echo {home} > .git/commondir"),
    "objects as a symlink": ("repository", "rm -rf .git/objects && ln -s {other}/.git/objects .git/objects"),
}


def plant_and_reach(report, daemon, person):
    other = repository(person, "other")
    secret = make_file(f"{other}/.git/secret", person, "the-secret\n")
    make_file(f"{other}/.git/logs/HEAD", person, "the-secret\n")
    make_file(f"{person.home}/logs/home-log", person, "the-secret\n")
    for number, (name, (kind, script)) in enumerate(PLANTS.items()):
        place = (repository if kind == "repository" else folder_of)(person, f"ws{number}")
        planted = daemon.run(person, script.format(other=other, home=person.home), place)
        reach = (f"cat {secret} {other}/.git/logs/HEAD {person.home}/logs/home-log;"
                 f" for d in {other}/.git {other}/.git/objects {other}/.git/refs {other}/.git/logs {person.home}/logs;"
                 " do echo x > $d/owt-planted; done")
        second = daemon.run(person, reach, place)
        written = [os.path.join(where, file) for top in (other, f"{person.home}/logs")
                   for where, _, files in os.walk(top) for file in files if file == "owt-planted"]
        report.check("planted links", f"{name}: nothing is written elsewhere", not written, f"{written} {said(planted)}")
        report.check("planted links", f"{name}: nothing is read elsewhere",
                     "the-secret" not in str(second.get("stdout")), str(said(second)))
        for path in written:
            os.unlink(path)


def planted_files_are_named(report, daemon, person):
    place = folder_of(person, "wsplant")
    script = "mkdir -p a/b/.vscode .claude && echo x > .envrc && echo {} > a/b/.vscode/tasks.json && echo {} > .claude/settings.json"
    run = daemon.run(person, script, place)
    planted = (run.get("receipt") or {}).get("planted") or []
    for name in (".envrc", "a/b/.vscode/tasks.json", ".claude/settings.json"):
        parts = name.split("/")
        above = {"/".join(parts[:count]) for count in range(1, len(parts) + 1) if parts[count - 1].startswith(".")}
        named = any(path.removeprefix(place + "/") in above for path in planted)
        report.check("new dangerous files", f"the receipt names {name}, or a new folder above it", named, str(planted))
    quiet = daemon.run(person, "echo hello > plain.txt", place)
    planted = (quiet.get("receipt") or {}).get("planted") or []
    report.check("new dangerous files", "an ordinary file is not named", not planted, str(planted))


# What a run may leave in the workspace so that the view of the next cannot be made.
SPOILT = {
    "a link for .vscode": "mkdir -p x && echo {} > x/tasks.json && ln -s x .vscode",
    "a link for .claude": "ln -s /etc .claude",
    "a dangling link for .envrc": "ln -s /nonexistent .envrc",
    "a link for .git/hooks": "mkdir -p .git/objects .git/refs x && echo 'ref: refs/heads/x' > .git/HEAD && ln -s ../x .git/hooks",
    "a fifo for .envrc": "mkfifo .envrc",
    "a fifo for .git/config": "mkdir -p .git/objects .git/refs && echo 'ref: refs/heads/x' > .git/HEAD && mkfifo .git/config",
    "a fifo for .git": "mkfifo .git",
    "a .git file of 1 MiB": "head -c 1000000 /dev/zero > .git",
    "a folder without rights": "mkdir -p .vscode && echo {} > .vscode/tasks.json && chmod 0 .vscode",
    "a very deep folder": "d=.; for i in $(seq 200); do d=$d/d; done; mkdir -p $d",
}


def workspace_made_unusable(report, daemon, person):
    for number, (name, script) in enumerate(SPOILT.items()):
        place = folder_of(person, f"spoilt{number}")
        daemon.run(person, script, place)
        second = daemon.run(person, "echo works", place, 30)
        report.check("a spoilt workspace", f"{name}: the next run works", second.get("stdout") == "works\n", str(said(second)))
        subprocess.run(["chmod", "-R", "u+rwx", place], check=False)


def commondir_is_named(report, daemon, person):
    """git reads its configuration where .git/commondir says: a new one is as good as a new .git/config."""
    place = repository(person, "wscommon")
    run = daemon.run(person, "mkdir evil && cp -r .git/* evil/ && echo ../evil > .git/commondir", place)
    planted = (run.get("receipt") or {}).get("planted") or []
    named = any(path.endswith(".git/commondir") for path in planted)
    there = os.path.exists(f"{place}/.git/commondir")
    report.check("new dangerous files", "a planted .git/commondir is named, or refused", named or not there, str(planted))


def box_made_unusable(report, daemon, person):
    """What a run does to its private home must not end the service to the next run of the same box."""
    place = folder_of(person, "wsbox")
    make_file(f"{person.home}/.cargo/bin/tool", person)
    make_file(f"{person.home}/.gitconfig", person, "[user]\n\tname = somebody\n")
    for name, script in (("links for folders", 'rm -rf "$HOME"/.cache "$HOME"/.npm "$HOME"/.cargo; for d in .cache .npm .cargo .local .config; do'
                                               ' ln -s /etc "$HOME/$d"; done; ln -sf /etc/passwd "$HOME/.gitconfig"; true'),
                         ("files for folders", 'for d in .cache .npm .cargo .local; do rm -rf "$HOME/$d"; echo x > "$HOME/$d"; done; true'),
                         ("a folder for the git settings", 'rm -rf "$HOME/.gitconfig"; mkdir -p "$HOME/.gitconfig/x"; true'),
                         ("folders without rights", 'mkdir -p "$HOME/.cache/x" "$HOME/.cargo"; chmod 0 "$HOME"/.cache "$HOME"/.cargo; true'),
                         ("a home without rights", 'chmod 0 "$HOME" /tmp; true')):
        daemon.run(person, script, place)
        second = daemon.run(person, "echo works", place)
        report.check("a spoilt box", f"{name}: the next run works", second.get("stdout") == "works\n", str(said(second)))


def primary_group(report, daemon, person):
    """`sg disk` makes a root-like group the primary one: it must not pass either."""
    disk = grp.getgrnam("disk").gr_gid
    path = make_file("/usr/local/share/owt-disk", None, "disk-only\n", 0o640)
    os.chown(path, 0, disk)
    place = folder_of(person, "wsgroup")
    try:
        options = {"group": disk, "extra_groups": []}
        outside = subprocess.run(["cat", path], capture_output=True, text=True, check=False, user=person.uid, **options)
        report.check("primary group", "control: the file is read outside", outside.stdout == "disk-only\n", outside.stderr)
        inside = owhalectl(daemon, person, "run", "--", "cat", path, cwd=place, **options)
        report.check("primary group", "a root-like primary group does not pass", "disk-only" not in inside.stdout, inside.stdout)
    finally:
        os.unlink(path)


def state_in_the_workspace(report, person):
    """A rootless owhaled whose state lies in the folder that a run works in."""
    place = folder_of(person, "wsstate")
    folder = os.path.dirname(make_file(f"{place}/owhaled/here", person))
    daemon = Daemon(person, folder=folder).start()
    try:
        files = [os.path.join(where, name) for where, _, names in os.walk(daemon.state) for name in names]
        script = "; ".join(f"cat {path} > /dev/null && echo reached" for path in files[:5])
        script += f"; echo x > {daemon.state}/owt-planted && echo reached; ls {folder}/run && echo reached"
        run = daemon.run(person, script, place)
        report.check("state in the workspace", "it is hidden, or the run is refused", "reached" not in str(run.get("stdout")), str(said(run)))
        report.check("state in the workspace", "nothing is written into it", not os.path.exists(f"{daemon.state}/owt-planted"))
    finally:
        daemon.remove()


def setuid_left_behind(report, daemon):
    """Root's workspace is shown under another uid; what the run makes there is root's on the host."""
    place = "/srv/owt-rootws"
    make_file(f"{place}/here")
    try:
        script = ("cp /bin/true s1; chmod 4755 s1; chmod 2755 s1; cp /bin/true s2; chmod u+s s2; install -m 6755 /bin/true s3;"
                  " python3 -c 'import os; os.close(os.open(\"s4\", os.O_CREAT | os.O_WRONLY, 0o4755)); os.mkdir(\"d\", 0o2755)'; ls")
        run = daemon.run(Root(), script, place)
        bad = [name for name in os.listdir(place) if os.lstat(f"{place}/{name}").st_mode & 0o6000 and not os.path.isdir(f"{place}/{name}")]
        made = [name for name in os.listdir(place) if name.startswith("s")]
        report.check("setuid files", "control: root's run makes files", bool(made), str(said(run)))
        report.check("setuid files", "none of them is setuid on the host", not bad, str(bad))
    finally:
        subprocess.run(["rm", "-rf", place], check=False)


def play(report, person):
    """`person` belongs to group disk."""
    daemon = Daemon(Root()).start()
    try:
        plant_and_reach(report, daemon, person)
        planted_files_are_named(report, daemon, person)
        commondir_is_named(report, daemon, person)
        workspace_made_unusable(report, daemon, person)
        box_made_unusable(report, daemon, person)
        primary_group(report, daemon, person)
        setuid_left_behind(report, daemon)
    finally:
        daemon.remove()
    state_in_the_workspace(report, person)
