#!/bin/bash
# needs: gdb cc=gcc
. "$COMPAT_LIB/case.bash"

cat >crash.c <<'C'
static int deepest(int *p) { return *p; }
int middle(int *p) { return deepest(p) + 1; }
int main(void) { return middle(0); }
C
cc -g -O0 -o crash crash.c
got=$(caged -- gdb -nx -batch -ex run -ex bt -ex 'print 6*7' ./crash 2>&1)
has signal SIGSEGV "$got"
has backtrace 'in middle (p=0x0) at crash.c:2' "$got"
has print '= 42' "$got"
got=$(caged -- gdb -nx -batch -ex 'break middle' -ex run -ex 'info args' ./crash 2>&1)
has breakpoint 'p = 0x0' "$got"
