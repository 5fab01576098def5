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

# In the cgroup of owhaled's service, wherever who asked has logged in; nothing of theirs is lord of it there.
cgroup_is_owhaleds() {
    local slice id word=owhale-vm-slice-$$ folder
    slice=user-$(id -u alice).slice
    id=$(systemd-run -q --wait --pipe --collect --slice "$slice" --uid alice --working-directory /home/alice \
        owhalectl -q run -d -- bash -c "exec -a $word sleep 900")
    within 20 running_with "^$word"
    folder=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pgrep -f "^$word" | head -n 1)/cgroup")
    expect_has "its cgroup" /system.slice/owhaled.service/ "$folder"
    for file in memory.max pids.max cgroup.freeze cgroup.kill cgroup.procs; do
        [[ -e $folder/$file ]] || die "no $folder/$file"
        ! as alice sh -c "echo 1 >$folder/$file" || die "alice herself can write $file"
    done
    systemctl kill --signal KILL "$slice" || true
    expect_equal "after the end of all that alice has" running "$(state_of alice "$id")"
    as alice owhalectl runs kill --grace 0 "$id"
}

# A group lets in who is in it when they connect, and nobody else.
group_lets_in() {
    groupadd owhale-vm
    useradd --create-home --groups owhale-vm carol
    useradd --create-home dave
    owhalectl setup --allow @owhale-vm:agent
    expect_equal "who is in the group" carol "$(as carol owhalectl run -- id -un)"
    expect_equal "who is in no group" forbidden "$(start dave '{"argv":["true"],"wait":true}' | field code)"
    expect_equal "nor sees anything" forbidden "$(api dave /v1/runs | field code)"
    gpasswd -d carol owhale-vm
    expect_equal "who is in it no more" forbidden "$(start carol '{"argv":["true"],"wait":true}' | field code)"
}

# The socket itself can be a group's: owhaled does not hear of the others.
socket_is_a_group_s() {
    gpasswd -a carol owhale-vm
    mkdir -p "$(dirname $socket_drop_in)"
    printf '[Socket]\nSocketMode=0660\nSocketGroup=owhale-vm\n' >$socket_drop_in
    restart_both
    expect_equal "the socket" "660 owhale-vm" "$(stat -c '%a %G' "$socket")"
    expect_equal "who is in the group" carol "$(as carol owhalectl run -- id -un)"
    ! as dave curl -s --unix-socket "$socket" http://localhost/v1/health || die "who is in no group got an answer"
}

socket_drop_in=/run/systemd/system/owhaled.socket.d/test.conf

restart_both() {
    systemctl daemon-reload
    systemctl stop owhaled.socket owhaled
    systemctl start owhaled.socket owhaled
    within 60 answers
}

socket_is_everybody_s_again() {
    rm $socket_drop_in
    restart_both
    expect_equal "the socket" "666 root" "$(stat -c '%a %G' "$socket")"
    userdel -r carol 2>/dev/null
    userdel -r dave 2>/dev/null
    owhalectl setup --forget @owhale-vm
    groupdel owhale-vm
}

check "an ordinary user's command runs as that user" run_as_itself
check "its exit code is handed on" exit_code_is_mine
check "root's command does not run as root" root_is_not_root
check "another's run answers 404" anothers_run_is_404
check "another's home is not in the cage" homes_are_private
check "a run is in owhaled's cgroup, out of reach of who asked for it" cgroup_is_owhaleds
check "an account is let in by its group; who is in none is refused" group_lets_in
check "the socket can be a group's alone" socket_is_a_group_s
check "and everybody's again" socket_is_everybody_s_again
