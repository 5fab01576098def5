"""Many runs in a row leave no process, mount, cgroup, descriptor or file."""

from traces import at_rest, settle

WARM_UP = 5  # the box of this workspace is made by the first run, and lives on


def play(report, daemon, person, folder, count):
    for _ in range(WARM_UP):
        daemon.run(person, "true", folder)
    before, failed = at_rest(daemon), []
    for number in range(count):
        run = daemon.run(person, "echo x > /tmp/x; rm /tmp/x; true", folder)
        if run.get("exit_code") != 0:
            failed.append((number, run.get("state"), run.get("code"), run.get("detail")))
    report.check("many runs", f"{count} runs in a row succeed", not failed, str(failed[:3]))
    left = settle(daemon, before)
    report.check("many runs", f"{count} runs in a row leave nothing", not left, left)
