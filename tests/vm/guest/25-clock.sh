# The machine's clock is set forward and back while things wait: what was to last so long lasts so long, and what people were
# told would end at a time ends by then.

# shellcheck source=people.sh
. "$here/people.sh"

# set_clock SECONDS: so far from the true time.
set_clock() { date -s "@$((true_time + $(seconds) - began + $1))" >/dev/null; }

# A run of 8 s ends no earlier although the clock says that a day went by, and no later although it then says that it never began.
run_lasts_as_long_as_it_may() {
    local id at
    id=$(start alice '{"argv":["sleep","900"],"detach":true,"timeout_ms":8000}' | field id)
    within 20 has_state alice "$id" running
    at=$(seconds)
    set_clock 86400
    sleep 2
    if (($(seconds) - at < 6)); then expect_equal "after the jump forward" running "$(state_of alice "$id")"; fi
    set_clock -86400
    within 30 has_ended alice "$id"
    set_clock 0
    expect_equal "its end" timed_out "$(state_of alice "$id")"
    (($(seconds) - at >= 7)) || die "it ended after $(($(seconds) - at)) s of 8"
}

# However far back the clock goes, a question is open no longer than it was to be: nobody can stretch it.
question_is_not_stretched() {
    with_settings 'approval-expiry = 10s'
    ask -- tac /etc/hostname
    set_clock -86400
    within 30 is_expired
    set_clock 0
    expect_equal "its run" expired "$(state_of alice "$run")"
}

is_expired() { [[ $(question_state) == expired ]]; }

# The time that people were shown is past, so it is over: also for one who was not quick enough.
question_ends_when_it_was_said_to() {
    with_settings 'approval-expiry = 1h'
    ask -- tac /etc/hostname
    set_clock 1800
    sleep 2
    expect_equal "half of its time later" pending "$(question_state)"
    set_clock 3700
    within 10 is_expired
    set_clock 0
    expect_equal "its run" expired "$(state_of alice "$run")"
}

# A clock that jumps is no process that hangs.
nobody_was_taken_for_dead() { expect_equal "supervisor" "$before" "$(supervisor)"; }

verifies() { owhalectl audit verify >/dev/null 2>&1; }

# Times in it go to and fro; its order and its hashes do not. What a jump of the clock left unsigned for more than ten seconds, by the
# clock, is doubtful until the next checkpoint.
log_is_whole() {
    within 60 verifies || true
    owhalectl audit verify
    log_events | jq -s -e 'map(.seq) | length > 20 and . == (sort | unique | reverse)'
}

systemctl start owhaled
within 60 answers
true_time=$(date +%s)
began=$(seconds)
before=$(supervisor)
check "clock: a run's time is its own, whatever the clock says" run_lasts_as_long_as_it_may
check "clock: owhaled is not taken for dead when it jumps" nobody_was_taken_for_dead
check "clock: set back, it stretches no question" question_is_not_stretched
check "clock: set forward, it ends a question at the time that people were told" question_ends_when_it_was_said_to
check "clock: the log is whole" log_is_whole
set_clock 0
back_to_the_defaults
