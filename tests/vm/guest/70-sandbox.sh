# The sandbox suite of tests/sandbox, on the floor's kernel and with its full cgroup v2.

suite_passes() {
    cp -r "$here/../tree" /srv/owhale
    OWHALE_BUILD=/srv/owhale/build /srv/owhale/tests/sandbox/run | grep -vE '^(ok|skip) '
}

check "tests/sandbox passes on this kernel" suite_passes
