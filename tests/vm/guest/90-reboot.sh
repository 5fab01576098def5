# The machine starts again while things are under way; the second half of this file runs in its second life.

# shellcheck source=people.sh
. "$here/people.sh"
kept=$lives/reboot # what the second life has to know, one `name=value` a line
value=a-value-that-lives-on-7f3c

remember() { printf '%s=%q\n' "$1" "${!1}" >>"$kept"; }

# A question that nobody stays for, of a run that is to have a secret; and one whose client stays.
questions_wait() {
    local kept_run kept_approval kept_digest waited_run waited
    owhalectl secrets set VM_REBOOT --stdin --no-host --allow-principal "unix:$(id -u alice)" <<<"$value"
    ask --secret VM_REBOOT=env -- bash -c 'echo ${#VM_REBOOT} ${VM_REBOOT: -4}'
    kept_run=$run kept_approval=$approval kept_digest=$digest
    remember kept_run && remember kept_approval && remember kept_digest
    as alice owhalectl -q run -w "$shop" -- tac /etc/hostname &>/dev/null &
    within 20 two_are_pending
    waited=$(api alice '/v1/approvals?state=pending' | jq -r --arg kept "$approval" '.approvals[].id | select(. != $kept)')
    waited_run=$(api alice "/v1/approvals/$waited" | field run)
    remember waited && remember waited_run
}

two_are_pending() { [[ $(api alice '/v1/approvals?state=pending' | field pending) == 2 ]]; }

# A run in its midst, somebody who is held, and a copy of the log's head that the machine's own files cannot change.
others_are_under_way() {
    local busy boot
    busy=$(start alice '{"argv":["sleep","1000"],"detach":true}' | field id)
    within 20 has_state alice "$busy" running
    boot=$(</proc/sys/kernel/random/boot_id)
    remember busy && remember boot
    person chief freeze --principal "unix:$(id -u bob)" -m 'until the machine was seen to'
    owhalectl audit checkpoint --save "$lives/checkpoint"
}

comes_up_by_itself() {
    within 60 answers
    expect_equal "service" active "$(systemctl is-active owhaled)"
    expect_equal "socket" active "$(systemctl is-active owhaled.socket)"
    expect_equal "restarts" 0 "$(systemctl show -p NRestarts --value owhaled)"
    [[ $(</proc/sys/kernel/random/boot_id) != "$boot" ]] || die "it is the same boot"
    expect_equal "mode" strict "$(api root /v1/status | field mode)"
}

who_stayed_is_gone() {
    expect_equal "its question" cancelled "$(api alice "/v1/approvals/$waited" | field state)"
    expect_equal "its run" cancelled "$(state_of alice "$waited_run")"
    refused '' person second approve "$waited" --password-stdin
}

# Nothing goes on by itself, and nothing is forgotten: each run that began has an end, in the log too.
runs_have_ended() {
    expect_equal "the run in its midst" killed "$(state_of alice "$busy")"
    expect_equal "its ends in the log" killed "$(log_events --run "$busy" --verb run.outcome | jq -r .event.outcome)"
    expect_equal "runs that live" 0 "$(api root /v1/status | field runs_live)"
}

held_is_still_held() {
    refused frozen as bob owhalectl run -- true
    person chief thaw --principal "unix:$(id -u bob)" --password-stdin
    expect_equal "thawed" 7 "$(start bob '{"argv":["sh","-c","exit 7"],"wait":true}' | field exit_code)"
}

# What was agreed to in this life is what was asked in the last one; only who asked can take it up.
question_is_kept_and_the_secret_is_usable() {
    run=$kept_run approval=$kept_approval digest=$(api alice "/v1/approvals/$kept_approval" | field digest)
    expect_equal "its state" pending "$(question_state)"
    expect_equal "its digest" "$kept_digest" "$digest"
    agree second
    refused 'no such' as bob owhalectl approvals claim "$approval"
    expect_equal "before it is claimed" waiting_approval "$(state_of alice "$run")"
    claim
    within 20 is_over
    expect_equal "the run" exited "$(state_of alice "$run")"
    expect_equal "output" "${#value} ${value: -4}" "$(as alice owhalectl runs logs "$run")"
    expect_equal "vault" ok "$(api root /v1/doctor | check_row vault)"
}

# Root's heads and the checkpoint of the last life bear it out, and its end was in order.
log_is_whole() {
    local out size crashed
    out=$(owhalectl audit verify --checkpoint "$lives/checkpoint") || die "$out"
    echo "$out"
    expect_has "whole" "whole:" "$out"
    ! grep -q 'no outside anchor' <<<"$out" || die "it found no anchor"
    size=$(sed -n 2p "$lives/checkpoint")
    crashed=$(log_events --verb daemon.crashed | jq -s 'map(.seq) | max // 0')
    ((crashed <= size)) || die "the end of the last life counts as a crash: event $crashed, after $size"
}

# A run of the last life has no process, cgroup, mount and file in this one.
nothing_is_left() {
    local left
    expect_equal "in /run/owhaled" "" "$(find /run/owhaled -mindepth 1 ! -name owhaled.sock ! -path /run/owhaled/scratch)"
    left=$(find /sys/fs/cgroup -path '*owhaled*' -type d -name '*-*-*-*-*')
    expect_equal "cgroups of runs" "" "$left"
    ! running_with '^sleep 1000' || die "the run goes on"
    ! grep "$busy" /proc/self/mountinfo "/proc/$(spawner)/mountinfo" || die "its mounts are left"
    left=$(find /var/lib/owhaled -name '*.tmp' -o -name '*.new' -o -size +64M)
    expect_equal "in the state folder" "" "$left"
}

first_life() {
    with_settings
    people_come
    check "reboot: two questions wait, one of them for a run with a secret" questions_wait
    check "reboot: a run is in its midst, and somebody is held" others_are_under_way
    ask_for_reboot
}

second_life() {
    # shellcheck source=/dev/null
    . "$kept"
    check "reboot: owhaled comes up by itself, as after an end in order" comes_up_by_itself
    check "reboot: a question whose client stayed is cancelled" who_stayed_is_gone
    check "reboot: every run that began has an end, in the log too" runs_have_ended
    check "reboot: who was held is still held, and can be let go" held_is_still_held
    check "reboot: a question that nobody stayed for is kept, and its run gets the secret" question_is_kept_and_the_secret_is_usable
    check "reboot: the log verifies against root's heads and a checkpoint of before" log_is_whole
    check "reboot: nothing of the runs of before is left" nothing_is_left
}

if is_second_life; then second_life; else first_life; fi
