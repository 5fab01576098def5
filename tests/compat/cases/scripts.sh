#!/bin/bash
# needs: python3 perl
. "$COMPAT_LIB/case.bash"

cat >split.py <<'PY'
#!/usr/bin/env -S python3 -u -X utf8
import sys
print(sys.flags.utf8_mode, sys.argv[1:])
PY
cat >args.sh <<'SH'
#!/bin/sh -e
echo "$0: $*"
SH
cat >interpreter <<'SH'
#!/bin/bash
echo "interpreted $(basename "$1") with ${*:2}"
SH
printf '#!%s/interpreter\nnot shell at all\n' "$PWD" >nested
printf '#!%s/nested\ndeeper\n' "$PWD" >deeper
printf '#!/usr/bin/perl -w\nprint "perl @ARGV\\n";\n' >say.pl
chmod +x split.py args.sh interpreter nested deeper say.pl

same 'env -S' "1 ['a b', 'c']" "$(caged -- ./split.py 'a b' c)"
# In the cage a relative name is resolved before the run, so $0 is the absolute one: the same file.
got=$(caged -- ./args.sh x y)
same 'relative path' "$PWD/args.sh: x y" "${got/#.\//$PWD/}"
same 'absolute path' "$PWD/args.sh: x" "$(caged -- "$PWD/args.sh" x)"
same nested 'interpreted nested with one' "$(caged -- ./nested one)"
same 'nested twice' "interpreted nested with $PWD/deeper two" "$(caged -- "$PWD/deeper" two)"
same perl 'perl 1 2' "$(caged -- ./say.pl 1 2)"
same 'from PATH' "$PWD/args.sh: z" "$(PATH="$PWD:$PATH" caged -- args.sh z)"
same 'from a shell' './args.sh: q' "$(caged -- bash -c './args.sh q')"

# What was copied to be run does not hide the file from the next edit.
caged -- sh -c 'printf "#!/bin/sh\necho edited\n" >args.sh'
same edited edited "$(caged -- ./args.sh)"
