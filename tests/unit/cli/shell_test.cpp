// owhale-sh: how it reads its command line, what of an agent's frame it takes away, and the folder behind the output.
#include "checks.hpp"
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/shell/arguments.hpp"
#include "cli/shell/folder_note.hpp"
#include "cli/shell/variables.hpp"
#include "cli/shell/wrappers.hpp"

using namespace owhale;
using namespace owhale::cli::shell;

namespace {

using Words = std::vector<std::string>;

Invocation read(const Words& words, const std::string& name = "owhale-sh") {
    const auto invocation = invocation_of(name, words);
    REQUIRE(invocation);
    return *invocation;
}

const std::vector<std::string> kRoots = {"/tmp"};
const std::string kTells(kTellFolder);

struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/owhale-shell-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Folder() { static_cast<void>(!std::system(("rm -rf " + path).c_str())); }
};

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("a shell's command line") {
    CHECK(read({"-c", "echo"}).text == "echo");
    CHECK(read({"-c", "-l", "echo"}).text == "echo");
    CHECK(read({"-lc", "echo"}).login);
    CHECK(read({"--norc", "--noprofile", "-c", "echo"}).options.empty());
    CHECK(read({"-euo", "pipefail", "-c", "echo"}).options == Words{"-e", "-u", "-o", "pipefail"});
    CHECK(read({"-eo", "pipefail", "-xc", "echo"}).options == Words{"-e", "-o", "pipefail", "-x"});
    CHECK(read({"+x", "-O", "extglob", "-c", "echo"}).options == Words{"+x", "-O", "extglob"});
    const auto named = read({"-c", "echo", "me", "-x", "two"});
    CHECK(named.name == "me");
    CHECK(named.arguments == Words{"-x", "two"});
    CHECK(read({"-c", "--", "-x"}).text == "-x");
    const auto file = read({"-e", "run.sh", "-c", "x"});
    CHECK(file.from == From::file);
    CHECK(file.arguments == Words{"-c", "x"});
    CHECK(read({"-s", "a", "b"}).arguments == Words{"a", "b"});
    CHECK(read({"-s", "a"}).from == From::input);
    CHECK(read({}, "-owhale-sh").login);
    CHECK(read({"-"}).from == From::input);
    CHECK(read({"--rcfile", "x", "-i"}).rc_file == "x");
    CHECK(read({"--version"}).from == From::version);
    for (const Words& words : {Words{"-c"}, Words{"--nonsense"}, Words{"-q"}, Words{"-o"}, Words{"+c", "x"},
                               Words{"--rcfile"}, Words{"-c", "--norc", "x"}})
        CHECK_FALSE(invocation_of("owhale-sh", words));
}

TEST_CASE("an agent's frame loses what is its own, and nothing else") {
    const auto plain =
        unwrapped("source /home/u/.claude/shell-snapshots/snapshot-bash-1-a.sh 2>/dev/null || true && shopt -u extglob "
                  "2>/dev/null || true && eval 'echo a' \\< /dev/null && pwd -P >| /tmp/claude-1a2b-cwd",
                  kRoots);
    CHECK(plain.folder_file == "/tmp/claude-1a2b-cwd");
    CHECK(plain.script ==
          "true || true && shopt -u extglob 2>/dev/null || true && eval 'echo a' \\< /dev/null && " + kTells);
    CHECK(unwrapped("source ~/.claude/shell-snapshots/snapshot-zsh-1.sh && ls", kRoots).script == "true && ls");
    const auto braces = unwrapped("{\nls\n}; __code=$?; pwd > \"/tmp/gemini-shell-AbC/pwd.tmp\"; exit $__code", kRoots);
    CHECK(braces.folder_file == "/tmp/gemini-shell-AbC/pwd.tmp");
    CHECK(braces.script == "{\nls\n}; __code=$?; " + kTells + "; exit $__code");
    const auto processes =
        unwrapped("(\nls\n)\n__code=$?; pgrep -P $$ >'/tmp/gemini-shell-x/pgrep.tmp' 2>&1; exit $__code;", kRoots);
    CHECK(processes.script == "(\nls\n)\n__code=$?; true; exit $__code;");
    CHECK_FALSE(processes.folder_file);
    CHECK(unwrapped("pgrep -g 0 >/tmp/shell_pgrep_1a.tmp 2>&1", kRoots).script == "true");
}

TEST_CASE("what only looks like a frame stays as it is") {
    for (const std::string script : {
             "eval 'x' && pwd -P >| /home/u/.bashrc",
             "eval 'x' && pwd -P >| /etc/claude-1-cwd",
             "eval 'x' && pwd -P >| /tmp/other",
             "eval 'x' && pwd -P >| /tmp/../home/u/claude-1-cwd",
             "eval 'x' && pwd -P >| /tmp/a/claude-1-cwd",
             "eval 'x' && pwd -P >| /tmp/claude-$(id)-cwd",
             "eval 'x' && pwd -P >| \"/tmp/claude-$x-cwd\"",
             "eval 'x' && pwd -P >| /tmp/claude-*-cwd",
             "eval 'x' && pwd -P >> /tmp/claude-1-cwd",
             "eval 'x' && X=1 pwd -P >| /tmp/claude-1-cwd",
             "eval 'x' && pwd -P 2>| /tmp/claude-1-cwd",
             "eval 'x' && pwd -P >| /tmp/claude-1-cwd >/etc/x",
             "eval 'x' && pwd -P >| /tmp/claude-1-cwd | cat",
             "pwd -P >| /tmp/claude-1-cwd && pwd -P >| /tmp/claude-2-cwd",
             "(pwd -P >| /tmp/claude-1-cwd)",
             "f() { pwd -P >| /tmp/claude-1-cwd; }",
             "pwd -P >| /tmp/claude-1-cwd &",
             "cat <<X\neval 'x' && pwd -P >| /tmp/claude-1-cwd\nX\n",
             "echo \"x && pwd -P >| /tmp/claude-1-cwd\"",
             "echo 'eval x && pwd -P >| /tmp/claude-1-cwd",
             "source /home/u/snapshot-bash-1.sh",
             "source /home/u/.claude/shell-snapshots/snapshot-$x.sh",
             "source /home/u/.claude/shell-snapshots/snapshot-1.sh > /etc/x",
             "source /home/u/.claude/shell-snapshots/snapshot-1.sh argument",
             "pgrep -g 0 >/tmp/x",
         }) {
        const auto same = unwrapped(script, kRoots);
        CHECK(same.script == script);
        CHECK_FALSE(same.folder_file);
    }
}

TEST_CASE("the folder is taken out of the output, wherever it is cut") {
    const std::string mark = "\036\037owhale-folder:/a b\037\036", all = "one\ntwo\036" + mark;
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        FolderNote note;
        auto out = note.take(all.substr(0, cut));
        out += note.take(all.substr(cut));
        CHECK(out == "one\ntwo\036");
        CHECK(note.folder() == "/a b");
        CHECK(note.rest().empty());
    }
    FolderNote inner; // a command that prints one itself: output, and the last one counts
    auto out = inner.take("\036\037owhale-folder:/etc\037\036more" + mark);
    CHECK(out == "\036\037owhale-folder:/etc\037\036more");
    CHECK(inner.folder() == "/a b");
    FolderNote open;
    CHECK(open.take("x\036\037owhale-folder:/etc") == "x");
    CHECK_FALSE(open.folder());
    CHECK(open.rest() == "\036\037owhale-folder:/etc");
    FolderNote endless;
    CHECK(endless.take("\036\037owhale-folder:" + std::string(10000, 'x')).size() > 9000);
}

TEST_CASE("the agent's file is written by name alone, and only if it is plainly its own") {
    const Folder here;
    const auto file = here.path + "/claude-1-cwd";
    CHECK(write_folder(file, "/usr"));
    CHECK(content(file) == "/usr\n");
    CHECK(write_folder(file, "/"));
    CHECK(content(file) == "/\n");
    CHECK_FALSE(write_folder(file, "/nowhere at all"));
    CHECK_FALSE(write_folder(file, "usr"));
    CHECK(content(file) == "/\n");
    const auto victim = here.path + "/bashrc";
    std::ofstream(victim) << "mine\n";
    REQUIRE(::symlink(victim.c_str(), (here.path + "/link").c_str()) == 0);
    REQUIRE(::link(victim.c_str(), (here.path + "/hard").c_str()) == 0);
    REQUIRE(::mkfifo((here.path + "/fifo").c_str(), 0600) == 0);
    REQUIRE(::symlink(here.path.c_str(), (here.path + "/folder").c_str()) == 0);
    for (const auto* name : {"/link", "/hard", "/fifo", "/folder/claude-1-cwd", "/none/x"})
        CHECK_FALSE(write_folder(here.path + name, "/usr"));
    CHECK(content(victim) == "mine\n");
    CHECK(content(file) == "/\n");
}

TEST_CASE("what was set for this command passes, and nothing secret or of the session") {
    const cli::Variables parents = {{"SAME", "1"}, {"OTHER", "1"}};
    const cli::Variables own = {{"SAME", "1"},         {"OTHER", "2"},     {"NEW", "3"},    {"API_TOKEN", "x"},
                                {"LD_PRELOAD", "x"},   {"BASH_ENV", "x"},  {"TMPDIR", "x"}, {"SSH_AUTH_SOCK", "x"},
                                {"OWHALE_TOKEN", "x"}, {"ASKED_FOR", "4"}, {"BAD", "\xff"}};
    CHECK(passed_on(own, parents, "") == Words{"ASKED_FOR=4", "NEW=3", "OTHER=2"});
    CHECK(passed_on(own, parents, "SAME API_*") == Words{"API_TOKEN=x", "ASKED_FOR=4", "NEW=3", "OTHER=2", "SAME=1"});
}
