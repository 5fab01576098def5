# A scoped run's network on the floor's kernel: its modules are loaded on demand, by whoever starts a run first.

tree=/srv/owhale-network
cp -r "$here/../tree" "$tree"

# play SCENE [CMD…]: as root, or rootless by a command that becomes another uid.
play() {
    local folder said scene=$1
    shift
    folder=$(mktemp -d /srv/owt-net.XXXXXX)
    chmod 755 "$folder"
    [[ $# == 0 ]] || chown 47001:47001 "$folder"
    said=$("$@" "$tree/build/tests/sandbox/escapes/escapes" "$tree/build/daemon/spawner/owhale-spawner" "$folder" \
        "--only=$scene" ${1:+--rootless} 2>&1) || die "$said"
    expect_has "the scene" ' 0 failed' "$said"
}

doctor_has_it() {
    local rows
    rows=$(api root /v1/doctor)
    for name in 'scoped network' 'transparent network (IPv4)' 'transparent network (IPv6)' nftables 'udp report'; do
        expect_equal "$name" ok "$(check_row "$name" <<<"$rows")"
    done
}

rootless=(setpriv --reuid 47001 --regid 47001 --clear-groups)
check "network: every packet of a rootless scoped run comes to the broker" play network "${rootless[@]}"
check "network: and of root's" play network
check "network: ports of a run" play ports
check "network: ports of a rootless run" play ports "${rootless[@]}"
check "network: the requester's ssh agent alone" play ssh-agents
systemctl start owhaled
within 60 answers
check "network: doctor says so" doctor_has_it
