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

# Tries a command every 100 ms for so many seconds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || die "did not come true in time: $*"
        sleep 0.1
    done
}
