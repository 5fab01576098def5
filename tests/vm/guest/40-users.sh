# Root's run, an ordinary user's, and what they see of each other.

run_as_itself() {
    local run
    run=$(as alice owhalectl run -- id -un)
    expect_equal "whoami" alice "$run"
}

exit_code_is_mine() {
    local status=0
    as alice owhalectl run -- sh -c 'exit 42' || status=$?
    expect_equal "exit code" 42 "$status"
}

root_is_not_root() {
    local uid
    uid=$(owhalectl run -- id -u)
    [[ $uid != 0 && -n $uid ]] || die "root's command ran as uid '$uid'"
    ! owhalectl run -- cat /etc/shadow || die "it read /etc/shadow"
}

anothers_run_is_404() {
    local id code
    id=$(start alice '{"argv":["true"],"wait":true}' | field id)
    [[ -n $id ]] || die "no run"
    code=$(as bob curl -s -o /dev/null -w '%{http_code}' --unix-socket "$socket" "http://localhost/v1/runs/$id")
    expect_equal "for bob" 404 "$code"
    expect_equal "for alice" exited "$(state_of alice "$id")"
}

homes_are_private() {
    echo secret >/home/bob/secret
    chmod 644 /home/bob/secret
    chmod 755 /home/bob
    [[ $(as alice cat /home/bob/secret) == secret ]] || die "the control failed: alice cannot read it uncaged"
    ! as alice owhalectl run -- cat /home/bob/secret || die "alice's cage shows bob's home"
}

check "an ordinary user's command runs as that user" run_as_itself
check "its exit code is handed on" exit_code_is_mine
check "root's command does not run as root" root_is_not_root
check "another's run answers 404" anothers_run_is_404
check "another's home is not in the cage" homes_are_private
