# The package, as apt has just installed it: account, folders, service; upgrades that wait, and one of an old database.

next=$here/../next
state=/var/lib/owhaled

account_and_folders_are_there() {
    expect_equal "account" /usr/sbin/nologin "$(getent passwd owhaled | cut -d: -f7)"
    expect_equal "state" "owhaled owhaled 700" "$(stat -c '%U %G %a' "$state")"
    expect_equal "configuration" "root root 755" "$(stat -c '%U %G %a' /etc/owhaled)"
    expect_equal "rules" "root root 755" "$(stat -c '%U %G %a' /etc/owhaled/policy.d)"
}

service_is_up() {
    expect_equal "enabled" enabled "$(systemctl is-enabled owhaled)"
    within 60 answers
    expect_equal "state" active "$(systemctl is-active owhaled)"
    expect_equal "for each user" disabled "$(systemctl --global is-enabled owhaled || true)"
}

doctor_is_green() {
    (cd /root && owhalectl doctor) || die "it lacks something"
    ! (cd /root && owhalectl -o json doctor) | grep '"state": *"missing"'
}

version_is_the_package_s() {
    local version
    version=$(dpkg-query -W -f '${Version}' owhaled)
    expect_equal "owhaled" "owhaled ${version%-*}" "$(owhaled --version)"
    expect_equal "owhalectl" "owhalectl ${version%-*}" "$(owhalectl version)"
}

install_next() { DEBIAN_FRONTEND=noninteractive dpkg -i "$next"/*.deb 2>&1; }

upgrade_leaves_a_run_alone() {
    local id before out
    id=$(cd /root && owhalectl run -d --profile readonly sleep 1000)
    before=$(supervisor)
    echo '# mine' >>/etc/owhaled/spawner.conf
    out=$(install_next)
    echo "$out"
    expect_has "what it prints" "$id" "$out"
    expect_has "how it is forced" "systemctl restart owhaled" "$out"
    expect_equal "supervisor" "$before" "$(supervisor)"
    expect_equal "the run" running "$(state_of root "$id")"
    expect_has "status" "systemctl restart owhaled" "$(owhalectl status)"
    expect_has "doctor" "an upgrade waits" "$(cd /root && owhalectl doctor)"
    expect_has "a configuration that was changed" '# mine' "$(</etc/owhaled/spawner.conf)"
    # The broker may be started anew meanwhile, by a supervisor of before; with what it was started with.
    expect_equal "a command meanwhile" fine "$(cd /root && owhalectl run -n echo fine)"
    owhalectl runs kill "$id" >/dev/null
    within 20 has_ended root "$id"
}

# The administrator's TCP socket is in use, before and after.
upgrade_restarts_when_nothing_runs() {
    local before
    systemctl stop owhaled
    systemctl start owhaled-tcp.socket owhaled
    within 60 answers
    before=$(supervisor)
    install_next
    expect_equal "TCP socket" active "$(systemctl is-active owhaled-tcp.socket)"
    [[ $(supervisor) != "$before" ]] || die "it is still the same process"
    within 60 answers
    ! owhalectl status | grep 'systemctl restart' || die "status speaks of an upgrade that is over"
}

# The schema of two changes ago, with a row of then.
lay_down_an_old_state() {
    python3 - "$here/../schema/state" "$1" <<'PY'
import pathlib, sqlite3, sys
db = sqlite3.connect(sys.argv[2])
db.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT")
steps = sorted(pathlib.Path(sys.argv[1]).glob("*.sql"))
for number, step in enumerate(steps[:-2], 1):
    db.executescript(step.read_text())
    db.execute("INSERT INTO migrations VALUES (?, 'then')", (number,))
db.commit()
print(f"{len(steps) - 1:03}")
PY
}

schema_of() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("SELECT max(number) FROM migrations").fetchone()[0])' "$1"; }

upgrade_brings_an_old_database_along() {
    local number
    systemctl stop owhaled owhaled.socket 2>/dev/null || systemctl stop owhaled
    rm -f "$state"/state.db*
    number=$(lay_down_an_old_state "$state/state.db")
    chown owhaled: "$state/state.db"
    chmod 600 "$state/state.db"
    install_next
    within 60 answers
    ls -l "$state"
    expect_equal "the copy's schema" "$((10#$number - 1))" "$(schema_of "$state/state.db.before-$number")"
    expect_equal "the copy" "owhaled 600" "$(stat -c '%U %a' "$state/state.db.before-$number")"
    expect_equal "its own schema" "$((10#$number + 1))" "$(schema_of "$state/state.db")"
}

newer_database_is_refused() {
    systemctl stop owhaled owhaled.socket 2>/dev/null || systemctl stop owhaled
    python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("INSERT INTO migrations VALUES (999, ?)", ("later",)); db.commit()' "$state/state.db"
    ! timeout 60 systemctl start owhaled || die "it started"
    systemctl stop owhaled
    expect_has "why" "was written by a newer owhaled" "$(journalctl -u owhaled -n 40 --no-pager)"
    python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("DELETE FROM migrations WHERE number = 999"); db.commit()' "$state/state.db"
    chown owhaled: "$state"/state.db*
    systemctl reset-failed owhaled || true
    systemctl start owhaled
    within 60 answers
}

check "apt makes the account and the folders" account_and_folders_are_there
check "the service is enabled and up after apt, no user's is" service_is_up
check "doctor is green on a fresh installation" doctor_is_green
check "package and programs are of one version" version_is_the_package_s
check "an upgrade leaves active runs alone, prints them and says what forces it" upgrade_leaves_a_run_alone
check "an upgrade restarts owhaled when nothing runs" upgrade_restarts_when_nothing_runs
check "an upgrade brings an old database along and keeps it as it was" upgrade_brings_an_old_database_along
check "a newer database is refused, and the journal says why" newer_database_is_refused
