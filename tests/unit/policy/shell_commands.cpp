// Lists, pipelines, redirections, here-documents, assignments and compound commands.
#include <doctest/doctest.h>

#include "shell_tree.hpp"

using namespace owhale::policy::shell;

TEST_CASE("lists and pipelines") {
    check({
        {"", ""},
        {" \n # only a comment\n", ""},
        {"a;b\nc&d", "a; b; c &; d"},
        {"a&&b||c", "a && b || c"},
        {"a &&\n\n b |\n c", "a && b | c"},
        {"a|b|&c", "a | b |& c"},
        {"! a | b; !\n! ! a; !(a)", "! a | b; ! ; a; ! sub (a)"},
        {"time a; time -p a | b; time -- a; time; time ! a; a | time b",
         "time a; time a | b; time a; time ; time ! a; a | time b"},
        {"a # b; c\nd;#e\nf#g", "a; d; f#g"},
        {"a \\\n-b", "a -b"},
        {"a 'b\nc' d", "a 'b\nc' d"},
        {"a -- {\nb }", "a -- {; b }"},
        {"if=1 a; echo if then fi", "if=1 a; echo if then fi"},
        {"\\if a; 'if' b; i\"f\" c", "'i'f a; 'if' b; i'f' c"},
        {">x if a", "if a >x"},
        {"a\r\nb", "a\r; b"},
    });
}

TEST_CASE("redirections stand anywhere in a command, and its words stay its words") {
    check({
        {"rm 2>/dev/null -rf /", "rm -rf / 2>/dev/null"},
        {">x rm -rf /", "rm -rf / >x"},
        {"2>&1 rm>a<b -rf>>c /", "rm -rf / 2>&1 >a <b >>c"},
        {"a 2 >b 2>c c2>d 22>e", "a 2 c2 >b 2>c >d 22>e"},
        {"a >|b <>c 3<&4 5>&- >&f &>g &>>h <&-", "a >|b <>c 3<&4 5>&- >&f &>g &>>h <&-"},
        {"a {fd}>b {x}<&- {a,b}>c", "a {a|b} {fd}>b {x}<&- >c"},
        {"a <<<b <<< \"c $d\" <<<$e", "a <<<b <<<'c '\"${d}\" <<<${e}"},
        {"a > \\\nb", "a >b"},
        {"a >$(rm x) 2>\"$y\"", "a >$[rm x] 2>\"${y}\""},
        {"{ a; } >b 2>&1; (a)<b; if a; then b; fi >c", "group (a) >b 2>&1; sub (a) <b; if (a) (b) >c"},
        {"a&>b; a& >b", "a &>b; a &; >b"},
        {"a > >(b)", "a >>[b]"},
        {"/dev/tcp/1 </dev/tcp/h/1 0>&5-", "/dev/tcp/1 </dev/tcp/h/1 0>&5-"},
    });
}

TEST_CASE("here-documents: quoted is data, unquoted is expanded") {
    check({
        {"cat <<E\na $(rm x) `rm y` ${z} \\$w \"q\"\nE\n",
         "cat <<'a '\"$[rm x]\"' '\"$[rm y]\"' '\"${z}\"' $w \"q\"\n'"},
        {"cat <<'E'\n$(rm x)\nE\n", "cat <<'$(rm x)\n'"},
        {"cat <<\\E\n$(rm x)\nE\n", "cat <<'$(rm x)\n'"},
        {"cat <<E\"O\"F\n$x\nEOF", "cat <<'$x\n'"},
        {"cat <<-E\n\ta\n\t\tb\n\tE\nc", "cat <<'a\nb\n'; c"},
        {"cat <<E\nE\nrm", "cat <<''; rm"},
        {"cat <<A <<B; rm\na\nA\nb\nB\nx", "cat <<'a\n' <<'b\n'; rm; x"},
        {"a <<E | b && c\nx\nE\nd", "a <<'x\n' | b && c; d"},
        {"bash <<E\nrm -rf /\nE", "bash <<'rm -rf /\n'"},
        {"cat <<E\n E\nE \nE\n", "cat <<' E\nE \n'"},
        {"cat <<E\na\\\nE\nE\n", "cat <<'aE\n'"},
        {"cat <<'E'\na\\\nE\n", "cat <<'a\\\n'"},
        {"x=$(cat <<E\n$(y <<F\nf\nF\n)\nE\n)", "x=$[cat <<\"$[y <<'f\n']\"'\n']"},
        {"f() { cat <<E; }\na\nE\nf", "function f (group (cat <<'a\n')); f"},
        {"while a; do b <<E; done <<F\nx\nE\ny\nF\n", "while (a) (b <<'x\n') <<'y\n'"},
        {"if a; then cat <<E\nx\nE\nfi", "if (a) (cat <<'x\n')"},
        {"cat <<E $(rm\nx)\nbody\nE\n", "cat $[rm; x] <<'body\n'"},
        {"cat <<E \"a\nb\"\nbody\nE\n", "cat 'a\nb' <<'body\n'"},
        {"cat <<''\na\n\nb", "cat <<'a\n'; b"},
        {"`cat <<E\nx\nE\n`", "$[cat <<'x\n']"},
        {"x=$(a; b <<E; c\nE\nd\ne); f; `a <<E\nE\nb; c`", "x=$[a; b <<''; c; d; e]; f; $[a <<''; b; c]"},
        {"case x in x) cat <<E;; esac\na\nE\n", "case x x)(cat <<'a\n');;"},
        {"cat <<E\n${x:-'a'} \"${y:-\"b\"}\"\nE\n", "cat <<\"${x :- ''a''}\"' \"'\"${y :- 'b'}\"'\"\n'"},
    });
}

TEST_CASE("assignments") {
    check({
        {"x=1 y+=2 z= a b=3", "x=1 y+=2 z= a b=3"},
        {"x=$(rm y) a", "x=$[rm y] a"},
        {"x=a\\ b\"c\"", "x=a' 'b'c'"},
        {"\\x=1 x\"\"=1 1x=2 x-y=1", "'x'=1 x''=1 1x=2 x-y=1"},
        {"a=(1 '2' $x [3]=c [k]+=d\n# no\n$(rm y))", "a=(1 '2' ${x} [3]=c [k]+=d $[rm y])"},
        {"a+=(b) c=() d[1]=2 e[$i+1]+=3 f[\"a b\"]=4 g[1 + 2]=5",
         "a+=(b) c=() d[1]=2 e[${i}+1]+=3 f['a b']=4 g[1 + 2]=5"},
        {"declare -a a=(1 2) b=c; local x=1", "a=(1 2) declare -a b=c; local x=1"},
        {"export A=1 B; readonly C=$(rm)", "export A=1 B; readonly C=$[rm]"},
        {"a[1] b", "a<[1]> b"},
        {"a=([a-z]* ['b'c])", "a=(<[a-z]><*> <[>'b'c])"},
    });
}

TEST_CASE("compound commands") {
    check({
        {"(a;b) {\na; }", "error: `{` stands where a command or its end is due; quote it if it is meant as text"},
        {"{ a;b; }; (a;b)", "group (a; b); sub (a; b)"},
        {"{ }; }", "error: `}` stands where a command is due; quote it if it is meant as text"},
        {"if a; then b; elif c; then d; else e; fi", "if (a) (b) (c) (d) (e)"},
        {"if a\nthen\nb\nfi", "if (a) (b)"},
        {"while a; do b; done; until a; do b; done", "while (a) (b); until (a) (b)"},
        {"for x in a $b *.c; do d; done", "for x in a ${b} <*>.c (d)"},
        {"for x do a; done; for x; do a; done; for x\ndo a; done; for x in; do a; done",
         "for x (a); for x (a); for x (a); for x in (a)"},
        {"for x in a; { b; }", "for x in a (b)"},
        {"for ((i=0;i<$(x);i++)); do a; done; for ((;;)) { a; }", "afor i=0;i<$(x);i++ \"$[x]\" (a); afor ;; (a)"},
        {"select x in a b; do c; done", "select x in a b (c)"},
        {"case $x in a|'b') c;; (d*) ;& *) e;;& f) esac", "case ${x} a|'b')(c);; d<*>)();& <*>)(e);;& f)()"},
        {"case x\nin\nesac", "case x"},
        {"case x in (esac) a;; esac", "case x esac)(a);;"},
        {"f() { a; }; f () (a); function f { a; }; function f() if a; then b; fi",
         "function f (group (a)); function f (sub (a)); function f (group (a)); function f (if (a) (b))"},
        {"function f (a b); function f ( ) (a); function f ((1))",
         "function f (sub (a b)); function f (sub (a)); function f (arith 1)"},
        {"f()\n{ a; } >b", "function f (group (a) >b)"},
        {"a-b.c() { x; }; f() [[ a ]]; f() ((1))",
         "function a-b.c (group (x)); function f (test a); function f (arith 1)"},
        {"[[ -f $x && ( $y == a* || ! $z =~ ^(a|b c)$ ) ]]", "test -f ${x} && ( ${y} == a<*> || ! ${z} =~ ^(a|b c)$ )"},
        {"[[ a < b ]]; [[ $(rm x) -eq 1 ]]; [[ -n $x ]]; [[ x ]]",
         "test a < b; test $[rm x] -eq 1; test -n ${x}; test x"},
        {"[[ a\\ b == \"c d\" ]]; [[ {a,b} = {a,b} ]]", "test a' 'b == 'c d'; test {a,b} = {a,b}"},
        {"((x=1,y=$(rm z))) && a", "arith x=1,y=$(rm z) \"$[rm z]\" && a"},
        {"((a);(b)); ( (a) ); ((a)b)", "error: `b` stands where `)` is due; quote it if it is meant as text"},
        {"((a);(b)); ( (a) )", "sub (sub (a); sub (b)); sub (sub (a))"},
        {"coproc a b; coproc N { a; }; coproc { a; }; coproc time",
         "coproc (a b); coproc N (group (a)); coproc (group (a)); coproc (time)"},
        {"eval 'rm -rf /'; . x; alias a=b", "eval 'rm -rf /'; . x; alias a=b"},
    });
}
