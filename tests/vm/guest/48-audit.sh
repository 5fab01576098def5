# The audit log's copies in the real journal, what a real rsyslog forwards of them, and the heads that root keeps.

heads=/var/lib/owhaled-anchor/heads
place=/run/owhale-vm-audit # of what this test makes

settle() {
    within 60 answers
    start alice '{"argv":["true"],"wait":true}' >/dev/null
}

last_seq() { api root '/v1/audit?limit=1' | field events 0 seq; }

copies() { journalctl -q -o json -t owhaled-audit "$@"; }

has_copy() { copies "OWHALED_SEQ=$1" | grep -q .; }

copies_every_event() {
    local seq entry
    mkdir -p $place
    echo 'audit-journal = all' >>/etc/owhaled/owhaled.conf
    systemctl restart owhaled
    settle
    seq=$(last_seq)
    within 30 has_copy "$seq"
    entry=$(copies "OWHALED_SEQ=$seq")
    echo "$entry"
    expect_equal "event" run.outcome "$(field OWHALED_EVENT <<<"$entry")"
    expect_equal "principal" "unix:$(id -u alice)" "$(field OWHALED_PRINCIPAL <<<"$entry")"
    expect_equal "who the kernel says wrote it" "$(id -u owhaled)" "$(field _UID <<<"$entry")"
    expect_equal "unit" owhaled.service "$(field _SYSTEMD_UNIT <<<"$entry")"
    expect_equal "in the log itself" "$(api root "/v1/audit/$seq" | field event id)" \
        "$(field OWHALED_JSON <<<"$entry" | field id)"
    has_copies_of "$(field MESSAGE_ID <<<"$entry")" || die "its MESSAGE_ID finds nothing"
}

has_copies_of() { copies "MESSAGE_ID=$1" | grep -q '"OWHALED_EVENT":"run.outcome"'; }

# From the first copy to the last, each number once: over restarts of both.
loses_nothing_over_restarts() {
    local seq
    systemctl restart systemd-journald
    settle
    systemctl restart owhaled
    settle
    seq=$(last_seq)
    within 30 has_copy "$seq"
    copies | python3 -c '
import json, sys
seqs = sorted({int(entry["OWHALED_SEQ"]) for entry in map(json.loads, sys.stdin) if "OWHALED_SEQ" in entry})
assert seqs == list(range(seqs[0], seqs[-1] + 1)), seqs
assert seqs[-1] == int(sys.argv[1]), seqs[-1]' "$seq"
}

# Which of the two is told first is open, and on a slow machine there is time to look between them.
checkpoint_is_in_the_journal() {
    local entry
    entry=$(copies | grep OWHALED_CHECKPOINT | tail -n 1)
    echo "$entry"
    expect_has "the note" "$(field OWHALED_ROOT <<<"$entry")" "$(field OWHALED_CHECKPOINT <<<"$entry")"
    within 30 is_head "$(field OWHALED_SIZE <<<"$entry") $(field OWHALED_ROOT <<<"$entry")" || die "$(<$heads)"
}

is_head() { grep -qF "$1" $heads; }

# imjournal reads the journal and omfwd sends it on, as to another machine.
rsyslog_forwards() {
    local listener daemon seq
    cat >$place/rsyslog.conf <<'EOF'
global(workDirectory="/run/owhale-vm-audit")
module(load="imjournal" StateFile="position" IgnorePreviousMessages="on")
template(name="owhaled" type="string" string="%$!OWHALED_SEQ% %$!OWHALED_EVENT% %$!MESSAGE_ID% %syslogseverity% %msg%\n")
if $programname == "owhaled-audit" then
    action(type="omfwd" target="127.0.0.1" port="5514" protocol="tcp" template="owhaled")
EOF
    python3 -c '
import shutil, socket
listener = socket.create_server(("127.0.0.1", 5514))
with open("/run/owhale-vm-audit/forwarded", "wb", buffering=0) as out:
    shutil.copyfileobj(listener.accept()[0].makefile("rb", buffering=0), out)' &
    listener=$!
    rsyslogd -n -f $place/rsyslog.conf -i $place/rsyslog.pid &
    daemon=$!
    within 20 test -e $place/rsyslog.pid
    within 30 is_forwarded
    seq=$(last_seq)
    within 30 grep -q "^$seq run.outcome [0-9a-f]\{32\} [2-7] ." $place/forwarded
    kill "$daemon" "$listener"
    wait || true
}

is_forwarded() {
    settle
    grep -q ' run.outcome ' $place/forwarded
}

heads_are_roots_and_grow() {
    local before
    expect_equal "the file" "root:root 644" "$(stat -c '%U:%G %a' $heads)"
    expect_equal "its folder" "root:root 755" "$(stat -c '%U:%G %a' ${heads%/*})"
    before=$(<$heads)
    settle
    systemctl restart owhaled
    within 60 answers
    [[ $(<$heads) == "$before"$'\n'* ]] || die "it did not grow: $(<$heads)"
    ! runuser -u owhaled -- sh -c "echo x >>$heads" || die "the broker can write it"
    ! runuser -u owhaled -- mv $heads ${heads%/*}/x || die "the broker can move it"
}

# As root, beside the service that writes: the file itself, against root's heads, the journal and what was saved before.
verifies_live_and_after_a_crash() {
    local out saved=$place/saved
    owhalectl audit checkpoint --save $saved
    out=$(owhalectl audit verify) || die "$out"
    echo "$out"
    expect_has "whole" "whole:" "$out"
    ! grep -q 'no outside anchor' <<<"$out" || die "it found no anchor"
    systemctl kill -s KILL owhaled
    within 60 answers
    settle
    out=$(owhalectl audit verify --checkpoint $saved) || die "$out"
    expect_has "whole after the crash" "whole:" "$out"
    systemctl stop owhaled
    out=$(owhalectl audit verify --checkpoint $saved) || die "$out"
    expect_has "whole while it does not run" "whole:" "$out"
    systemctl reset-failed owhaled || true # so many starts in so short a time are meant
    systemctl start owhaled
    within 60 answers
}

older_copy_is_not_served() {
    systemctl stop owhaled
    cp -a /var/lib/owhaled $place/older
    systemctl start owhaled
    settle
    systemctl stop owhaled
    mv /var/lib/owhaled $place/newest
    cp -a $place/older /var/lib/owhaled
    ! systemctl start owhaled || die "it serves an older log"
    systemctl stop owhaled
    journalctl -q -u owhaled -n 20 --no-pager | grep -q 'an older copy was put back' || die "$(journalctl -u owhaled -n 9)"
    rm -r /var/lib/owhaled
    mv $place/newest /var/lib/owhaled
    systemctl reset-failed owhaled || true # nothing to forget once it was stopped
    systemctl start owhaled
    settle
}

as_it_was() {
    sed -i '/^audit-journal/d' /etc/owhaled/owhaled.conf
    systemctl restart owhaled
    within 60 answers
    rm -rf $place
}

check "every event is in the journal, with its fields" copies_every_event
check "nothing is lost when journald and owhaled are restarted" loses_nothing_over_restarts
check "the end's checkpoint is in the journal and among root's heads" checkpoint_is_in_the_journal
check "a real rsyslog forwards the copies" rsyslog_forwards
check "the heads are root's and grow" heads_are_roots_and_grow
check "verify, as root: beside the live service, after kill -9, and without it" verifies_live_and_after_a_crash
check "an older copy of the state folder is not served" older_copy_is_not_served
check "and all is as it was" as_it_was
