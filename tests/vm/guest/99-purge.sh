# The end of the package: purge leaves the audit log unless it was told otherwise, and what is installed again goes on with it.

state=/var/lib/owhaled

with_apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 "$@" 2>&1; }

purge_leaves_the_log_alone() {
    local out
    owhalectl secrets set VM_PURGED --stdin --no-host <<<"gone with the package"
    systemctl stop owhaled
    systemctl start owhaled-tcp.socket
    out=$(with_apt purge owhaled)
    ! systemctl -q is-active owhaled-tcp.socket || die "its TCP socket still listens"
    echo "$out"
    expect_has "what it says" "the audit log stays: $state/audit.db" "$out"
    [[ ! -e /etc/owhaled && ! -e $state/state.db && ! -e /var/lib/owhaled-accounts ]] || die "$(ls -la /etc/owhaled $state)"
    [[ -s $state/audit.db ]] || die "the log went"
    ! pgrep -x owhaled || die "it still runs"
    [[ ! -e /usr/bin/owhalectl ]] || die "its client is left"
}

# The log knows of a secret that nobody has any more, so the vault does not open without a word of root's; doctor says which.
installed_again_it_goes_on_with_the_log() {
    with_apt install "$here"/../next/owhaled_*.deb
    within 60 answers
    owhalectl audit verify
    expect_has "what helps" "owhalectl secrets rekey --accept" "$(cd /root && owhalectl doctor)"
    owhalectl secrets rekey --accept
}

doctor_is_green() {
    (cd /root && owhalectl doctor) || die "it lacks something"
    ! (cd /root && owhalectl -o json doctor) | grep '"state": *"missing"'
}

# Told so, it takes the log too; then nothing speaks of what was, and an installation is a first one.
purge_removes_the_log_when_told() {
    echo 'owhaled owhaled/purge-audit-log boolean true' | debconf-set-selections
    with_apt purge owhaled
    [[ ! -e $state && ! -e /var/lib/owhaled-anchor ]] || die "$(ls -la $state)"
}

# The client alone, for another machine's owhaled; one of its own takes its place.
client_gives_way() {
    with_apt install "$here"/../packages/owhalectl_*.deb
    expect_equal "it works without a daemon" 11 "$(
        owhalectl policy check -- rm -rf / >/dev/null
        echo $?
    )"
    [[ ! -e /usr/sbin/owhaled ]] || die "it brought the daemon"
    with_apt install "$here"/../packages/owhaled_*.deb
    within 60 answers
    ! dpkg-query -W -f '${db:Status-Status}\n' owhalectl | grep -x installed || die "both are installed"
    owhalectl version
}

check "purge leaves the audit log, and says where" purge_leaves_the_log_alone
check "installed again, owhaled goes on with that log" installed_again_it_goes_on_with_the_log
check "and doctor is green" doctor_is_green
check "purge removes the audit log when debconf was told so" purge_removes_the_log_when_told
check "owhaled takes the place of the client alone, and has it in it" client_gives_way
check "doctor is green then, too" doctor_is_green
