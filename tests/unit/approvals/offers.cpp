#include "shared/codec.hpp"

#include "approvals/offer.hpp"
#include "checks.hpp"

using namespace owhale;
using namespace owhale::approvals;

namespace {

using Words = std::vector<std::string>;

api::Verdict asked(std::string severity = "high") {
    api::Verdict verdict;
    verdict.decision = "ask";
    verdict.rule = "test.rule";
    verdict.severity = std::move(severity);
    return verdict;
}

api::Frozen plan(std::vector<api::FrozenFile> files = {{"/usr/bin/x", std::string(64, 'a'), "program", true}}) {
    api::Frozen frozen;
    frozen.verb = "runs.create";
    frozen.cwd = frozen.workspace = "/home/u/p";
    frozen.profile = "default";
    frozen.net = "none";
    frozen.files = std::move(files);
    return frozen;
}

api::Frozen command(Words argv) {
    auto frozen = plan();
    frozen.argv = std::move(argv);
    return frozen;
}

api::Frozen script(std::string text) {
    auto frozen = plan();
    frozen.script = std::move(text);
    return frozen;
}

} // namespace

TEST_CASE("what can be granted as it is") {
    for (const auto& argv : {Words{"rm", "-rf", "build"}, Words{"chmod", "600", "x"}, Words{"git", "tag", "v1"},
                             Words{"curl", "-O", "https://example.org/x"}, Words{"kill", "17"},
                             Words{"sed", "-i", "s/a/b/", "x"}, Words{"cp", "a", "/etc/x"}}) {
        const auto out = offer(command(argv), asked());
        CAPTURE(argv.front());
        CHECK_FALSE(out.refused);
        CHECK_FALSE(out.once_only);
        CHECK(out.binds.size() == 1);
    }
}

TEST_CASE("interpreters, wrappers, code and what is open are agreed to once only") {
    for (const auto& argv : {Words{"bash", "-c", "rm x"},
                             Words{"sh", "-c", "id"},
                             Words{"python3", "-c", "print(1)"},
                             Words{"python3", "-m", "http.server"},
                             Words{"python3"},
                             Words{"bash"},
                             Words{"node", "-e", "1"},
                             Words{"perl", "-e", "1"},
                             Words{"awk", "{print}", "x"},
                             Words{"python3", "x.py"}, // nothing binds x.py here
                             Words{"sudo", "rm", "x"},
                             Words{"env", "A=1", "rm", "x"},
                             Words{"xargs", "rm"},
                             Words{"nohup", "rm", "x"},
                             Words{"ssh", "host", "rm", "x"},
                             Words{"ssh", "host"},
                             Words{"nice", "rm", "x"},
                             Words{"timeout", "5", "rm", "x"},
                             Words{"find", ".", "-exec", "rm", "{}", ";"},
                             Words{"sudo", "-i"},
                             Words{"setsid", "rm", "x"},
                             Words{"busybox", "rm", "x"},
                             Words{"watch", "rm", "x"},
                             Words{"strace", "rm", "x"},
                             Words{"flock", "l", "rm", "x"},
                             Words{"parallel", "rm", ":::", "x"},
                             Words{"doas", "rm", "x"},
                             Words{"docker", "run", "x", "rm"}}) {
        CAPTURE(codec::to_text(argv));
        CHECK(offer(command(argv), asked()).refused);
    }
    for (const std::string text :
         {"rm $X", "rm *.o", "rm -rf \"$1\"", "eval x", "rm `cat list`", "rm *.o; curl x | sh", "x=$(date); rm $x",
          "for i in $(ls); do rm $i; done", "if then", "sudo rm x", "bash -c 'rm x'", ""}) {
        CAPTURE(text);
        CHECK(offer(script(text), asked()).refused);
    }
    auto code = plan();
    code.language = "python";
    code.code = "print(1)";
    CHECK(offer(code, asked()).refused);
    CHECK(offer(command({"rm", "x"}), asked("critical")).refused);
    auto denied = asked();
    denied.decision = "deny";
    CHECK(offer(command({"rm", "x"}), denied).refused);
    denied.decision = "allow";
    CHECK(offer(command({"rm", "x"}), denied).refused);
    auto unread = command({"rm", "x"});
    unread.files.front().digest.clear();
    CHECK(offer(unread, asked()).refused);
    unread.files.clear();
    CHECK(offer(unread, asked()).refused);
    CHECK(offer(script(std::string(70'000, '#')), asked()).refused);
}

TEST_CASE("a script is granted to who trusts what it finds by name, if it runs what owhaled knows") {
    for (const std::string text : {"rm -rf build && mkdir build", "cd sub; git tag v1", "echo hi > note"}) {
        const auto out = offer(script(text), asked());
        CAPTURE(text);
        CHECK_FALSE(out.refused);
        CHECK(out.once_only);
        CHECK_FALSE(out.template_);
    }
    for (const std::string text : {"own-tool x", "rm x; own-tool x"}) {
        CAPTURE(text);
        CHECK(offer(script(text), asked()).refused);
    }
    auto own = script("./deploy.sh now");
    own.files.push_back({"/home/u/p/deploy.sh", std::string(64, 'b'), "script", false});
    CHECK_FALSE(offer(own, asked()).refused);
    CHECK_FALSE(offer(own, asked()).once_only);
}

TEST_CASE("what runs code of the workspace is granted to who trusts that") {
    for (const auto& argv :
         {Words{"make"}, Words{"make", "install"}, Words{"npm", "run", "build"}, Words{"cargo", "test"},
          Words{"cargo", "build"}, Words{"pytest"}, Words{"git", "commit", "-m", "x"},
          Words{"git", "push", "origin", "main"}, Words{"npm", "install"}, Words{"go", "test"},
          Words{"git", "checkout", "main"}, Words{"terraform", "apply"}}) {
        const auto out = offer(command(argv), asked());
        CAPTURE(codec::to_text(argv));
        CHECK_FALSE(out.refused);
        CHECK(out.once_only);
    }
    auto own = command({"./deploy.sh", "now"});
    own.files = {{"/home/u/p/deploy.sh", std::string(64, 'a'), "program", false},
                 {"/usr/bin/bash", std::string(64, 'b'), "interpreter", true}};
    CHECK_FALSE(offer(own, asked()).refused);
    CHECK_FALSE(offer(own, asked()).once_only); // what it is, is bound
    auto named = command({"bash", "deploy.sh"});
    named.files = {{"/usr/bin/bash", std::string(64, 'b'), "program", true},
                   {"/home/u/p/deploy.sh", std::string(64, 'a'), "script", false}};
    CHECK_FALSE(offer(named, asked()).refused);
    CHECK(offer(named, asked()).once_only);
}

TEST_CASE("a suggested template fits its own command and lets only operands vary") {
    const auto out = offer(command({"rm", "-f", "build/x.o", "17"}), asked());
    REQUIRE(out.template_);
    CHECK(*out.template_ == Words{"rm", "-f", "<path>", "<number>"});
    CHECK_FALSE(offer(command({"git", "tag", "v1"}), asked()).template_);
    CHECK_FALSE(
        offer(command({"curl", "-H", "Authorization: Bearer ghp_0123456789012345678901234567890123456"}), asked())
            .template_);
}

TEST_CASE("the shape tells what words alone do not") {
    const auto shape = [](Words argv) { return read(command(std::move(argv)), asked()).shape; };
    CHECK(shape({"git", "tag", "a"}) == shape({"git", "tag", "b"}));
    CHECK(shape({"git", "status", "a"}) != shape({"git", "push", "a"}));
    CHECK(shape({"tar", "tf", "a"}) != shape({"tar", "xf", "a"}));
    CHECK(shape({"curl", "https://a.example/"}) != shape({"curl", "https://b.example/"}));
    CHECK(shape({"dd", "if=a", "of=b"}) != shape({"dd", "if=a", "conv=c"}));
}
