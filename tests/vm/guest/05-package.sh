# The package, as apt has just installed it: account, folders, service; upgrades that wait, and one of an old database.

next=$here/../next
state=/var/lib/owhaled
anchor=/var/lib/owhaled-anchor
aside=/var/lib/owhaled-aside # where owhaled's own state is while there is another

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

# The kernel's modules are there in time for the very first start.
nothing_is_weaker_for_a_start_too_early() {
    local rows name
    rows=$(api root /v1/doctor)
    for name in nftables 'udp report' 'scoped network'; do expect_equal "$name" ok "$(check_row "$name" <<<"$rows")"; done
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

install_next() { DEBIAN_FRONTEND=noninteractive dpkg -i "$next"/owhaled_*.deb 2>&1; }

upgrade_leaves_a_run_alone() {
    local id before out
    id=$(cd /root && owhalectl run -d --profile readonly sleep 1000)
    before=$(supervisor)
    echo '# mine' >>/etc/owhaled/spawner.conf
    out=$(install_next)
    echo "$out"
    expect_has "what it prints" "$id" "$out"
    expect_equal "headings" 1 "$(grep -c '^ID ' <<<"$out")"
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

stop_all() { systemctl stop owhaled.socket owhaled; }

put_aside() {
    stop_all
    mkdir "$aside"
    mv "$state" "$anchor" "$aside"
    systemd-tmpfiles --create owhaled.conf
}

put_back() {
    stop_all
    rm -r "$state" "$anchor"
    mv "$aside"/* /var/lib/
    rmdir "$aside"
    systemctl reset-failed owhaled || true # so many starts in so short a time are meant
    systemctl start owhaled
    within 60 answers
    doctor_is_green
}

# The audit log that an owhaled of before the last change of its schema wrote: 29 events, of two runs without an end.
lay_down_an_old_log() {
    python3 - "$here/../schema" "$1" <<'PY'
import pathlib, sqlite3, sys
schema = pathlib.Path(sys.argv[1])
log = sqlite3.connect(sys.argv[2])
log.executescript("CREATE TABLE migrations (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT;")
log.executescript((schema / "audit/001.sql").read_text() + (schema / "old-log.sql").read_text())
PY
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

upgrade_brings_old_databases_along() {
    local number
    put_aside
    number=$(lay_down_an_old_state "$state/state.db")
    lay_down_an_old_log "$state/audit.db"
    chown owhaled: "$state"/*.db
    chmod 600 "$state"/*.db
    install_next
    within 60 answers
    ls -l "$state"
    expect_equal "the copy's schema" "$((10#$number - 1))" "$(schema_of "$state/state.db.before-$number")"
    expect_equal "the copy" "owhaled 600" "$(stat -c '%U %a' "$state/state.db.before-$number")"
    expect_equal "its own schema" "$((10#$number + 1))" "$(schema_of "$state/state.db")"
    expect_equal "the log's copy" "owhaled 600" "$(stat -c '%U %a' "$state/audit.db.before-002")"
}

# What was written then is what is read now, and the runs that were open then are closed.
old_log_goes_on() {
    local lost
    expect_equal "the log's schemas" "1 2" "$(schema_of "$state/audit.db.before-002") $(schema_of "$state/audit.db")"
    owhalectl audit verify
    expect_has "an event of then" 'grüße 漢字' "$(api root /v1/audit/10)"
    lost=$(log_events --verb run.outcome --outcome lost | jq -r .event.run | sort -u | wc -l)
    expect_equal "runs that are lost" 2 "$lost"
}

newer_database_is_refused() {
    stop_all
    python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("INSERT INTO migrations VALUES (999, ?)", ("later",)); db.commit()' "$state/state.db"
    ! timeout 60 systemctl start owhaled || die "it started"
    stop_all
    expect_has "why" "was written by a newer owhaled" "$(journalctl -u owhaled -n 40 --no-pager)"
}

check "apt makes the account and the folders" account_and_folders_are_there
check "the service is enabled and up after apt, no user's is" service_is_up
check "doctor is green on a fresh installation" doctor_is_green
check "its first start has all that the kernel has" nothing_is_weaker_for_a_start_too_early
check "package and programs are of one version" version_is_the_package_s
check "an upgrade leaves active runs alone, prints them and says what forces it" upgrade_leaves_a_run_alone
check "an upgrade restarts owhaled when nothing runs" upgrade_restarts_when_nothing_runs
check "an upgrade brings old databases along and keeps them as they were" upgrade_brings_old_databases_along
check "an old audit log goes on, and verifies" old_log_goes_on
check "a newer database is refused, and the journal says why" newer_database_is_refused
check "with its own state put back, owhaled is as it was" put_back
