#include "sandbox/frozen.hpp"

#include "checks.hpp"
#include "policy/normal/normalize.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

api::Frozen plan() {
    api::Frozen frozen;
    frozen.verb = "runs.create";
    frozen.principal = "unix:1000";
    frozen.uid = 1000;
    frozen.argv = {"bash", "x.sh"};
    frozen.cwd = frozen.workspace = "/home/u/p";
    frozen.environment = {{"PATH", "aa"}, {"HOME", "bb"}};
    frozen.limits = {{"pids", "4096"}};
    frozen.files = {{"/usr/bin/bash", "11", "program", true}, {"/home/u/p/x.sh", "22", "script", false}};
    frozen.policy = "version";
    return frozen;
}

std::vector<std::string> files_of(const std::string& script) {
    policy::Request request;
    request.script = script;
    policy::Facts facts;
    facts.cwd = facts.workspace = "/w";
    std::vector<std::string> out;
    for (const auto& file : code_files(policy::normalize(request, facts)))
        out.push_back(file.path + (file.made ? " made" : ""));
    return out;
}

} // namespace

TEST_CASE("every member of a plan is in its digest, and each change is named") {
    struct Row {
        void (*change)(api::Frozen&);
        const char* says;
    };
    const Row rows[] = {
        {[](api::Frozen& f) { f.files[1].digest = "33"; }, "/home/u/p/x.sh changed"},
        {[](api::Frozen& f) { f.files[1].path = "/home/u/p/y.sh"; }, "the script is not /home/u/p/x.sh any more"},
        {[](api::Frozen& f) { f.files.pop_back(); }, "the script is not /home/u/p/x.sh any more"},
        {[](api::Frozen& f) { f.files[0].held = false; }, "who can write /usr/bin/bash changed"},
        {[](api::Frozen& f) { f.environment["PATH"] = "cc"; }, "PATH changed"},
        {[](api::Frozen& f) { f.environment.erase("HOME"); }, "HOME is not set any more"},
        {[](api::Frozen& f) { f.environment["LD_PRELOAD"] = "x"; }, "LD_PRELOAD is new"},
        {[](api::Frozen& f) { f.cwd = "/home/u/q"; }, "the working folder changed"},
        {[](api::Frozen& f) { f.workspace = "/home/u/q"; }, "the workspace changed"},
        {[](api::Frozen& f) { f.workspace_writable = true; }, "whether it may write the workspace changed"},
        {[](api::Frozen& f) { f.policy = "newer"; }, "the policy changed"},
        {[](api::Frozen& f) { f.profile_digest = "x"; }, "the profile changed"},
        {[](api::Frozen& f) { f.net = "host"; }, "the network changed"},
        {[](api::Frozen& f) { f.limits["pids"] = "1"; }, "pids changed"},
        {[](api::Frozen& f) { f.uid = 1001; }, "the uid that it runs as changed"},
        {[](api::Frozen& f) { f.argv = {"bash", "-x", "x.sh"}; }, "the command changed"},
        {[](api::Frozen& f) { f.stdin_digest = "x"; }, "the command changed"},
        {[](api::Frozen& f) { f.tty = true; }, "the command changed"},
        {[](api::Frozen& f) { f.joined = "run"; }, "the command changed"},
        {[](api::Frozen& f) { f.principal = "unix:1001"; }, "the command changed"},
    };
    const auto before = plan();
    CHECK(differences(before, plan()).empty());
    CHECK_EQ(digest_of(before)->size(), 64);
    for (const auto& row : rows) {
        auto now = plan();
        row.change(now);
        CHECK_MESSAGE(*digest_of(now) != *digest_of(before), row.says);
        const auto said = differences(before, now);
        REQUIRE_MESSAGE(!said.empty(), row.says);
        CHECK_EQ(said.front(), row.says);
    }
}

TEST_CASE("files that are code are found by their paths") {
    using Paths = std::vector<std::string>;
    CHECK_EQ(files_of("bash x.sh"), Paths{"/w/x.sh"});
    CHECK_EQ(files_of("./x.sh"), Paths{"/w/x.sh"});
    CHECK_EQ(files_of("python3 tools/a.py --b"), Paths{"/w/tools/a.py"});
    CHECK_EQ(files_of(". ./env.sh"), Paths{"/w/env.sh"});
    CHECK_EQ(files_of("echo 'echo 1' > y.sh; sh y.sh"), Paths{"/w/y.sh made"});
    CHECK_EQ(files_of("bash \"$1\""), Paths{}); // nobody can know
    CHECK_EQ(files_of("make all"), Paths{});
    CHECK_EQ(files_of("ls -l"), Paths{});
}

TEST_CASE("an interpreter is what the first line names") {
    const auto plain = read_hashbang("#!/bin/sh");
    REQUIRE(plain);
    CHECK_EQ(plain->interpreter, "/bin/sh");
    const auto by_env = read_hashbang("#! /usr/bin/env python3 -x");
    REQUIRE(by_env);
    CHECK_EQ(by_env->interpreter, "/usr/bin/env");
    CHECK_EQ(by_env->argument, "python3 -x");
    CHECK(!read_hashbang(""));
    using Words = std::vector<std::string>;
    CHECK_EQ(words_of_env("python3"), Words{"python3"});
    CHECK_EQ(words_of_env("-S A=1 python3 x"), Words{"python3", "x"});
    CHECK_EQ(words_of_env("-u X python3"), Words{}); // nobody can agree to it
}

TEST_CASE("what is shown of the environment has no secrets") {
    const auto shown = shown_environment({"A=1", "EMPTY=", "GITHUB_TOKEN=ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2"});
    CHECK_EQ(shown.at("A"), "1");
    CHECK_EQ(shown.at("EMPTY"), "");
    CHECK(shown.at("GITHUB_TOKEN").find("a1B2a1B2") == std::string::npos);
}
