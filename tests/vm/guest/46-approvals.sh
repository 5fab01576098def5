# Who agrees, in strict mode with every layer there: people at sockets of their own, a restart by systemd, and the red
# button by cgroup.freeze. rules.toml asks about tac and dash, and about numfmt as critical.

# shellcheck source=people.sh
. "$here/people.sh"
uid=$(id -u alice)

people_log_in() {
    with_settings 'quorum = critical=2' 'approver-severity = critical'
    people_come
}

write_script() {
    echo "echo $1" >"$shop/x.sh"
    chown alice: "$shop/x.sh"
}

takes_another_person() {
    local receipt
    write_script agreed
    ask -- dash x.sh
    refused 'another person' agree owner
    refused approvals_decide as alice owhalectl approve "$approval" --digest "$digest"
    refused digest person second approve "$approval" --digest "${digest//[0-7]/8}" --password-stdin
    refused 'password' person second approve "$approval" --digest "$digest"
    expect_equal "meanwhile" pending "$(question_state)"
    agree second
    within 20 is_over
    expect_equal "the run" exited "$(state_of alice "$run")"
    receipt=$(api alice "/v1/runs/$run" | field receipt)
    echo "$receipt"
    expect_equal "approval" "$approval" "$(field approval <<<"$receipt")"
    expect_equal "approved by" '["user:second"]' "$(field approved_by <<<"$receipt")"
    expect_equal "plan" "$digest" "$(field plan_digest <<<"$receipt")"
    expect_equal "what is weaker" '[]' "$(field weaker <<<"$receipt")"
    expect_equal "output" agreed "$(as alice owhalectl runs logs "$run")"
    expect_has "the log" approval.decided "$(api root '/v1/audit?event=approval.decided')"
}

# Its client stays, and has the output and the exit code.
who_waits_goes_on() {
    local waiting
    as alice owhalectl -q run -w "$shop" -- tac /etc/hostname >"$shop/out" &
    waiting=$!
    within 20 one_is_pending
    approval=$(first_pending id)
    digest=$(first_pending digest)
    kill -0 "$waiting" || die "it did not wait"
    agree second
    wait "$waiting"
    expect_equal "output" owhale-vm "$(<"$shop/out")"
}

critical_takes_two() {
    ask -- numfmt 12
    refused 'another person' agree owner
    agree second
    expect_equal "after one" pending "$(question_state)"
    refused 'agreed' agree second
    expect_equal "the run, after one person twice" waiting_approval "$(state_of alice "$run")"
    agree chief
    within 20 is_over
    expect_equal "the run" exited "$(state_of alice "$run")"
    expect_equal "approved by" '["user:second","user:chief"]' "$(api alice "/v1/runs/$run" | field receipt approved_by)"
}

is_claimable() { [[ $(api alice "/v1/approvals/$approval" | field claimable) == true ]]; }

# Two wait when owhaled restarts. Both are approved afterwards; the script of one changes before it is claimed.
survives_a_restart() {
    local kept kept_run
    ask -- tac /etc/hostname
    kept=$approval kept_run=$run
    write_script agreed
    ask -- dash x.sh
    systemctl restart owhaled
    within 60 answers
    expect_equal "the script's question" pending "$(question_state)"
    expect_equal "its run" waiting_approval "$(state_of alice "$run")"
    agree second
    within 10 is_claimable
    write_script changed
    as alice owhalectl -q approvals claim "$approval"
    within 20 is_over
    expect_equal "the run of the changed one" denied "$(state_of alice "$run")"
    expect_equal "the changed one" void "$(question_state)"
    expect_has "because" 'x.sh changed' "$(api alice "/v1/approvals/$approval" | field ended_because)"
    expect_equal "its run's code" approval_void "$(api alice "/v1/runs/$run" | field code)"
    approval=$kept run=$kept_run
    digest=$(api alice "/v1/approvals/$approval" | field digest)
    agree second
    within 10 is_claimable
    refused 'no such' as bob owhalectl approvals claim "$approval"
    claim
    within 20 is_over
    expect_equal "the run" exited "$(state_of alice "$run")"
    expect_equal "output" owhale-vm "$(as alice owhalectl runs logs "$run")"
    expect_equal "approved by" '["user:second"]' "$(api alice "/v1/runs/$run" | field receipt approved_by)"
}

# --- the red button

count_on() {
    run=$(as alice owhalectl -q run -d -- bash -c 'n=0; while :; do echo $((n += 1)); sleep 0.1; done # owhale-vm-counts')
    within 20 has_counted 0
}

counted() { api alice "/v1/runs/$run" | field stdout_length; }
has_counted() { (($(counted) > $1)); }

# The run's cgroup, which may have one below it that holds its processes.
frozen_says() {
    local pid folder
    pid=$(pgrep -f '^bash -c n=0.*owhale-vm-counts' | tail -n 1)
    folder=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
    grep -qx "frozen $1" "$folder/cgroup.events"
}

freeze_holds_and_thaw_lets_go() {
    local before
    count_on
    frozen_says 0 || die "frozen before it was"
    expect_has "freeze" '1 run is held still' "$(person chief freeze --principal "unix:$uid" -m 'it counts')"
    within 5 frozen_says 1
    sleep 0.5
    before=$(counted)
    refused frozen as alice owhalectl run -- true
    sleep 1
    expect_equal "counted while frozen" "$before" "$(counted)"
    expect_equal "its state" running "$(state_of alice "$run")"
    refused 'password' person chief thaw --principal "unix:$uid"
    frozen_says 1 || die "thawed without a password"
    person chief thaw --principal "unix:$uid" --password-stdin
    within 5 frozen_says 0
    within 10 has_counted "$before"
    as alice owhalectl runs kill --grace 0 "$run"
}

frozen_is_killed() {
    count_on
    person chief freeze
    within 5 frozen_says 1
    as alice owhalectl runs kill "$run"
    expect_equal "its state" killed "$(state_of alice "$run")"
    ! running_with '^bash -c n=0.*owhale-vm-counts' || die "processes of the run are left"
    person chief thaw --password-stdin
    expect_equal "a run afterwards" 7 "$(start alice '{"argv":["sh","-c","exit 7"],"wait":true}' | field exit_code)"
}

check "strict: the first account, two approvers, each at a socket of their own" people_log_in
check "approval: another person agrees, and the receipt names approval and person" takes_another_person
check "approval: who waits for it gets output and exit code" who_waits_goes_on
check "approval: critical takes two people" critical_takes_two
check "approval: questions survive a restart, are claimed, and a changed script voids" survives_a_restart
check "freeze: cgroup.freeze holds a run, thaw lets it go on" freeze_holds_and_thaw_lets_go
check "freeze: a held run is killed at once" frozen_is_killed
check "approval: owhaled goes back to its defaults" back_to_the_defaults
