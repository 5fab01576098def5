# Fifty runs, ended in every way, leave nothing.

processes() { ps -e --no-headers -o comm | grep -vE '^(kworker|ps|wc|grep|bash|curl|sleep|setpriv|jq)' | wc -l; }
mounts() { wc -l </proc/self/mountinfo; }
spawner_mounts() { wc -l <"/proc/$(spawner)/mountinfo"; }
cgroups() { find /sys/fs/cgroup/system.slice/owhaled.service -type d | wc -l; }
descriptors() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
run_files() { find /run/owhaled -mindepth 1 | wc -l; }

census() {
    echo "processes $(processes) mounts $(mounts) in-spawner $(spawner_mounts) cgroups $(cgroups)" \
        "broker-fds $(descriptors "$(broker)") spawner-fds $(descriptors "$(spawner)") run-files $(run_files)"
}

one_of_each() {
    local id
    start alice '{"argv":["true"],"wait":true}'
    start alice '{"argv":["sh","-c","sleep 100 & exit 3"],"wait":true}'
    start bob '{"argv":["/no/such/program"],"wait":true}'
    start bob '{"argv":["sleep","60"],"timeout_ms":200,"wait":true}'
    id=$(start alice '{"argv":["sleep","60"],"detach":true}' | field id)
    api alice "/v1/runs/$id/kill" -d '{"grace_ms":0}'
    within 10 has_ended alice "$id"
}

settles_to() {
    now=$(census)
    [[ $now == "$1" ]]
}

fifty_runs_leave_nothing() {
    local before now= i
    one_of_each >/dev/null
    sleep 2
    before=$(census)
    for i in $(seq 10); do one_of_each >/dev/null; done
    for i in $(seq 600); do
        ! settles_to "$before" || return 0
        sleep 0.1
    done
    expect_equal "after fifty runs" "$before" "$now"
}

check "fifty runs leave no process, mount, cgroup, descriptor or file" fifty_runs_leave_nothing
