# Fifty runs of a run under one limit of its own, which the real cgroup v2 holds: together they have what it has.

# crowd_of LIMITS CODE: a run of profile agent under LIMITS whose fifty runs each do CODE of Python; prints its id.
crowd_of() {
    local request
    request=$(python3 -c '
import json, shlex, sys
child = json.dumps({"argv": ["python3", "-c", sys.argv[2]], "detach": True})
ask = shlex.join(["curl", "-sS", "-m", "60", "--unix-socket", "/run/owhaled/owhaled.sock", "http://localhost/v1/runs", "-d", child])
print(json.dumps({"argv": ["bash", "-c", f"for i in {{1..50}}; do {ask}; echo; done; sleep 900"], "profile": "agent", "detach": True,
                  "limits": json.loads(sys.argv[1]), "timeout_ms": 800000}))' "$1" "$2")
    start alice "$request" | field id
}

is_as_before() { [[ $(broker) == "$1" && $(child_named owhale-spawner) == "$2" ]]; }

has_no_live_children() { [[ $(api alice "/v1/runs/$1" | field live_children) == 0 ]]; }

# The kernel's words when a whole machine, not a cgroup, was out of memory.
times_out_of_memory() { dmesg | grep -c 'Out of memory: ' || true; }

# Each is far within its own limit; a run of another user goes on beside them, as do owhaled's processes.
fifty_spend_the_parents_memory() {
    local id other broker spawner before word=owhale-vm-crowd-$$ shown
    broker=$(broker) spawner=$(child_named owhale-spawner) before=$(times_out_of_memory)
    other=$(start bob '{"argv":["sleep","900"],"detach":true,"timeout_ms":850000}' | field id)
    id=$(crowd_of '{"memory":268435456}' "held = bytearray(b'x' * (32 << 20)); import time; time.sleep(900) # $word")
    within 200 has_ended alice "$id"
    shown=$(api alice "/v1/runs/$id")
    echo "$shown"
    expect_equal "state" limit_exceeded "$(field state <<<"$shown")"
    expect_equal "limit" memory "$(field limit <<<"$shown")"
    expect_has "who held it" "268435456 by cgroup" "$(field receipt limits memory <<<"$shown")"
    within 30 has_no_live_children "$id"
    ! running_with "$word" || die "processes of its runs are left"
    expect_equal "another's run" running "$(state_of bob "$other")"
    expect_equal "the machine was out of memory, times" "$before" "$(times_out_of_memory)"
    is_as_before "$broker" "$spawner" || die "owhaled's processes are not the ones from before"
    api bob "/v1/runs/$other/kill" -d '{"grace_ms":0}' >/dev/null
}

has_asked_fifty_times() { (($(as alice owhalectl runs logs "$1" | grep -c "^{") >= 50)); }

# The runs over the limit end or are refused with a reason; the parent and the machine go on.
fifty_spend_the_parents_pids() {
    local id other peak
    id=$(crowd_of '{"pids":40}' "import time; time.sleep(900)")
    within 200 has_asked_fifty_times "$id"
    expect_equal "the parent" running "$(state_of alice "$id")"
    other=$(start bob '{"argv":["/bin/echo","still here"],"wait":true}')
    expect_equal "another's run meanwhile" "still here" "$(field stdout <<<"$other")"
    api alice "/v1/runs/$id/kill" -d '{"grace_ms":0}' >/dev/null
    within 30 has_ended alice "$id"
    peak=$(api alice "/v1/runs/$id" | field receipt usage pids_peak)
    ((peak <= 40 + 1)) || die "they had $peak processes, the parent's warden among them"
    ((peak > 20)) || die "of the parent's 40 they had $peak: they are counted elsewhere"
    within 30 has_no_live_children "$id"
}

check "fifty runs of a run end at their parent's memory, and nothing else does" fifty_spend_the_parents_memory
check "fifty runs of a run have their parent's number of processes" fifty_spend_the_parents_pids
