# The same programs, started by an ordinary user under that user's own systemd.

own_socket=/run/user/$(id -u alice)/owhaled/owhaled.sock

alice_systemctl() { systemctl --user -M alice@.host "$@"; }

own_answers() {
    as alice curl -sf --max-time 5 --unix-socket "$own_socket" http://localhost/v1/health >/dev/null
}

starts_for_a_user() {
    loginctl enable-linger alice
    within 30 test -S "/run/user/$(id -u alice)/bus"
    alice_systemctl daemon-reload
    alice_systemctl start owhaled
    within 60 own_answers
}

runs_and_says_what_is_weaker() {
    local run
    run=$(own_run '{"argv":["id","-un"],"wait":true}')
    echo "$run"
    expect_equal "whoami" alice "$(field stdout <<<"$run")"
    [[ $(field receipt weaker <<<"$run") != '[]' ]] || die "the receipt of a rootless run names nothing weaker"
}

own_run() {
    as alice curl -sS --unix-socket "$own_socket" http://localhost/v1/runs -d "$1"
}

# Below that user's own slice: what the administrator set there holds for its runs as for all else of that user's.
run_is_in_its_users_slice() {
    local slice run forks
    slice=user-$(id -u alice).slice
    run=$(own_run '{"argv":["true"],"limits":{"memory":67108864,"pids":40},"wait":true}')
    expect_has "memory limit" "67108864 by cgroup" "$(field receipt limits memory <<<"$run")"
    own_run '{"argv":["sleep","907"],"detach":true}'
    within 20 running_with '^sleep 907'
    expect_has "its cgroup" "/user.slice/$slice/user@" "$(<"/proc/$(pgrep -f '^sleep 907' | head -n 1)/cgroup")"
    systemctl set-property --runtime "$slice" TasksMax=70
    run=$(own_run '{"argv":["python3","-c","import os,time\nn=0\ntry:\n  while n<200:\n    if os.fork()==0: time.sleep(60)\n    n+=1\nexcept OSError: pass\nprint(n)"],
        "wait":true,"timeout_ms":60000}')
    echo "$run"
    systemctl set-property --runtime "$slice" TasksMax=infinity
    expect_equal "its end" exited "$(field state <<<"$run")"
    forks=$(field stdout <<<"$run")
    ((forks > 5 && forks < 70)) || die "$forks forks, where its user's slice has 70 tasks"
}

stops_for_a_user() {
    alice_systemctl stop owhaled
    expect_equal "state" inactive "$(alice_systemctl is-active owhaled || true)"
}

check "rootless: owhaled.service of a user starts" starts_for_a_user
check "rootless: a command runs, and its receipt says what is weaker" runs_and_says_what_is_weaker
check "rootless: its runs are in their user's slice, and within its limits" run_is_in_its_users_slice
check "rootless: it stops" stops_for_a_user
