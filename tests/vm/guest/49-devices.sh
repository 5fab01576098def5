# Paired devices in strict mode. One that joined from elsewhere answers what its owner's own agent asks; one that joined on this
# machine lies where that agent can read it, and does not, wherever its key speaks from. Elsewhere is a network namespace: the
# kernel finds no socket of this one's at the other end. rules.toml asks about tac.

# shellcheck source=people.sh
. "$here/people.sh"
away="ip netns exec owhale-away"
address=https://10.77.0.1:7717

another_machine_is_there() {
    ip netns add owhale-away
    ip link add owhale-here type veth peer name owhale-there netns owhale-away
    ip addr add 10.77.0.1/24 dev owhale-here
    ip link set owhale-here up
    $away ip addr add 10.77.0.2/24 dev owhale-there
    $away ip link set owhale-there up
    systemctl stop owhaled-tcp.socket # another address is owhaled's own to listen on
    with_settings 'tls = on' 'tcp = 10.77.0.1:7717'
    people_come
    person owner whoami
}

# device NAME WHENCE… -- WORDS…: owhalectl with the key of that device.
device() {
    local home=/var/tmp/device-$1 whence=()
    shift
    while [[ $1 != -- ]]; do whence+=("$1") && shift; done
    shift
    (cd "$home" && exec "${whence[@]}" env HOME="$home" owhalectl "$@")
}

first_pairing() { person owner -o json pair ls | field pairings 0 "$1"; }
has_joined() { [[ $(first_pairing state) == joined ]]; }

# pair NAME WHENCE…
pair() {
    local name=$1 code joining
    code=$(person owner pair new --name "$name" --can approve --no-wait --password-stdin | grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}')
    device "$@" -- pair join "$address" <<<"$code" &
    joining=$!
    within 20 has_joined
    person owner pair confirm "$(first_pairing id)" --words "$(first_pairing words)" --password-stdin
    wait "$joining"
}

answer_by() { device "$@" -- --host "$address" approve "$approval" --digest "$digest"; }

one_from_elsewhere_answers_its_owners_agent() {
    install -d -m 700 /var/tmp/device-phone
    # shellcheck disable=SC2086 # words
    pair phone $away
    ask -- tac /etc/hostname
    refused 'another person' agree owner
    # shellcheck disable=SC2086 # words
    answer_by phone $away
    within 20 is_over
    expect_equal "the run" exited "$(state_of alice "$run")"
    expect_has "approved by" 'device:' "$(api alice "/v1/runs/$run" | field receipt approved_by)"
}

one_on_this_machine_does_not() {
    local as_alice=(setpriv --reuid alice --regid alice --init-groups)
    install -d -m 700 -o alice -g alice /var/tmp/device-laptop
    pair laptop "${as_alice[@]}"
    ask -- tac /etc/hostname
    refused 'another person' answer_by laptop "${as_alice[@]}"
    # What alice's agent could do with the file: carry it away.
    chown -R root: /var/tmp/device-laptop
    # shellcheck disable=SC2086 # words
    refused 'another person' answer_by laptop $away
    expect_equal "the question" pending "$(question_state)"
    agree second
    within 20 is_over
    expect_equal "the run" exited "$(state_of alice "$run")"
}

the_log_proves_the_answers() {
    local out
    out=$(owhalectl audit verify) || die "$out"
    expect_has "signed answers" '1 signed by devices' "$out"
}

as_it_was() {
    ip netns del owhale-away
    rm -r /var/tmp/device-*
    back_to_the_defaults
}

check "another machine is there, and owhaled listens for it" another_machine_is_there
check "strict: a device elsewhere answers what its owner's own agent asks" one_from_elsewhere_answers_its_owners_agent
check "strict: one on this machine does not, wherever its key is carried" one_on_this_machine_does_not
check "the log proves which answers a device gave" the_log_proves_the_answers
check "and all is as it was" as_it_was
