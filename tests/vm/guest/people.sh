# People who decide, each with an account and a socket of their own, and what they are asked; the chief is the administrator.

conf=/etc/owhaled/owhaled.conf
shop=/home/alice/shop
install -d -o alice -g alice "$shop"

# Who sits at root's socket, at alice's (the human behind what her uid asks), at bob's.
declare -A seat=([chief]=root [owner]=alice [second]=bob)

# The token lies in a home apart, so that alice's own owhalectl goes on asking as her user id.
person() {
    local name=$1 home
    shift
    home=/var/tmp/person-$name
    install -d -m 700 -o "${seat[$name]}" -g "${seat[$name]}" "$home"
    (cd "$home" && HOME=$home exec setpriv --reuid "${seat[$name]}" --regid "${seat[$name]}" --init-groups \
        owhalectl "$@" <<<"words of my own")
}

add_person() {
    printf '%s\n' 'words of my own' 'words of my own' |
        HOME=/var/tmp/person-chief owhalectl users add "$1" --role approver --password-stdin
    person "$1" login "$1" --password-stdin
}

# with_settings LINE…: restarts owhaled with these. An emulated processor takes seconds for a password's usual price.
with_settings() {
    printf '%s\n' 'argon2-memory = 8M' 'argon2-passes = 1' "$@" >"$conf"
    systemctl restart owhaled || die "$(journalctl -q -u owhaled -n 9 --no-pager)"
    within 60 answers
}

back_to_the_defaults() {
    rm "$conf"
    systemctl restart owhaled
    within 60 answers
}

# Of those who are there already nobody comes twice.
people_come() {
    [[ ! -e /var/tmp/person-second ]] || return 0
    person chief setup --admin chief --password-stdin
    person chief login chief --password-stdin
    add_person owner
    add_person second
}

# ask [OPTION…] -- CMD…: a question of alice's that nobody stays for; sets run, approval and digest.
ask() {
    run=$(as alice owhalectl -q run -d -w "$shop" "$@")
    expect_equal "state" waiting_approval "$(state_of alice "$run")"
    approval=$(api alice "/v1/runs/$run" | field approval)
    digest=$(api alice "/v1/approvals/$approval" | field digest)
    expect_equal "digest's length" 64 "${#digest}"
}

agree() { person "$1" approve "$approval" --digest "$digest" --password-stdin; }

claim() { expect_equal "claimed" "$run" "$(as alice owhalectl -q approvals claim "$approval")"; }

is_over() { ! has_state alice "$run" "waiting_approval queued starting running"; }

question_state() { api alice "/v1/approvals/$approval" | field state; }

# Of those that wait, the first one's.
first_pending() { api alice '/v1/approvals?state=pending' | field approvals 0 "$1"; }
one_is_pending() { [[ $(api alice '/v1/approvals?state=pending' | field pending) == 1 ]]; }

# refused TEXT CMD…: it fails, and says so.
refused() {
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then die "not refused: $*: $said"; fi
    expect_has "refusal" "$text" "$said"
}
