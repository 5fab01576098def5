# The end of the package: purge leaves the audit log unless it was told otherwise, and what is installed again goes on with it.

state=/var/lib/owhaled

purge_leaves_the_log_alone() {
    local out
    owhalectl secrets set VM_PURGED --stdin --no-host <<<"gone with the package"
    systemctl stop owhaled
    systemctl start owhaled-tcp.socket
    out=$(dpkg --purge owhaled 2>&1)
    ! systemctl -q is-active owhaled-tcp.socket || die "its TCP socket still listens"
    echo "$out"
    expect_has "what it says" "the audit log stays: $state/audit.db" "$out"
    [[ ! -e /etc/owhaled && ! -e $state/state.db && ! -e /var/lib/owhaled-accounts ]] || die "$(ls -la /etc/owhaled $state)"
    [[ -s $state/audit.db ]] || die "the log went"
    ! pgrep -x owhaled || die "it still runs"
    [[ ! -e /usr/bin/owhalectl ]] || die "its client is left"
}

# For a machine that works with another's owhaled.
client_is_enough_for_some() {
    local status=0
    dpkg -i "$here"/../packages/owhalectl_*.deb
    owhalectl policy check -- rm -rf / || status=$?
    expect_equal "it works without a daemon" 11 "$status"
    [[ ! -e /usr/sbin/owhaled ]] || die "it brought the daemon"
}

# The log knows of a secret that nobody has any more, so the vault does not open without a word of root's; doctor says which.
installed_again_it_goes_on_with_the_log() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install "$here"/../next/owhaled_*.deb
    ! dpkg-query -W -f '${db:Status-Status}\n' owhalectl | grep -x installed || die "the client alone is installed beside it"
    within 60 answers
    owhalectl audit verify
    expect_has "what helps" "owhalectl secrets rekey --accept" "$(cd /root && owhalectl doctor)"
    owhalectl secrets rekey --accept
}

doctor_is_green() {
    (cd /root && owhalectl doctor) || die "it lacks something"
    ! (cd /root && owhalectl -o json doctor) | grep '"state": *"missing"'
}

purge_removes_the_log_when_told() {
    echo 'owhaled owhaled/purge-audit-log boolean true' | debconf-set-selections
    dpkg --purge owhaled
    [[ ! -e $state && ! -e /var/lib/owhaled-anchor ]] || die "$(ls -la $state)"
}

check "purge leaves the audit log, and says where" purge_leaves_the_log_alone
check "the client alone can be installed, and works" client_is_enough_for_some
check "owhaled takes its place, and goes on with that log" installed_again_it_goes_on_with_the_log
check "and doctor is green" doctor_is_green
check "purge removes the audit log when debconf was told so" purge_removes_the_log_when_told
