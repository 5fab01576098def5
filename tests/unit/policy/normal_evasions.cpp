// Ways round the normal form that were found by attackers: whatever the detour, what is removed is seen.
#include "normal_rows.hpp"

#include <algorithm>

namespace {

using owhale::policy::Act;

constexpr const char* kRemoving[] = {
    "env a.b=1 rm -rf /home/x",
    "env 'BASH_FUNC_ls%%=() { :; }' rm -rf /home/x",
    "exec <<< 'rm -rf /home/x'; bash",
    "exec < <(echo 'rm -rf /home/x'); sh",
    "x=build; declare -n y=x; y=/home/x; rm -rf $x",
    "f() { local -n r=$1; rm -rf \"$r\"; }; y=/home/x; f y",
    "declare -n y=x; x='rm -rf /home/x'; $y",
    "x=build; trap 'x=/home/x' DEBUG; rm -rf $x",
    "mapfile -C 'rm -rf /home/x #' -c 1 <<< x",
    "CDPATH=/; cd home; rm -rf x",
    "CDPATH=/ cd home; rm -rf x",
    "f() { rm -rf \"${@: -1}\"; }; f a /home/x",
    "set -- a /home/x; rm -rf \"${@:2}\"",
    "x=(a /home/x); rm -rf \"${x[@]:1}\"",
    "x='$(rm -rf /home/x)'; echo \"${x@P}\"",
    "x='a[$(rm -rf /home/x)]'; echo $((x))",
    "x='a[$(rm -rf /home/x)]'; printf '%s' \"${y:x}\"",
    "BASH_ENV=<(echo rm -rf /home/x) bash -c true",
    "ln -s /home y; rm -rf y/x",
    "ln -s / r && rm -rf r/home/x",
    "ln -s ../../.. r; rm -rf r/home/x",
    R"~([[ -v 'a[$(rm -rf /home/x)]' ]])~",
    R"~([[ x -eq 'a[$(rm -rf /home/x)]' ]])~",
    R"~([[ 'a[$(rm -rf /home/x)]' -eq 1 ]])~",
    R"~([[ 'a[$(rm -rf /home/x)]' -lt 1 && 1 -eq 1 ]])~",
    R"~(if [[ $x -gt 'a[$(rm -rf /home/x)]' ]]; then :; fi)~",
    R"~(x='a[$(rm -rf /home/x)]'; [[ $x -eq 1 ]])~",
    R"~(x='a[$(rm -rf /home/x)]'; [[ 1 -eq $x ]])~",
    R"~(x='a[$(rm -rf /home/x)]'; [[ 1 -eq x ]])~",
    R"~(x='a[$(rm -rf /home/x)]'; [[ -v $x ]])~",
    R"~(x='a[$(rm -rf /home/x)]'; ((x)))~",
    R"~(x='a[$(rm -rf /home/x)]'; ((x++)))~",
    R"~(x='a[$(rm -rf /home/x)]'; ((y=x+1)))~",
    R"~(x='a[$(rm -rf /home/x)]'; for ((i=x;i<1;i++)); do :; done)~",
    R"~(y='a[$(rm -rf /home/x)]'; let x=y)~",
    R"~(declare -i x; x='a[$(rm -rf /home/x)]')~",
    R"~(x='a[$(rm -rf /home/x)]'; echo ${!x})~",
    R"~([[ -v 'a[`rm -rf /home/x`]' ]])~",
    R"~(test -v 'a[`rm -rf /home/x`]')~",
    R"~(x=y; y='a[$(rm -rf /home/x)]'; echo $((x)))~",
    R"~(x='a[$(rm -rf /home/x)]'; echo ${b[x]})~",
    R"~(x='a[$(rm -rf /home/x)]'; exit $x)~",
    R"~(x='a[$(rm -rf /home/x)]'; shift x)~",
    R"~(return 'a[$(rm -rf /home/x)]')~",
    R"~(BASH_ALIASES[x]='rm -rf /home/x'; shopt -s expand_aliases; x)~",
    R"~(BASH_ALIASES[ls]='rm -rf /home/x'; ls)~",
    R"~(shopt -s expand_aliases; BASH_ALIASES[x]='rm -rf'; x /home/x)~",
    R"~(BASH_ALIASES=([x]='rm -rf /home/x'); x)~",
    R"~(declare -A BASH_ALIASES; BASH_ALIASES[x]='rm -rf /home/x'; x)~",
    R"~(BASH_CMDS[x]=/bin/rm; x -rf /home/x)~",
    R"~(BASH_CMDS[ls]=/bin/rm; ls -rf /home/x)~",
    R"~(BASH_CMDS=([x]=/bin/rm); x -rf /home/x)~",
    R"~(declare 'BASH_ALIASES[x]=rm -rf /home/x'; x)~",
    R"~(IFS=: read -r a b <<< 'rm:-rf /home/x'; $a $b)~",
    R"~(IFS=: read a b c <<< 'rm:-rf:/home/x'; $a $b $c)~",
    R"~(IFS=: read -r _ p <<< 'x:/home/x'; rm -rf "$p")~",
    R"~(IFS=x read -r a b <<< 'rmx-rf /home/x'; $a $b)~",
    R"~(echo 'rm:/home/x' | { IFS=: read -r a b; $a -rf $b; })~",
    R"~(while IFS=: read -r a b; do $a $b; done <<< 'rm:-rf /home/x')~",
    R"~(while IFS== read -r k v; do $v; done <<< 'x=rm -rf /home/x')~",
    R"~(IFS=: read -r -d '' a b <<< 'rm:-rf /home/x'; $a $b)~",
    R"~(read -n 2 a <<< 'rmzz'; $a -rf /home/x)~",
    R"~(readarray -d : -t a <<< 'rm:-rf:/home/x'; ${a[0]} ${a[1]} ${a[2]})~",
    R"~(echo 'rm -rf /home/x' | tee /dev/null | bash)~",
    R"~(echo 'rm -rf /home/x' | xargs -0 sh -c)~",
    R"~(cp "$(which rm)" x; ./x -rf /home/x)~",
    R"~(cp $(command -v rm) x; ./x -rf /home/x)~",
    R"~(cp $(type -p rm) x; ./x -rf /home/x)~",
    R"~(cat /bin/rm > x; chmod +x x; ./x -rf /home/x)~",
    R"~(cat /bin/rm > x; ./x -rf /home/x)~",
    R"~(cat < /bin/rm > x; ./x -rf /home/x)~",
    R"~(cat /bin/rm | tee x; ./x -rf /home/x)~",
    R"~(cat /bin/rm | cat > x; ./x -rf /home/x)~",
    R"~(dd if=/bin/rm of=x; ./x -rf /home/x)~",
    R"~(sed -n p /bin/rm > x; ./x -rf /home/x)~",
    R"~(head -c 100000000 /bin/rm > x; ./x -rf /home/x)~",
    R"~(cp /bin/rm a; cp a b; ./b -rf /home/x)~",
    R"~(cp /bin/rm a; mv a b; ./b -rf /home/x)~",
    R"~(ln -s /bin/rm a; ln -s a b; ./b -rf /home/x)~",
    R"~(make SHELL='rm -rf /home/x')~",
    R"~(make SHELL="/bin/sh -c 'rm -rf /home/x'")~",
    R"~(make X='$(shell rm -rf /home/x)')~",
    R"~(make CC='$(shell rm -rf /home/x)' all)~",
    R"~(make 'X:=$(shell rm -rf /home/x)')~",
    R"~(make 'X::=$(shell rm -rf /home/x)')~",
    R"~(make 'X!=rm -rf /home/x')~",
    R"~(make -E 'x: ; rm -rf /home/x' x)~",
    R"~(make CFLAGS='`rm -rf /home/x`')~",
    R"~(make CC="sh -c 'rm -rf /home/x' #")~",
    R"~(cmake -E chdir /home rm -rf x)~",
    R"~(X='rm -rf /home/x' git --config-env=core.pager=X log)~",
    R"~(X='!rm -rf /home/x' git --config-env=alias.x=X x)~",
    R"~(export X='!rm -rf /home/x'; git --config-env alias.x=X x)~",
    R"~(sh -c 'cp /bin/rm x'; ./x -rf /home/x)~",
    R"~((cp /bin/rm x); ./x -rf /home/x)~",
    R"~(x=$(cp /bin/rm y); ./y -rf /home/x)~",
    R"~(cat /usr/bin/python3 > p; ./p -c 'import os; os.system("rm -rf /home/x")')~",
    R"~(cat /bin/bash > p; ./p -c 'rm -rf /home/x')~",
    R"~(cat /bin/bash > p; echo 'rm -rf /home/x' | ./p)~",
    R"~([[ 1 -eq 1 && -v 'a[$(rm -rf /home/x)]' ]])~",
    R"~(while [[ 'a[$(rm -rf /home/x)]' -gt 1 ]]; do :; done)~",
    R"~(x='a[$(rm -rf /home/x)]'; [[ ! $x -eq 1 ]])~",
    R"~(x='a[$(rm -rf /home/x)]'; y=$x; ((y)))~",
    R"~(x='a[$(rm -rf /home/x)]'; y=x; z=y; ((z)))~",
    R"~(read -r n <<< 'a[$(rm -rf /home/x)]'; (( n )))~",
    R"~(declare -i n=1; n+='a[$(rm -rf /home/x)]')~",
    R"~(x='a[$(rm -rf /home/x)]'; unset 'z[x]')~",
    R"~(x='a[$(rm -rf /home/x)]'; printf -v 'z[x]' a)~",
    R"~(IFS=, ; read -r a b c <<< 'rm,-rf,/home/x'; unset IFS; $a $b $c)~",
    R"~(echo rm,-rf,/home/x | while IFS=, read -r a b c; do $a $b $c; done)~",
    R"~(make 'SHELL=bash -c "rm -rf /home/x"' all)~",
    R"~(make RM='rm -rf /home/x #' clean)~",
    R"~(make PYTHON='rm -rf /home/x #' test)~",
    R"~(make V='`rm -rf /home/x`')~",
    R"~(make V='$$(rm -rf /home/x)')~",
    R"~(make V='; rm -rf /home/x')~",
    R"~(make V='a && rm -rf /home/x')~",
    R"~(make "X=\$(eval \$(shell rm -rf /home/x))")~",
    R"~(export P='rm -rf /home/x'; git --config-env=core.pager=P -p log)~",
    R"~(cmake -E chdir /home rm -rf x)~",
    R"~(f() { (( $1 )); }; f 'a[$(rm -rf /home/x)]')~",
    R"~(a=('b[$(rm -rf /home/x)]'); (( a[0] )))~",
    R"~(x='a[$(rm -rf /home/x)]'; until ((x)); do :; done)~",
    R"~(make "X=\${shell rm -rf /home/x}")~",
};

bool removes_it(const owhale::policy::NormalForm& form) {
    return std::ranges::any_of(form.commands, [](const auto& command) {
        return std::ranges::any_of(
            command.accesses, [](const auto& access) { return access.act == Act::remove && access.path == "/home/x"; });
    });
}

} // namespace

TEST_CASE("what is removed is seen through every detour") {
    for (const auto* script : kRemoving) {
        CAPTURE(std::string(script));
        CHECK(removes_it(form_of_script(script)));
    }
}

TEST_CASE("what runs in an assignment's value leaves the assignment where it is") {
    std::string script = "A=$(true)";
    for (int i = 0; i < 200; ++i) script += " A" + std::to_string(i) + "=$(true; true; true)";
    const auto form = form_of_script(script + " ls");
    CHECK(form.commands.front().env.size() == 201);
}

TEST_CASE("a shell whose input is another's pipe reads code that nobody knows") {
    const auto form = form_of_script("coproc sh; echo 'rm -rf /home/x' >&${COPROC[1]}");
    CHECK(std::ranges::find(form.commands.front().facts, "code.unknown") != form.commands.front().facts.end());
}

TEST_CASE("a word of very many pieces is refused, not compared for minutes") {
    std::string script = "echo ";
    for (int i = 0; i < 500'000; ++i) script += "$x";
    CHECK(form_of_script(script).refused.has_value());
}
