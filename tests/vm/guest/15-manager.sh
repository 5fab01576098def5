# What systemd does for owhaled: it holds the sockets, watches over it, keeps its key, its hardening and its lines.

drop_in=/run/systemd/system/owhaled.service.d/test.conf

# with LINE…: restarts owhaled with these in its unit.
with() {
    mkdir -p "$(dirname $drop_in)"
    printf '%s\n' '[Service]' "$@" >$drop_in
    systemctl daemon-reload
    systemctl restart owhaled
    within 60 answers
}

as_before() {
    rm -f $drop_in
    systemctl daemon-reload
    systemctl restart owhaled
    within 60 answers
}

socket_is_the_managers() {
    expect_equal "owhaled.socket" active "$(systemctl is-active owhaled.socket)"
    expect_has "it triggers" owhaled.socket "$(systemctl show -p TriggeredBy --value owhaled)"
    expect_equal "its mode" "666 root root" "$(stat -c '%a %U %G' "$socket")"
    # The one that systemd listens on is the one that the spawner accepts on.
    expect_has "the listener's holders" owhale-spawner "$(ss -xlp "src = $socket")"
    expect_has "the listener's holders" systemd "$(ss -xlp "src = $socket")"
}

# The first makes it start; the others wait meanwhile.
nobody_is_turned_away() {
    local i asking=()
    systemctl stop owhaled
    for i in 1 2 3 4 5; do
        curl -sf --max-time 120 --unix-socket "$socket" http://localhost/v1/health &
        asking+=($!)
    done
    systemctl restart owhaled
    for i in "${asking[@]}"; do wait "$i" || die "one who asked during a restart got no answer"; done
    expect_equal "state" active "$(systemctl is-active owhaled)"
}

tcp_is_handed_over_too() {
    systemctl stop owhaled
    systemctl start owhaled-tcp.socket
    systemctl start owhaled
    within 60 answers
    expect_has "the listener's holders" owhale-spawner "$(ss -tlp 'sport = :7717')"
    expect_has "the listener's holders" systemd "$(ss -tlp 'sport = :7717')"
    systemctl stop owhaled owhaled-tcp.socket
    systemctl start owhaled
    within 60 answers
}

another_path_is_refused() {
    mkdir -p "$(dirname $drop_in)"
    printf '[Service]\nEnvironment=OWHALE_SOCKET=/run/owhaled/other.sock\n' >$drop_in
    systemctl daemon-reload
    ! systemctl restart owhaled || die "it serves on a socket that is not the setting's"
    systemctl stop owhaled owhaled.socket
    expect_has "why" "the setting socket is /run/owhaled/other.sock" "$(journalctl -u owhaled -p err -n 20 --no-pager)"
}

# A spawner that hangs, without dying: both are killed and start again, and its run is closed as after a crash.
hung_spawner_is_noticed() {
    local id before
    with WatchdogSec=15
    id=$(start alice '{"argv":["sleep","1000"],"detach":true}' | field id)
    within 20 has_state alice "$id" running
    before=$(supervisor)
    kill -STOP "$(spawner)"
    within 90 has_new_supervisor "$before"
    within 60 answers
    # On a slow machine the new one may miss its watchdog, too.
    (($(systemctl show -p NRestarts --value owhaled) >= 1)) || die "it is not the manager that started it again"
    expect_has "journal" "watchdog" "$(journalctl -u owhaled -n 60 --no-pager | tr '[:upper:]' '[:lower:]')"
    ! has_state alice "$id" "queued starting running" || die "its run is said to go on"
    expect_has "the log" daemon.crashed "$(api root '/v1/audit?limit=50')"
}

has_new_supervisor() { [[ $(supervisor) != "$1" && $(supervisor) != 0 ]]; }

vault_of_doctor() {
    local said
    said=$(api root /v1/doctor)
    grep -o '[0-9]* secrets, key [^,]*, from [^"]*' <<<"$said" || {
        echo "doctor says of the vault: ${said#*'"name":"vault"'}" >&2
        return 1
    }
}

# The steps of owhaled.8.
key_can_be_encrypted() {
    local before after
    before=$(vault_of_doctor)
    systemd-creds encrypt --name=owhaled-vault-key /etc/owhaled/vault.key /etc/owhaled/vault-key.cred
    mv /etc/owhaled/vault.key /root/vault.key
    with LoadCredentialEncrypted=owhaled-vault-key:/etc/owhaled/vault-key.cred
    after=$(vault_of_doctor)
    [[ ! -e /etc/owhaled/vault.key ]] || die "a key file was made beside the credential"
    mv /root/vault.key /etc/owhaled/vault.key
    expect_has "where from" "from the file" "$before"
    expect_equal "the vault" "${before%from *}from the credential owhaled-vault-key" "$after"
}

# Never worse than what tests/systemd/score keeps.
is_as_hardened_as_ever() {
    local now
    now=$(systemd-analyze security --no-pager owhaled | grep -o 'exposure level.*: [0-9.]*' | grep -o '[0-9.]*$')
    echo "systemd-analyze security owhaled: $now"
    jq -n -e --argjson now "$now" --argjson kept "$(<"$here/score")" '$now <= $kept' ||
        die "exposure $now; it was $(<"$here/score")"
}

lines_have_their_weight() {
    journalctl -u owhaled -p warning --no-pager -o cat | grep -q 'ended; every run is ended' ||
        die "$(journalctl -u owhaled -n 30 -o verbose --no-pager)"
    ! journalctl -u owhaled -p warning --no-pager -o cat | grep -q 'owhaled serves' || die "news is told as a warning"
    ! journalctl _COMM=owhaled -o cat --no-pager | grep -qE '^<[0-7]>' || die "a prefix stands in the text"
}

crash_is_a_warning() {
    kill -KILL "$(spawner)"
    within 60 answers
    within 30 lines_have_their_weight
}

systemctl start owhaled
within 60 answers
check "systemd holds the socket that the spawner accepts on" socket_is_the_managers
check "nobody who connects during a restart is turned away" nobody_is_turned_away
check "TCP is handed over where owhaled-tcp.socket is on" tcp_is_handed_over_too
check "a socket that is not the setting's is refused, and the journal says why" another_path_is_refused
check "a spawner that hangs is noticed, and its run closed" hung_spawner_is_noticed
as_before
check "the master key can be a credential that systemd encrypts" key_can_be_encrypted
as_before
check "owhaled is as hardened as it ever was ($(<"$here/score"))" is_as_hardened_as_ever
check "journalctl -p warning finds warnings, and no news" crash_is_a_warning
