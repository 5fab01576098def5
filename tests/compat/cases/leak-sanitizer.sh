#!/bin/bash
# needs: cc=gcc
. "$COMPAT_LIB/case.bash"

cat >leak.c <<'C'
#include <stdlib.h>
#include <string.h>
int main(void) {
  char *volatile lost = malloc(1234);
  memset(lost, 1, 1234);
  lost = 0;
  return 0;
}
C
caged -- cc -g -fsanitize=address,undefined -o leak leak.c
status=0
got=$(caged -- ./leak 2>&1) || status=$?
[[ $status != 0 ]] || fail 'the leak was not found'
has report 'detected memory leaks' "$got"
has size '1234 byte(s)' "$got"

echo 'int main(void) { return 0; }' >clean.c
caged -- sh -c 'cc -fsanitize=address -o clean clean.c && ./clean'
