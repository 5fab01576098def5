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
    run=$(as alice curl -sS --unix-socket "$own_socket" http://localhost/v1/runs \
        -d '{"argv":["id","-un"],"wait":true}')
    echo "$run"
    expect_equal "whoami" alice "$(field stdout <<<"$run")"
    [[ $(field receipt weaker <<<"$run") != '[]' ]] || die "the receipt of a rootless run names nothing weaker"
}

stops_for_a_user() {
    alice_systemctl stop owhaled
    expect_equal "state" inactive "$(alice_systemctl is-active owhaled || true)"
}

check "rootless: owhaled.service of a user starts" starts_for_a_user
check "rootless: a command runs, and its receipt says what is weaker" runs_and_says_what_is_weaker
check "rootless: it stops" stops_for_a_user
