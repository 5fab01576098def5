# The end of the package: purge leaves the audit log unless it was told otherwise, and what is installed again goes on with it.

state=/var/lib/owhaled

purge() { DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 purge owhaled 2>&1; }

purge_leaves_the_log_alone() {
    local out
    systemctl stop owhaled
    systemctl start owhaled-tcp.socket
    out=$(purge)
    ! systemctl -q is-active owhaled-tcp.socket || die "its TCP socket still listens"
    echo "$out"
    expect_has "what it says" "the audit log stays: $state/audit.db" "$out"
    [[ ! -e /etc/owhaled && ! -e $state/state.db && ! -e /var/lib/owhaled-accounts ]] || die "$(ls -la /etc/owhaled $state)"
    [[ -s $state/audit.db ]] || die "the log went"
    ! pgrep -x owhaled || die "it still runs"
}

installed_again_it_goes_on_with_the_log() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install "$here"/../next/*.deb
    within 60 answers
    owhalectl audit verify
}

purge_removes_the_log_when_told() {
    echo 'owhaled owhaled/purge-audit-log boolean true' | debconf-set-selections
    purge
    [[ ! -e $state && ! -e /var/lib/owhaled-anchor ]] || die "$(ls -la $state)"
}

check "purge leaves the audit log, and says where" purge_leaves_the_log_alone
check "installed again, owhaled goes on with that log" installed_again_it_goes_on_with_the_log
check "purge removes the audit log when debconf was told so" purge_removes_the_log_when_told
