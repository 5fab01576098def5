# The sandbox suite of tests/sandbox, on the floor's kernel and with its full cgroup v2: for a requester's and for a rootless
# run, in which the kernels differ; by name (tests/vm/run 70-sandbox) in its four modes, which takes twice as long.

suite_passes() {
    local modes=(--mode user --mode rootless)
    [[ $(<"$here/wanted") != 70-sandbox ]] || modes=()
    cp -r "$here/../tree" /srv/owhale
    OWHALE_BUILD=/srv/owhale/build /srv/owhale/tests/sandbox/run "${modes[@]}" | grep -vE '^(ok|skip) '
}

check "tests/sandbox passes on this kernel" suite_passes
