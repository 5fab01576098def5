# The limits, by the real cgroup v2.

memory_ends_the_run() {
    local run
    run=$(start alice '{"argv":["python3","-c","a=[]\nwhile True: a.append(bytearray(1<<20))"],
        "limits":{"memory":67108864},"wait":true,"timeout_ms":60000}')
    echo "$run"
    expect_equal "state" limit_exceeded "$(field state <<<"$run")"
    expect_equal "limit" memory "$(field limit <<<"$run")"
}

# Others are answered while the bomb goes off, and it does not get past its number.
fork_bomb_is_bounded() {
    local bomb run peak
    bomb=$(start alice '{"argv":["bash","-c","f() { f | f & }; f; sleep 20"],"limits":{"pids":48},"detach":true,
        "timeout_ms":30000}' | field id)
    sleep 2
    run=$(start bob '{"argv":["/bin/echo","still here"],"wait":true}')
    expect_equal "another's run meanwhile" "still here" "$(field stdout <<<"$run")"
    api alice "/v1/runs/$bomb/kill" -d '{"grace_ms":0}' >/dev/null
    within 15 has_ended alice "$bomb"
    peak=$(api alice "/v1/runs/$bomb" | field receipt usage pids_peak)
    ((peak <= 48 + 1)) || die "it had $peak processes, its warden among them"
}

forks_over_the_limit_fail() {
    local run
    run=$(start alice '{"argv":["python3","-c","import os,time\nn=0\ntry:\n  while n<200:\n    if os.fork()==0: time.sleep(60)\n    n+=1\nexcept OSError: pass\nprint(n)"],
        "limits":{"pids":16},"wait":true,"timeout_ms":60000}')
    echo "$run"
    (($(field stdout <<<"$run") <= 16)) || die "more forks than the limit"
}

cpu_is_rationed() {
    local run spent
    run=$(start alice '{"argv":["sh","-c","while :; do :; done"],"limits":{"cpus":0.25},"timeout_ms":6000,"wait":true}')
    echo "$run"
    expect_equal "state" timed_out "$(field state <<<"$run")"
    spent=$(field receipt usage user_us <<<"$run")
    ((spent < 3000000)) || die "a quarter of a processor for 6 s came to $spent us"
}

# Past the cache, 24 MB at 8 MB a second take three seconds; the receipt says who held it, what was written and how long it waited.
io_is_rationed() {
    local run
    install -d -o alice -g alice /home/alice/rates
    owhalectl workspaces add /home/alice/rates --as alice
    run=$(start alice '{"argv":["dd","if=/dev/zero","of=large","bs=1M","count=24","oflag=direct"],"cwd":"/home/alice/rates",
        "workspace":"/home/alice/rates",
        "limits":{"io":8388608},"timeout_ms":60000,"wait":true}')
    owhalectl workspaces rm /home/alice/rates
    rm -rf /home/alice/rates
    echo "$run"
    expect_equal "state" exited "$(field state <<<"$run")"
    expect_equal "held" "8388608 by cgroup" "$(field receipt limits io <<<"$run")"
    (($(field receipt usage wall_us <<<"$run") > 1500000)) || die "24 MB at 8 MB a second were written at once"
    (($(field receipt usage disk_written <<<"$run") >= 24 << 20)) || die "not all that was written is counted"
    (($(field receipt usage stalled io_us <<<"$run") > 1000000)) || die "that it waited for its disk is not told"
}

# What waits for a processor that it may not have is stalled, and one that sleeps is not.
pressure_is_told() {
    local busy idle
    busy=$(start alice '{"argv":["sh","-c","while :; do :; done"],"limits":{"cpus":0.25},"timeout_ms":4000,"wait":true}')
    idle=$(start alice '{"argv":["sleep","2"],"wait":true}')
    echo "$busy" "$idle"
    (($(field receipt usage stalled cpu_us <<<"$busy") > 1500000)) || die "the rationed run's waiting is not told"
    (($(field receipt usage stalled cpu_us <<<"$idle") < 1500000)) || die "a sleep is said to wait"
}

wall_time_ends_the_run() {
    local run
    run=$(start alice '{"argv":["sleep","300"],"timeout_ms":1000,"wait":true}')
    expect_equal "state" timed_out "$(field state <<<"$run")"
    expect_equal "exit code" 124 "$(field exit_code <<<"$run")"
}

# Processes that left the session, ignore SIGTERM and have lost their parent: cgroup.kill finds them all.
kill_ends_everything() {
    local id word=owhale-vm-hidden-$$
    id=$(start alice '{"argv":["bash","-c","trap \"\" TERM; for i in 1 2 3 4 5; do setsid -f bash -c \"trap : TERM; exec -a '"$word"' sleep 600\"; done; sleep 600"],
        "detach":true}' | field id)
    within 20 running_with "$word"
    as alice owhalectl runs kill "$id"
    within 30 has_ended alice "$id"
    ! running_with "$word" || die "processes of the run are left"
}

check "memory: the run ends as limit_exceeded, reason memory" memory_ends_the_run
check "pids: a fork bomb is bounded and others are answered" fork_bomb_is_bounded
check "pids: forks over the limit fail" forks_over_the_limit_fail
check "cpu: a quarter of a processor stays a quarter" cpu_is_rationed
check "io: a rate holds on the disk" io_is_rationed
check "pressure: what a run waited for is told" pressure_is_told
check "wall time: the run ends as timed_out" wall_time_ends_the_run
check "runs kill ends what hides from signals" kill_ends_everything
