# owhaled under systemd, in strict mode, on the floor's kernel.

starts_as_notify() {
    systemctl start owhaled || die "$(journalctl -u owhaled -n 15 --no-pager)"
    within 60 answers
    expect_equal "type" notify "$(systemctl show -p Type --value owhaled)"
    expect_equal "state" active "$(systemctl is-active owhaled)"
}

mode_is_strict() { expect_equal "mode" strict "$(api root /v1/status | field mode)"; }

nothing_is_missing() {
    local doctor
    doctor=$(api root /v1/doctor)
    echo "$doctor"
    expect_equal "strict_ready" true "$(field strict_ready <<<"$doctor")"
}

broker_has_given_all_up() {
    local status
    status=$(grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' "/proc/$(broker)/status")
    echo "$status"
    ! grep -qE '^(Uid|Gid):.*\b0\b' <<<"$status" || die "the broker is still root"
    ! grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' <<<"$status" | grep -qv '0000000000000000' || die "it has capabilities left"
    expect_has "no_new_privs" $'NoNewPrivs:\t1' "$status"
    expect_has "seccomp" $'Seccomp:\t2' "$status"
}

strangers_are_kept_out_until_named() {
    local refused
    refused=$(start alice '{"argv":["true"],"wait":true}')
    expect_equal "alice, of whom nobody spoke" forbidden "$(field code <<<"$refused")"
    let_in alice bob
    expect_has "alice, at once" runs_create "$(api alice /v1/whoami)"
}

nothing_is_traced() {
    local run
    run=$(start alice '{"argv":["python3","-c","import ctypes; print(ctypes.CDLL(None).ptrace(0, 0, 0, 0))"],"wait":true}')
    expect_equal "PTRACE_TRACEME" -1 "$(field stdout <<<"$run")"
    expect_equal "the filter" strict "$(field receipt seccomp <<<"$run")"
}

run_has_every_layer() {
    local run
    run=$(start alice '{"argv":["/usr/bin/id","-u"],"wait":true}')
    echo "$run"
    expect_equal "state" exited "$(field state <<<"$run")"
    expect_equal "uid" "$(id -u alice)" "$(field stdout <<<"$run")"
    expect_equal "landlock" 2 "$(field receipt landlock_abi <<<"$run")"
    expect_equal "what is weaker" '[]' "$(field receipt weaker <<<"$run")"
    expect_has "memory limit" cgroup "$(field receipt limits memory <<<"$run")"
    expect_has "pids limit" cgroup "$(field receipt limits pids <<<"$run")"
}

stops_and_starts_again() {
    systemctl restart owhaled
    within 60 answers
    expect_equal "restarts by itself" 0 "$(systemctl show -p NRestarts --value owhaled)"
}

check "owhaled.service starts and says it is ready" starts_as_notify
check "it is in strict mode" mode_is_strict
check "strict misses nothing on this kernel" nothing_is_missing
check "the broker has no privilege left" broker_has_given_all_up
check "strict lets in whom root named, at once, and nobody else" strangers_are_kept_out_until_named
check "nothing in a cage traces anything in strict" nothing_is_traced
check "a run has every layer, and its receipt says so" run_has_every_layer
check "it stops and starts again" stops_and_starts_again
