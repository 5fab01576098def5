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
        CAPTURE(script);
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
