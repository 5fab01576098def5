# The machine itself is what the other tests take it for: the floor's kernel, with systemd and cgroup v2 alone.

kernel_is_the_floor() { expect_has "kernel" "6.1." "$(uname -r)"; }

cgroup_v2_has_the_controllers() {
    local name
    for name in cpu io memory pids; do
        expect_has "cgroup.controllers" "$name" "$(</sys/fs/cgroup/cgroup.controllers)"
    done
    expect_equal "cgroup file system" cgroup2fs "$(stat -f -c %T /sys/fs/cgroup)"
}

landlock_is_on() { expect_has "security modules" landlock "$(</sys/kernel/security/lsm)"; }

check "the kernel is Debian 12's own 6.1" kernel_is_the_floor
check "cgroup v2 alone, with cpu, io, memory and pids" cgroup_v2_has_the_controllers
check "Landlock is on" landlock_is_on
