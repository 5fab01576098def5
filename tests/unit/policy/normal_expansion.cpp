// Words: what an expansion is known to be.
#include "normal_rows.hpp"

namespace {

// Command, and the lines of `dump`: program, options | operands | accesses | host | env | code | via | fact.
// clang-format off
constexpr Row kRows[] = {
    {R"~(echo $HOME ~ ~/x ~root/x ~bob)~",
     R"~(echo | /home/user /home/user /home/user/x /root/x /home/bob | fact operand
)~"},
    {R"~(x=rm; $x -rf /)~",
     R"~(: | env x=rm | fact assignment
rm -r -f | / | remove:/:r | fact operand
)~"},
    {R"~(x=rm y=-rf; $x $y /)~",
     R"~(: | env x=rm y=-rf | fact assignment
rm -r -f | / | remove:/:r | fact operand
)~"},
    {R"~(a=r; b=m; $a$b x)~",
     R"~(: | env a=r | fact assignment
: | env b=m | fact assignment
rm | x | remove:/home/user/project/x | fact operand program.hidden
)~"},
    {R"~(a=/; b=etc; cat $a$b/passwd)~",
     R"~(: | env a=/ | fact assignment
: | env b=etc | fact assignment
cat | /etc/passwd | read:/etc/passwd | fact operand
)~"},
    {R"~(x='a b'; touch $x)~",
     R"~(: | env x=a b | fact assignment
touch | a b | write:/home/user/project/a change:/home/user/project/a write:/home/user/project/b change:/home/user/project/b | fact operand
)~"},
    {R"~(x='a b'; touch "$x")~",
     R"~(: | env x=a b | fact assignment
touch | a b | write:/home/user/project/a b change:/home/user/project/a b | fact operand
)~"},
    {R"~(x="*"; rm $x)~",
     R"~(: | env x=* | fact assignment
rm | * | remove:/home/user/project/* | fact operand
)~"},
    {R"~(rm *.txt)~",
     R"~(rm | *.txt | remove:/home/user/project/*.txt | fact operand
)~"},
    {R"~(rm "*.txt")~",
     R"~(rm | *.txt | remove:/home/user/project/*.txt | fact operand
)~"},
    {R"~(rm a?c [ab]*)~",
     R"~(rm | a?c ?* | remove:/home/user/project/a?c remove:/home/user/project/?* | fact operand
)~"},
    {R"~(rm {a,b}{1,2})~",
     R"~(rm | a1 a2 b1 b2 | remove:/home/user/project/a1 remove:/home/user/project/a2 remove:/home/user/project/b1 remove:/home/user/project/b2 | fact operand
)~"},
    {R"~(rm {1..3}.log)~",
     R"~(rm | 1.log 2.log 3.log | remove:/home/user/project/1.log remove:/home/user/project/2.log remove:/home/user/project/3.log | fact operand
)~"},
    {R"~(rm -r{f,v} x)~",
     R"~(rm -r -f -r -v | x | remove:/home/user/project/x:r | fact operand
)~"},
    {R"~(cat ${X:-/etc/passwd})~",
     R"~(cat | /etc/passwd | read:/etc/passwd | fact operand
)~"},
    {R"~(x=; cat ${x:-b})~",
     R"~(: | env x= | fact assignment
cat | b | read:/home/user/project/b | fact operand
)~"},
    {R"~(x=a; cat ${x:+/etc/shadow})~",
     R"~(: | env x=a | fact assignment
cat | /etc/shadow | read:/etc/shadow | fact operand
)~"},
    {R"~(x=file.tar.gz; rm ${x%.gz} ${x%%.*} ${x#*.} ${x##*.})~",
     R"~(: | env x=file.tar.gz | fact assignment
rm | file.tar file tar.gz gz | remove:/home/user/project/file.tar remove:/home/user/project/file remove:/home/user/project/tar.gz remove:/home/user/project/gz | fact operand
)~"},
    {R"~(x=abc; touch ${x/b/X} ${x//[ac]/_} ${x^^} ${x^} ${#x})~",
     R"~(: | env x=abc | fact assignment
touch | aXc _b_ ABC Abc 3 | write:/home/user/project/aXc change:/home/user/project/aXc write:/home/user/project/_b_ change:/home/user/project/_b_ write:/home/user/project/ABC change:/home/user/project/ABC write:/home/user/project/Abc change:/home/user/project/Abc write:/home/user/project/3 change:/home/user/project/3 | fact operand
)~"},
    {R"~(x=/etc/passwd; cat ${x:0:4}/shadow)~",
     R"~(: | env x=/etc/passwd | fact assignment
cat | /etc/shadow | read:/etc/shadow | fact operand
)~"},
    {R"~(${PATH:0:1}bin${PATH:0:1}ls)~",
     R"~(ls | fact bare program.hidden system.interpreter
)~"},
    {R"~(cat ${HOME:0:1}etc/passwd)~",
     R"~(cat | /etc/passwd | read:/etc/passwd | fact operand
)~"},
    {R"~(x=ABC; touch ${x,,})~",
     R"~(: | env x=ABC | fact assignment
touch | abc | write:/home/user/project/abc change:/home/user/project/abc | fact operand
)~"},
    {R"~(set -- a b c; rm $2 "$@" $#)~",
     R"~(set | -- a b c | fact operand
rm | b a b c 3 | remove:/home/user/project/b remove:/home/user/project/a remove:/home/user/project/b remove:/home/user/project/c remove:/home/user/project/3 | fact operand
)~"},
    {R"~(set -- a b; shift; rm $1)~",
     R"~(set | -- a b | fact operand
shift | fact bare
rm | b | remove:/home/user/project/b | fact operand
)~"},
    {R"~(f() { rm "$1" "$2"; }; f a b)~",
     R"~(f | a b | fact carries function.call operand
rm | a b | remove:/home/user/project/a remove:/home/user/project/b | via function | fact operand
)~"},
    {R"~(f() { local x=/; rm -rf $x; }; f)~",
     R"~(f | fact carries function.call
local | x=/ | env x=/ | via function | fact operand
rm -r -f | / | remove:/:r | via function | fact operand
)~"},
    {R"~(a=(one two three); rm ${a[1]} "${a[@]}")~",
     R"~(: | env a=… | fact assignment
rm | two one two three | remove:/home/user/project/two remove:/home/user/project/one remove:/home/user/project/two remove:/home/user/project/three | fact operand
)~"},
    {R"~(a=(x); a+=(y); rm ${a[*]})~",
     R"~(: | env a=… | fact assignment
: | env a=… | fact assignment
rm | x y | remove:/home/user/project/x remove:/home/user/project/y | fact operand
)~"},
    {R"~(a[2]=z; rm ${a[2]})~",
     R"~(: | env a=… | fact assignment
rm | z | remove:/home/user/project/z | fact operand
)~"},
    {R"~(rm $((1+2)) $((x=3)) $((2**3*2-1)))~",
     R"~(rm | 3 * 15 | remove:/home/user/project/3 remove:/home/user/project/* remove:/home/user/project/15 | fact operand
)~"},
    {R"~(i=3; i=$((i+1)); rm f$i)~",
     R"~(: | env i=3 | fact assignment
: | env i=4 | fact assignment
rm | f4 | remove:/home/user/project/f4 | fact operand
)~"},
    {R"~(read x <<< 'a b'; rm $x)~",
     R"~(read | x | fact operand
rm | a b | remove:/home/user/project/a remove:/home/user/project/b | fact operand
)~"},
    {R"~(read x y <<< 'a b'; rm $y)~",
     R"~(read | x y | fact operand
rm | b | remove:/home/user/project/b | fact operand
)~"},
    {R"~(printf -v x '%s' /etc; rm -rf $x)~",
     R"~(printf | -v x %s /etc | fact operand
rm -r -f | /etc | remove:/etc:r | fact operand
)~"},
    {R"~(x=$(echo /etc); rm -rf $x)~",
     R"~(: | env x=/etc | fact assignment
echo | /etc | via $() | fact operand
rm -r -f | /etc | remove:/etc:r | fact operand
)~"},
    {R"~(x=`echo /etc`; rm -rf $x)~",
     R"~(: | env x=/etc | fact assignment
echo | /etc | via $() | fact operand
rm -r -f | /etc | remove:/etc:r | fact operand
)~"},
    {R"~(rm $(echo a b))~",
     R"~(rm | a b | remove:/home/user/project/a remove:/home/user/project/b | fact operand
echo | a b | via $() | fact operand
)~"},
    {R"~(rm "$(echo a b)")~",
     R"~(rm | a b | remove:/home/user/project/a b | fact operand
echo | a b | via $() | fact operand
)~"},
    {R"~(rm $(cat list))~",
     R"~(rm | … | remove:… | fact operand operand.unknown option.unknown
cat | list | read:/home/user/project/list | via $() | fact operand
)~"},
    {R"~(rm $(find . -name '*.o'))~",
     R"~(rm | /home/user/project/…*.o | remove:/home/user/project/…*.o | fact operand
find -name=*.o | . | list:/home/user/project:r | via $() | fact operand
)~"},
    {R"~(rm $(which foo))~",
     R"~(rm | foo | remove:/home/user/project/foo | fact operand
which | foo | via $() | fact operand
)~"},
    {R"~(cd $(git rev-parse --show-toplevel) && rm -rf build)~",
     R"~(cd | /home/user/project | list:/home/user/project | fact operand
git rev-parse --show-toplevel | via $() | fact bare
rm -r -f | build | remove:/home/user/project/build:r | fact operand
)~"},
    {R"~(D=$(mktemp -d); rm -rf "$D")~",
     R"~(: | env D=/tmp/tmp.* | fact assignment
mktemp -d | via $() | fact bare
rm -r -f | /tmp/tmp.* | remove:/tmp/tmp.*:r | fact operand
)~"},
    {R"~(rm -rf /tmp/x-$(date +%s))~",
     R"~(rm -r -f | /tmp/x-* | remove:/tmp/x-*:r | fact operand
date | +%s | via $() | fact operand
)~"},
    {R"~(cat $(basename /a/b.txt) $(dirname /a/b.txt)/c)~",
     R"~(cat | b.txt /a/c | read:/home/user/project/b.txt read:/a/c | fact operand
basename | /a/b.txt | via $() | fact operand
dirname | /a/b.txt | via $() | fact operand
)~"},
    {R"~(for f in a b; do rm $f; done)~",
     R"~(rm | a | remove:/home/user/project/a | fact operand
rm | b | remove:/home/user/project/b | fact operand
)~"},
    {R"~(for f in *.c; do gcc -c $f -o ${f%.c}.o; done)~",
     R"~(gcc -c -o=*.c.o | *.c | write:/home/user/project/*.c.o read:/home/user/project/*.c | fact operand
)~"},
    {R"~(for f in $(ls); do rm $f; done)~",
     R"~(ls | via $() | fact bare
rm | * | remove:/home/user/project/* | fact operand
)~"},
    {R"~(for i in 1 2; do for j in a b; do rm $i$j; done; done)~",
     R"~(rm | 1a | remove:/home/user/project/1a | fact operand
rm | 1b | remove:/home/user/project/1b | fact operand
rm | 2a | remove:/home/user/project/2a | fact operand
rm | 2b | remove:/home/user/project/2b | fact operand
)~"},
    {R"~(for d in /etc /home; do rm -rf $d/x; done)~",
     R"~(rm -r -f | /etc/x | remove:/etc/x:r | fact operand
rm -r -f | /home/x | remove:/home/x:r | fact operand
)~"},
    {R"~(while read f; do rm "$f"; done < list)~",
     R"~(: | read:/home/user/project/list | fact assignment
read | f | fact operand
rm | … | remove:… | fact operand operand.unknown option.unknown stdin.secret
)~"},
    {R"~(find . -name '*.o' | while read f; do rm "$f"; done)~",
     R"~(find -name=*.o | . | list:/home/user/project:r | fact operand
read | f | fact operand
rm | /home/user/project/…*.o | remove:/home/user/project/…*.o | fact operand
)~"},
    {R"~(if [ -f x ]; then d=/; else d=/tmp/x; fi; rm -rf $d)~",
     R"~([ -f | x ] | fact operand
: | env d=/ | fact assignment
: | env d=/tmp/x | fact assignment
rm -r -f | / | remove:/:r | fact operand
rm -r -f | /tmp/x | remove:/tmp/x:r | fact operand
)~"},
    {R"~(d=/; false && d=/tmp; rm -rf $d)~",
     R"~(: | env d=/ | fact assignment
false | fact bare
: | env d=/tmp | fact assignment
rm -r -f | /tmp | remove:/tmp:r | fact operand
rm -r -f | / | remove:/:r | fact operand
)~"},
    {R"~(d=/tmp/x; true || d=/; rm -rf $d)~",
     R"~(: | env d=/tmp/x | fact assignment
true | fact bare
: | env d=/ | fact assignment
rm -r -f | / | remove:/:r | fact operand
rm -r -f | /tmp/x | remove:/tmp/x:r | fact operand
)~"},
    {R"~(case $x in a) d=/;; b) d=/tmp;; esac; rm -rf "$d")~",
     R"~(: | env d=/ | fact assignment
: | env d=/tmp | fact assignment
rm -r -f | / | remove:/:r | fact operand
rm -r -f | /tmp | remove:/tmp:r | fact operand
rm -r -f | fact operand
)~"},
    {R"~(x=a; case $x in a) rm A;; b) rm B;; esac)~",
     R"~(: | env x=a | fact assignment
rm | A | remove:/home/user/project/A | fact operand
)~"},
    {R"~(case start in st*) rm A;; *) rm B;; esac)~",
     R"~(rm | A | remove:/home/user/project/A | fact operand
)~"},
    {R"~((d=/); rm -rf $d/x)~",
     R"~(: | env d=/ | fact assignment
rm -r -f | …/x | remove:…/x:r | fact operand operand.unknown option.unknown
)~"},
    {R"~(d=/tmp; (d=/; rm -rf $d); rm -rf $d)~",
     R"~(: | env d=/tmp | fact assignment
: | env d=/ | fact assignment
rm -r -f | / | remove:/:r | fact operand
rm -r -f | /tmp | remove:/tmp:r | fact operand
)~"},
    {R"~({ d=/; }; rm -rf $d)~",
     R"~(: | env d=/ | fact assignment
rm -r -f | / | remove:/:r | fact operand
)~"},
    {R"~(d=/ true; rm -rf $d)~",
     R"~(true | env d=/ | fact bare
rm -r -f | … | remove:…:r | fact operand operand.unknown option.unknown
)~"},
    {R"~(export D=/etc; rm -rf $D)~",
     R"~(export | D=/etc | env D=/etc | fact operand
rm -r -f | /etc | remove:/etc:r | fact operand
)~"},
    {R"~(declare D=/etc; rm -rf $D)~",
     R"~(declare | D=/etc | env D=/etc | fact operand
rm -r -f | /etc | remove:/etc:r | fact operand
)~"},
    {R"~(unset D; rm -rf $D/x)~",
     R"~(unset | D | env D= | fact operand
rm -r -f | /x | remove:/x:r | fact operand
)~"},
    {R"~(rm -rf "$UNSET/bin")~",
     R"~(rm -r -f | …/bin | remove:…/bin:r | fact operand operand.unknown option.unknown
)~"},
    {R"~(rm -rf $UNSET)~",
     R"~(rm -r -f | … | remove:…:r | fact operand operand.unknown option.unknown
)~"},
    {R"~(IFS=:; x=a:b; rm $x)~",
     R"~(: | env IFS=: | fact assignment
: | env x=a:b | fact assignment
rm | a b | remove:/home/user/project/a remove:/home/user/project/b | fact operand
)~"},
    {R"~(rm${IFS}-rf${IFS}/)~",
     R"~(rm -r -f | / | remove:/:r | fact operand
)~"},
    {R"~({rm,-rf,/})~",
     R"~(rm -r -f | / | remove:/:r | fact operand program.hidden
)~"},
    {R"~($'\x72\x6d' -rf /)~",
     R"~(rm -r -f | / | remove:/:r | fact operand program.hidden
)~"},
    {R"~(x=rm\ -rf\ /; $x)~",
     R"~(: | env x=rm -rf / | fact assignment
rm -r -f | / | remove:/:r | fact operand
)~"},
    {R"~(x='rm -rf /'; eval $x)~",
     R"~(: | env x=rm -rf / | fact assignment
eval | rm -rf / | code sh | fact carries operand
rm -r -f | / | remove:/:r | via eval | fact operand
)~"},
    {R"~(x='rm -rf /'; eval "$x")~",
     R"~(: | env x=rm -rf / | fact assignment
eval | rm -rf / | code sh | fact carries operand
rm -r -f | / | remove:/:r | via eval | fact operand
)~"},
    {R"~(eval 'x=/'; rm -rf $x)~",
     R"~(eval | x=/ | code sh | fact carries operand
: | env x=/ | via eval | fact assignment
rm -r -f | / | remove:/:r | fact operand
)~"},
    {R"~(x=HOME; cat ${!x}/a)~",
     R"~(: | env x=HOME | fact assignment
cat | /home/user/a | read:/home/user/a | fact operand
)~"},
    {R"~(cd /etc; rm passwd)~",
     R"~(cd | /etc | list:/etc | fact operand
rm | passwd | remove:/etc/passwd | fact operand
)~"},
    {R"~(cd /etc && rm passwd)~",
     R"~(cd | /etc | list:/etc | fact operand
rm | passwd | remove:/etc/passwd | fact operand
)~"},
    {R"~((cd /etc); rm passwd)~",
     R"~(cd | /etc | list:/etc | fact operand
rm | passwd | remove:/home/user/project/passwd | fact operand
)~"},
    {R"~(cd /etc && cd .. && rm -rf tmp)~",
     R"~(cd | /etc | list:/etc | fact operand
cd | .. | list:/ | fact operand
rm -r -f | tmp | remove:/tmp:r | fact operand
)~"},
    {R"~(cd /tmp; cd -; rm x)~",
     R"~(cd | /tmp | list:/tmp | fact operand
cd | - | list:/home/user/project | fact operand
rm | x | remove:/home/user/project/x | fact operand
)~"},
    {R"~(pushd /etc; rm a; popd; rm b)~",
     R"~(pushd | /etc | list:/etc | fact operand
rm | a | remove:/etc/a | fact operand
popd | fact bare
rm | b | remove:/home/user/project/b | fact operand
)~"},
    {R"~(cd $UNKNOWN && rm -rf build)~",
     R"~(cd | … | list:/home/user/project/… | fact operand
rm -r -f | build | remove:/home/user/project/…/build:r | fact operand
)~"},
    {R"~(cd "$UNKNOWN"/.. && rm -rf build)~",
     R"~(cd | …/.. | list:…/.. | fact operand
rm -r -f | build | remove:…/../build:r | fact operand
)~"},
    {R"~(cd; rm x)~",
     R"~(cd | list:/home/user | fact bare
rm | x | remove:/home/user/x | fact operand
)~"},
    {R"~(false && cd /; rm -rf x)~",
     R"~(false | fact bare
cd | / | list:/ | fact operand
rm -r -f | x | remove:/x:r | fact operand
)~"},
    {R"~(for i in 1 2 3 4; do cd ..; done; rm -rf x)~",
     R"~(cd | .. | list:/home/user | fact operand
cd | .. | list:/home | fact operand
cd | .. | list:/ | fact operand
cd | .. | list:/ | fact operand
rm -r -f | x | remove:/x:r | fact operand
)~"},
    {R"~(while :; do cd ..; done; rm -rf x)~",
     R"~(: | fact loop.endless
cd | .. | list:/home/user | fact loop.endless operand
rm -r -f | x | remove:/home/user/project/x:r remove:…/x:r | fact operand
)~"},
    {R"~(mapfile -t a < list; rm "${a[@]}")~",
     R"~(mapfile | -t a | read:/home/user/project/list | fact operand
rm | … | remove:… | fact operand operand.unknown option.unknown
)~"},
    {R"~(set -- $(ls); rm "$1")~",
     R"~(set | -- * | fact operand
ls | via $() | fact bare
rm | * | remove:/home/user/project/* | fact operand
)~"},
    {R"~(rm "$1")~",
     R"~(rm | … | remove:… | fact operand operand.unknown option.unknown
)~"},
    {R"~(: ${x:=/etc}; rm -rf $x)~",
     R"~(: | /etc | fact operand
rm -r -f | /etc | remove:/etc:r | fact operand
)~"},
    {R"~(x+=a; x+=b; rm $x)~",
     R"~(: | env x=a | fact assignment
: | env x=ab | fact assignment
rm | ab | remove:/home/user/project/ab | fact operand
)~"},
    {R"~(x=1; ((x++)); rm f$x)~",
     R"~(: | env x=1 | fact assignment
rm | f* | remove:/home/user/project/f* | fact operand
)~"},
    {R"~(cat <<< $HOME)~",
     R"~(cat | fact bare
)~"},
    {R"~(select x in a b; do rm $x; done)~",
     R"~(rm | * | remove:/home/user/project/* | fact operand
)~"},
    {R"~(until false; do ls; done)~",
     R"~(false | fact bare loop.endless
ls | fact bare loop.endless
)~"},
    {R"~(for ((i=0;i<3;i++)); do rm f$i; done)~",
     R"~(rm | f* | remove:/home/user/project/f* | fact operand
)~"},
    {R"~([[ -f $(rm x) ]])~",
     R"~(rm | x | remove:/home/user/project/x | via $() | fact operand
)~"},
    {R"~((( $(rm x) )))~",
     R"~(rm | x | remove:/home/user/project/x | via $() | fact operand
)~"},
    {R"~(echo ${x[$(rm y)]})~",
     R"~(echo | … | fact operand option.unknown
rm | y | remove:/home/user/project/y | via $() | fact operand
)~"},
    {R"~(function g { rm a; }; g)~",
     R"~(g | fact carries function.call
rm | a | remove:/home/user/project/a | via function | fact operand
)~"},
    {R"~(h() { rm b; })~",
     R"~(rm | b | remove:/home/user/project/b | via function | fact operand
)~"},
};
// clang-format on

} // namespace

TEST_CASE("normal form: words are expanded as far as they are known") {
    check_rows(kRows);
}
