# What every test in the machine uses. A test is a function; check runs it in a shell of its own and sends one
# line to the host: "ok NAME", or "not ok NAME" followed by what the function printed.

send() { printf '%s\n' "$*" >&3; }

check() {
    local name=$1 log status
    shift
    log=$(mktemp)
    # Not as a condition: there bash would not end the function at its first failing command.
    set +e
    (
        set -e
        "$@"
    ) >"$log" 2>&1 3>&-
    status=$?
    set -e
    if ((status == 0)); then
        send "ok $name"
    else
        send "not ok $name"
        tail -n 25 "$log" | sed 's/^/  | /' >&3
    fi
    rm -f "$log"
}

# Ends the test with a reason.
die() {
    echo "$*"
    exit 1
}

expect_equal() { [[ $2 == "$3" ]] || die "$1: expected '$2', got '$3'"; }

expect_has() { [[ $3 == *"$2"* ]] || die "$1: expected something with '$2', got '$3'"; }

# Tries a command every 100 ms for so many seconds of a machine's own; this one is emulated, beside a compiler.
within() {
    local end=$((SECONDS + 3 * $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || die "did not come true in time: $*"
        sleep 0.1
    done
}

socket=/run/owhaled/owhaled.sock

# as USER CMD…: in USER's own folder, as after a login.
as() {
    local user=$1
    shift
    (cd "$(eval echo "~$user")" && runuser -u "$user" -- env HOME="$PWD" USER="$user" "$@")
}

# api USER PATH [CURL-ARG…]: the answer's body.
api() {
    local user=$1 path=$2
    shift 2
    as "$user" curl -sS --max-time 120 --unix-socket "$socket" "http://localhost$path" "$@"
}

# start USER JSON: asks for a run and prints its answer.
start() { api "$1" /v1/runs -d "$2"; }

# field KEY…: one value of the JSON on stdin; a missing one is an empty line.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key)] if isinstance(value, list) else (value or {}).get(key)
print("" if value is None else value if isinstance(value, str) else json.dumps(value))' "$@"
}

state_of() { api "$1" "/v1/runs/$2" | field state; }

has_state() { [[ " $3 " == *" $(state_of "$1" "$2") "* ]]; }

has_ended() { ! has_state "$1" "$2" "queued starting running"; }

answers() { curl -sf --max-time 5 --unix-socket "$socket" http://localhost/v1/health >/dev/null; }

supervisor() { systemctl show -p MainPID --value owhaled; }

# The supervisor's two children, by their programs.
child_named() {
    local pid
    for pid in $(pgrep -P "$(supervisor)"); do
        [[ $(readlink "/proc/$pid/exe") != */"$1" ]] || echo "$pid"
    done
}

broker() { child_named owhaled; }
spawner() { child_named owhale-spawner; }

# A word that only this test's processes have on their command line, to find them from outside the cage.
running_with() { pgrep -f "$1" >/dev/null; }
