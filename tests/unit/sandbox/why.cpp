#include "sandbox/why.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

FailureFacts failed(std::string tail) {
    FailureFacts facts;
    facts.state = "exited";
    facts.exit_code = 1;
    facts.tail = std::move(tail);
    facts.net = "none";
    facts.filter = "default";
    facts.workspace_writable = true;
    return facts;
}

std::string next_of(FailureFacts facts) {
    const auto hints = guess(facts);
    return hints.empty() ? "" : hints.front().next;
}

} // namespace

TEST_CASE("a debugger in strict mode is told of the mode") {
    auto facts = failed("strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted");
    facts.filter = "strict";
    CHECK(next_of(facts).starts_with("debug outside the cage"));
}

TEST_CASE("what it printed leads to what would change it") {
    struct Row {
        const char *printed, *next;
    };
    for (const auto& [printed, next] : {
             Row{"touch: cannot touch '/etc/x': Read-only file system\n", "write below the workspace"},
             Row{"error: could not write config file .git/config: Device or resource busy\n",
                 "change git's configuration outside"},
             Row{"OSError: socket.socket: [Errno 1] Operation not permitted\n", "--profile build"},
             Row{"curl: (6) Could not resolve host: example.org\n", "--allow-host"},
             Row{"connect: Network is unreachable\n", "--allow-host"},
             Row{"npm ERR! code ENOTFOUND\n", "--allow-host"},
             Row{"bash: line 1: foo: command not found\n", "a profile's `toolchains`"},
             Row{"bash: fork: retry: Resource temporarily unavailable\n", "--pids raises"},
             Row{"cp: error writing 'x': No space left on device\n", "owhalectl box reset"},
             Row{"sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set\n",
                 "do it outside"},
             Row{"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n",
                 "run docker outside"},
             Row{"Could not open a connection to your authentication agent: ssh-agent\n", "--broker ssh-agent"},
         }) {
        CAPTURE(printed);
        CHECK(next_of(failed(printed)).starts_with(next));
    }
}

TEST_CASE("a file that may not be read is not called a write") {
    const auto hints = guess(failed("cat: /etc/shadow: Permission denied\n"));
    REQUIRE_EQ(hints.size(), 1u);
    CHECK_EQ(hints[0].what.find("writ"), std::string::npos);
    CHECK_NE(hints[0].what.find("not open to the uid"), std::string::npos);
}

TEST_CASE("what owhalectl said inside explains nothing") {
    CHECK(guess(failed("owhalectl: forbidden: Permission denied\n  next: Connection refused\n")).empty());
    CHECK(next_of(failed("owhalectl: Permission denied\ncurl: (6) Could not resolve host: x"))
              .starts_with("--allow-host"));
}

TEST_CASE("a success is not explained, a limit always is") {
    auto facts = failed("Network is unreachable\n");
    facts.exit_code = 0;
    CHECK(guess(facts).empty());
    facts.limit = "memory";
    CHECK_EQ(guess(facts).front().next, "--memory raises the limit");
}

TEST_CASE("no hint for what the run has") {
    auto facts = failed("connect: Network is unreachable\n");
    facts.net = "host";
    CHECK(guess(facts).empty());
    facts = failed("socket: Operation not permitted\n");
    facts.filter = "build";
    CHECK(next_of(facts).find("--profile build") != 0);
}

TEST_CASE("hints are guesses, few, and carry no controls") {
    auto facts =
        failed("x \x1b[31mPermission denied\nEACCES\nEPERM\nENETUNREACH\nEROFS\nEAI_AGAIN\ncommand not found\n");
    const auto hints = guess(facts);
    CHECK_LE(hints.size(), 4);
    for (const auto& hint : hints) {
        CHECK(hint.what.starts_with("guess: "));
        CHECK(hint.what.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("a planted file is named even when all went well") {
    auto facts = failed("");
    facts.exit_code = 0;
    facts.planted = {"/p/.envrc"};
    CHECK(guess(facts).front().what.find("/p/.envrc") != std::string::npos);
}

TEST_CASE("who was ended from outside is told where to look for who did it") {
    api::Run run;
    run.state = "killed";
    run.signal = "SIGTERM";
    CHECK(summary(run).starts_with("killed by SIGTERM: "));
    CHECK(summary(run).find("owhalectl audit ls --run") != std::string::npos);
    run.state = "signaled";
    CHECK_EQ(summary(run), "signaled by SIGTERM");
}

TEST_CASE("terminal sequences are not quoted") {
    const auto hints =
        guess(failed("\x1b[?2004l\x1b]0;title\x07\x1b[1mrm: cannot remove '/etc/x': Read-only file system\x1b[0m\r\n"));
    REQUIRE(!hints.empty());
    CHECK(hints.front().what.ends_with("(it printed: rm: cannot remove '/etc/x': Read-only file system)"));
    CHECK(!guess(failed("Permission denied \x1b")).empty());
    CHECK(!guess(failed("Permission denied \x1b[")).empty());
    CHECK(!guess(failed("Permission denied \x1b]0;x")).empty());
}

TEST_CASE("a run's run is not told to ask for more than the run that asked") {
    auto facts = failed("touch: cannot touch 'x': Read-only file system");
    facts.of_run = true;
    facts.profile = "readonly";
    facts.workspace_writable = false;
    CHECK(next_of(facts) == "--profile agent may write there");
    facts = failed("curl: (6) Could not resolve host: odd.example");
    facts.of_run = true;
    CHECK(next_of(facts).empty());
    CHECK(!guess(facts).empty());
}
