# Each of owhaled's own processes killed in the middle of a run: the run does not survive, the service comes back.

start_a_run() {
    word=owhale-vm-orphan-$1-$$
    within 60 answers
    id=$(start alice '{"argv":["bash","-c","sleep 600 & exec -a '"$word"' sleep 600"],"detach":true}' | field id)
    within 20 running_with "$word"
}

run_is_gone() { ! running_with "$word"; }

works_again() {
    within 60 answers
    expect_equal "a run afterwards" 7 "$(start alice '{"argv":["sh","-c","exit 7"],"wait":true}' | field exit_code)"
}

broker_dies() {
    start_a_run broker
    kill -9 "$(broker)"
    within 20 run_is_gone
    works_again
    expect_equal "the run's state" lost "$(state_of alice "$id")"
}

spawner_dies() {
    start_a_run spawner
    kill -9 "$(spawner)"
    within 20 run_is_gone
    works_again
}

# The warden alone: its own run ends, and neither owhaled nor another run notices.
warden_dies() {
    local before other warden
    start_a_run other
    other=$word
    start_a_run warden
    before=$(broker)
    warden=$(warden_of "$word")
    [[ -n $warden ]] || die "no warden found"
    kill -9 "$warden"
    within 20 run_is_gone
    within 20 has_ended alice "$id"
    running_with "$other" || die "another run ended with it"
    expect_equal "broker" "$before" "$(broker)"
    api alice /v1/runs | field runs >/dev/null
}

# Pid 1 of the pid namespace that a process is in.
warden_of() {
    local space folder
    space=$(readlink "/proc/$(pgrep -f "^$1" | head -n 1)/ns/pid")
    for folder in /proc/[0-9]*; do
        [[ $(readlink "$folder/ns/pid") == "$space" ]] || continue
        [[ $(awk '/^NSpid/ { print $NF }' "$folder/status") != 1 ]] || echo "${folder#/proc/}"
    done
}

supervisor_dies() {
    local before
    start_a_run supervisor
    before=$(supervisor)
    kill -9 "$before"
    within 20 run_is_gone
    works_again
    [[ $(supervisor) != "$before" ]] || die "systemd did not start it again"
}

stop_ends_runs() {
    start_a_run stop
    systemctl stop owhaled
    run_is_gone || die "the run outlived the service"
    systemctl start owhaled
    works_again
}

check "kill -9 of the broker" broker_dies
check "kill -9 of the spawner" spawner_dies
check "kill -9 of a warden" warden_dies
check "kill -9 of the supervisor: systemd brings it back" supervisor_dies
check "systemctl stop ends runs" stop_ends_runs
