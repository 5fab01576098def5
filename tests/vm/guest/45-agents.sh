# An agent inside a cage asks for runs of its own, under the floor's cgroup v2 with its controllers.

# ask_from_inside JSON [OUTER-LIMITS]: what the run inside answered that a run of profile agent asked for.
ask_from_inside() {
    local request
    request=$(python3 -c '
import json, sys
curl = ["curl", "-sS", "--unix-socket", "/run/owhaled/owhaled.sock", "http://localhost/v1/runs", "-d", sys.argv[1]]
print(json.dumps({"argv": curl, "profile": "agent", "wait": True, "limits": json.loads(sys.argv[2])}))' "$1" "${2:-{\}}")
    start alice "$request" | field stdout
}

is_known_by_its_socket() {
    local outer
    outer=$(start alice '{"argv":["curl","-sS","--unix-socket","/run/owhaled/owhaled.sock","http://localhost/v1/whoami"],
        "profile":"agent","wait":true}')
    expect_equal "who asks" "run:$(field id <<<"$outer")" "$(field stdout <<<"$outer" | field principal)"
}

has_limits_by_cgroup() {
    local inner
    inner=$(ask_from_inside '{"argv":["id","-u"],"limits":{"memory":67108864,"pids":20},"wait":true}')
    echo "$inner"
    expect_equal "uid" "$(id -u alice)" "$(field stdout <<<"$inner")"
    expect_has "memory limit" "67108864 by cgroup" "$(field receipt limits memory <<<"$inner")"
    expect_has "pids limit" "20 by cgroup" "$(field receipt limits pids <<<"$inner")"
}

holds_the_inner_one_to_its_own_limit() {
    local inner
    inner=$(ask_from_inside '{"argv":["python3","-c","a=[]\nwhile True: a.append(bytearray(1<<20))"],
        "limits":{"memory":50331648},"wait":true}' '{"memory":268435456}')
    expect_equal "its end" limit_exceeded "$(field state <<<"$inner")"
    expect_equal "by" memory "$(field limit <<<"$inner")"
}

refuses_more_than_the_parent_has() {
    local inner
    inner=$(ask_from_inside '{"argv":["true"],"limits":{"memory":536870912},"wait":true}' '{"memory":134217728}')
    expect_equal "code" limit_over_ceiling "$(field code <<<"$inner")"
}

check "a run of profile agent is known by its own socket" is_known_by_its_socket
check "what it starts has limits of its own, by cgroup" has_limits_by_cgroup
check "a run inside a run ends at its own memory limit" holds_the_inner_one_to_its_own_limit
check "and can ask for no more than its parent has" refuses_more_than_the_parent_has
