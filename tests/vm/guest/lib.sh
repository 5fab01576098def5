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

# Since the machine started, whatever its clock says.
seconds() { cut -d. -f1 /proc/uptime; }

# Tries a command every 100 ms for so many seconds of a machine's own; this one is emulated, beside a compiler.
within() {
    local end now
    end=$(($(seconds) + 3 * $1))
    shift
    until "$@"; do
        read -r now _ </proc/uptime
        ((${now%.*} < end)) || die "did not come true in time: $*"
        sleep 0.1
    done
}

# What outlives the machine's lives. Who asks for a reboot is run again in the next one, which is the second.
lives=/var/lib/owhale-vm

ask_for_reboot() { touch "$lives/asked"; }

is_second_life() { [[ -e $lives/second ]]; }

socket=/run/owhaled/owhaled.sock

# as USER CMD…: in USER's own folder, as after a login. In an emulated machine each program that is started takes a twentieth
# of a second, one of Python half a second; here there is one.
as() {
    local user=$1 home=/home/$1
    [[ $user != root ]] || home=/root
    shift
    (cd "$home" && HOME=$home USER=$user LOGNAME=$user exec setpriv --reuid "$user" --regid "$user" --init-groups "$@")
}

# api USER PATH [CURL-ARG…]: the answer's body.
api() {
    local user=$1 path=$2
    shift 2
    as "$user" curl -sS --max-time 120 --unix-socket "$socket" "http://localhost$path" "$@"
}

# Strict knows nobody by itself.
let_in() {
    local user
    for user in "$@"; do api root "/v1/access/uid:$(id -u "$user")" -X PUT -d '{"roles":["agent"]}' >/dev/null; done
}

# start USER JSON: asks for a run and prints its answer.
start() { api "$1" /v1/runs -d "$2"; }

# field KEY…: one value of the JSON on stdin; a missing one is an empty line.
field() {
    jq -r 'getpath($ARGS.positional | map(tonumber? // .)) | if . == null then "" elif type == "string" then . else tojson end' \
        --args "$@"
}

# log_events OPTION…: events as JSON Lines, the newest first. owhalectl asks on where a slow machine's page ends early.
log_events() { (cd /root && owhalectl -q -o jsonl audit ls --limit 1000 "$@"); }

# check_row NAME: what doctor's row of that name says of the JSON on stdin, its state.
check_row() { jq -r --arg name "$1" '.checks[] | select(.name == $name).state'; }

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
