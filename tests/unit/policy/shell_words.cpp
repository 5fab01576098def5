// Words: quotes, expansions, braces, tildes and patterns, as bash 5.2 reads them.
#include <doctest/doctest.h>

#include "shell_tree.hpp"

using namespace owhale::policy::shell;
using namespace std::string_literals;

namespace {

struct Row {
    std::string script;
    std::string tree;
};

void check(std::initializer_list<Row> rows) {
    for (const auto& row : rows) {
        CAPTURE(row.script);
        CHECK_EQ(tree_of(row.script), row.tree);
    }
}

} // namespace

TEST_CASE("quotes are decoded, and what they held is never active again") {
    check({
        {"r'm' \"-r\"f", "r'm' '-r'f"},
        {"r\\m \\-rf", "r'm' '-'rf"},
        {"'' \"\" a''", "'' '' a''"},
        {"\"\"$x", "''${x}"},
        {"\"a\\b\\$\\`\\\"\\\\\"", "'a\\b$`\"\\'"},
        {"'a\\b\"$x`'", "'a\\b\"$x`'"},
        {"\"a 'b' c\"", "'a 'b' c'"},
        {"a\\\nb \"c\\\nd\" 'e\\\nf'", "ab 'cd' 'e\\\nf'"},
        {"r\\\nm -r\\\n\\\nf", "rm -rf"},
        {"\"*\" '?' \\* \"~\" '{a,b}'", "'*' '?' '*' '~' '{a,b}'"},
        {"$\"rm\" x", "'rm' x"},
        {"a\\", "a"},
    });
}

TEST_CASE("$'…' is decoded with every escape of bash") {
    check({
        {"$'\\x72\\x6d'", "'rm'"},
        {"$'\\162\\155' $'\\1621'", "'rm' 'r1'"},
        {"$'\\u72m' $'\\U00000072m'", "'rm' 'rm'"},
        {"$'\\u00e9' $'\\u20ac' $'\\U1f600'", "'\xc3\xa9' '\xe2\x82\xac' '\xf0\x9f\x98\x80'"},
        {"$'\\x{72}m'", "'rm'"},
        {"$'a\\'b\\\"\\\\\\?'", "'a'b\"\\?'"},
        {"$'\\a\\b\\e\\E\\f\\n\\r\\t\\v'", "'\a\b\x1b\x1b\f\n\r\t\v'"},
        {"$'\\cA\\ca\\c?\\c\\\\x'", "'\x01\x01\x7f\x1cx'"},
        {"$'\\q\\x\\u'", "'\\q\\x\\u'"},
        {"$'rm\\0junk' -rf", "'rm' -rf"},
        {"$'a\\\nb'", "'a\\\nb'"},
        {"\"$'a'\"", "'$'a''"},
        {"r$'m'", "r'm'"},
    });
}

TEST_CASE("parameters, with every operator") {
    check({
        {"$x $1 $10 $@ $* $# $? $- $$ $! $_", "${x} ${1} ${1}0 ${@} ${*} ${#} ${?} ${-} ${$} ${!} ${_}"},
        {"$ a$ \"$\" $. $%", "$ a$ '$' $. $%"},
        {"\"$x\" \"${x}y\"", "\"${x}\" \"${x}\"'y'"},
        {"${x:-a b} ${x-a} ${x:=a} ${x=a} ${x:?a} ${x?a} ${x:+a} ${x+a}",
         "${x :- a b} ${x - a} ${x := a} ${x = a} ${x :? a} ${x ? a} ${x :+ a} ${x + a}"},
        {"${x#a*} ${x##a} ${x%a} ${x%%a}", "${x # a<*>} ${x ## a} ${x % a} ${x %% a}"},
        {"${x/a/b} ${x//a/b} ${x/#a/b} ${x/%a/b} ${x/a} ${x////_} ${x//\\//_}",
         "${x / a b} ${x // a b} ${x /# a b} ${x /% a b} ${x / a} ${x // / _} ${x // '/' _}"},
        {"${x:1} ${x:1:2} ${x: -1} ${x:y?1:2:3}", "${x : 1} ${x : 1 2} ${x :  -1} ${x : y<?>1:2 3}"},
        {"${x^} ${x^^} ${x,} ${x,,} ${x^^[a-c]}", "${x ^ ''} ${x ^^ ''} ${x , ''} ${x ,, ''} ${x ^^ <[a-c]>}"},
        {"${x@Q} ${x@U} ${x[@]@A}", "${x @Q} ${x @U} ${x[@] @A}"},
        {"${#x} ${#} ${##} ${#?} ${#@} ${#x[@]} ${#-a} ${##a}",
         "${x length} ${#} ${# length} ${? length} ${@ length} ${x[@] length} ${# - a} ${# # a}"},
        {"${!x} ${!x@} ${!x*} ${!x[@]} ${!1} ${!} ${!x:-a}",
         "${!x} ${!x keys} ${!x keys} ${!x[@] keys} ${!1} ${!} ${!x :- a}"},
        {"${x[1]} ${x[$i]} ${x[\"a b\"]} ${x[$(id)]}", "${x[1]} ${x[${i}]} ${x['a b']} ${x[$[id]]}"},
        {"${x:-$(rm y)} ${x:-`rm y`} ${x:-${y:-$(z)}} ${x:-<(y)}",
         "${x :- $[rm y]} ${x :- $[rm y]} ${x :- ${y :- $[z]}} ${x :- <[y]}"},
        {"${x:-\"}\"} ${x:-\\}} ${x:-'}'}", "${x :- '}'} ${x :- '}'} ${x :- '}'}"},
        {"\"${x:-a \"b\" $(c)}\"", "\"${x :- 'a b '\"$[c]\"}\""},
        {"\"${x:-'a' '$(b)'}\"", "\"${x :- ''a' ''\"$[b]\"'''}\""},
        {"\"${x#'a}'}\" \"${x%\"*\"}\"", "\"${x # 'a}'}\" \"${x % '*'}\""},
        {"${x:-~/a} ${x:-a{b,c}}", "${x :- <~>/a} ${x :- a{b,c}}"},
        {"$[1+$x]", "$((1+$x))[\"${x}\"]"},
    });
}

TEST_CASE("commands in words") {
    check({
        {"$(rm x) \"$(rm x)\" `rm x` \"`rm x`\"", "$[rm x] \"$[rm x]\" $[rm x] \"$[rm x]\""},
        {"r$(echo m)", "r$[echo m]"},
        {"$(echo \")\") $(echo ')') $(echo \\)) $(echo # )\n)", "$[echo ')'] $[echo ')'] $[echo ')'] $[echo]"},
        {"$(case x in x) rm y;; esac) $(case x in (x) a; esac)", "$[case x x)(rm y);;] $[case x x)(a)]"},
        {"$() ` ` $(\n)", "$[] $[] $[]"},
        {"$(<f) $( (a) ) $((a); b) $( ((a)) )", "$[<f] $[sub (a)] $[sub (a); b] $[arith a]"},
        {"$((1+2)) $(( $(rm x) + `rm y` ))", "$((1+2)) $(( $(rm x) + `rm y` ))[\"$[rm x]\",\"$[rm y]\"]"},
        {"$(((1)+2)) $((a[\"$(b)\"]))", "$(((1)+2)) $((a[\"$(b)\"]))[\"$[b]\"]"},
        {"`echo \\`rm x\\` \\$y \\\\z`", "$[echo $[rm x] ${y} 'z']"},
        {"\"`echo \\\"a b\\\"`\" `echo \\\"a`", "\"$[echo 'a b']\" $[echo '\"'a]"},
        {"`echo \\`echo \\\\\\`rm x\\\\\\`\\``", "$[echo $[echo $[rm x]]]"},
        {"<(rm x) >(rm y) a<(b)c", "<[rm x] >[rm y] a<[b]c"},
        {"$(cat <<E\n)\nE\n)", "$[cat <<')\n']"},
    });
}

TEST_CASE("braces are expanded where bash does, and nowhere else") {
    check({
        {"{a,b} x{a,b}y {a,b}{c,d} {a,{b,c}}", "{a|b} x{a|b}y {a|b}{c|d} {a|{b|c}}"},
        {"{rm,-rf,/} {,-r} r{m,}", "{rm|-rf|/} {|-r} r{m|}"},
        {"{1..3} {3..1} {1..5..2} {a..e..2} {01..3} {-1..1}", "{1|2|3} {3|2|1} {1|3|5} {a|c|e} {01|02|03} {-1|0|1}"},
        {"{} {a} {a {,} a} {a,b {{a,b} {a,{b,c}", "{} {a} {a {|} a} {a,b {{a|b} {a,{b|c}"},
        {"{a},b} {1..} {1..b} {a..bc}", "{={a},b}} {1..} {1..b} {a..bc}"},
        {"{\"a,b\",c} {a\\,b} '{'a,b} {a,b'}' ${x}{a,b}", "{'a,b'|c} {a','b} '{'a,b} {a,b'}' ${x}{a|b}"},
        {"{$(rm x),`rm y`} {\"$x\",$y}", "{$[rm x]|$[rm y]} {\"${x}\"|${y}}"},
        {"{~,/}/x {*.c,[ab],b}", "{<~>|/}/x {<*>.c|<[ab]>|b}"},
        {"~{root,x} {~,/}x", "~{={root,x}} {={~,/}}x"},
        {"x={a,b} a=({1,2})", "x={a,b} a=({1|2})"},
        {"a x={1,2}; export x={1,2} {y,z}", "a x={1|2}; export x={1,2} {y|z}"},
        {"{1..2000} {1..9999999999999999999}", "{={1..2000}} {1..9999999999999999999}"},
        {"a {$(rm x),{1..2000}}", "a {$[rm x]|{={1..2000}}}"},
    });
}

TEST_CASE("tildes") {
    check({
        {"~ ~/a ~u ~u/a ~+ ~- a~ ~'u' ~$x \\~", "<~> <~>/a <~u> <~u>/a <~+> <~-> a~ ~'u' ~${x} '~'"},
        {"x=~/a:~:b~:~u y=a:~", "x=<~>/a:<~>:b~:<~u> y=a:<~>"},
        {"a x=~ x=a:~ --x=~ ~:~", "a x=<~> x=a:<~> --x=~ <~:~>"},
        {"export PATH=~/bin:~u", "export PATH=<~>/bin:<~u>"},
        {"a >~/x <<<~/y", "a ><~>/x <<<<~>/y"},
    });
}

TEST_CASE("patterns") {
    check({
        {"* a?b [ab] [!a] []a] [^]a] [a]b]", "<*> a<?>b <[ab]> <[!a]> <[]a]> <[^]a]> <[a]>b]"},
        {"[ a ] [a b] a] [", "[ a ] [a b] a] ["},
        {"[a\"b\"] [$x] [a*]", "<[>a'b'] <[>${x}] <[a*]>"},
        {"@(a|b) ?(a) *(a) +(a) !(a) x@(a|*(b))", "<@(a|b)> <?(a)> <*(a)> <+(a)> <!(a)> x<@(a|*(b))>"},
        {"a @($(rm x)|\"$(rm y)\")", "a <@($(rm x)|\"$(rm y)\")>[$[rm x],\"$[rm y]\"]"},
        {"x=* a=(*)", "x=* a=(<*>)"},
    });
}
