#!/bin/bash
# needs: make cc=gcc
. "$COMPAT_LIB/case.bash"

for n in 1 2 3 4 5 6; do
    echo "int part$n(void) { return $n; }" >"part$n.c"
done
echo 'int part1(void), part6(void); int main(void) { return part1() + part6() == 7 ? 0 : 1; }' >main.c
cat >Makefile <<'MAKE'
objects := $(patsubst %.c,%.o,$(wildcard *.c))
app: $(objects)
	$(CC) -o $@ $^
test: app
	+$(MAKE) --no-print-directory nested
nested:
	./app && echo tested
MAKE
caged -- make -j4 -s
same 'make test' tested "$(caged -- make -j2 -s test)"
same 'nothing to do' "make: 'app' is up to date." "$(make app)"
