#include "checks.hpp"
#include "cli/context.hpp"
#include "cli/detach_keys.hpp"
#include "cli/events.hpp"
#include "cli/exit_codes.hpp"
#include "cli/timing.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

api::Run ended(const std::string& state, std::optional<int> code, const std::string& signal = {}) {
    api::Run run;
    run.id = "id";
    run.state = state;
    run.exit_code = code;
    if (!signal.empty()) run.signal = signal;
    return run;
}

} // namespace

TEST_CASE("a run's end as docker run tells it") {
    CHECK(exit_of(ended("exited", 0)) == 0);
    CHECK(exit_of(ended("exited", 125)) == 125); // the command's own
    CHECK(exit_of(ended("signaled", {}, "SIGTERM")) == 143);
    CHECK(exit_of(ended("killed", {}, "KILL")) == 137);
    CHECK(exit_of(ended("limit_exceeded", {})) == 137);
    CHECK(exit_of(ended("limit_exceeded", 3)) == 3);
    CHECK(exit_of(ended("timed_out", 124)) == 124);
    CHECK(exit_of(ended("timed_out", {}, "SIGKILL")) == 124);
    CHECK(exit_of(ended("lost", {})) == 125);
    auto failed = ended("failed", {});
    failed.code = "program_not_found";
    CHECK(exit_of(failed) == 127);
    failed.code = "program_not_executable";
    CHECK(exit_of(failed) == 126);
    failed.code = "jail_failed";
    failed.error = "Operation not permitted";
    failed.step = "mounts";
    CHECK(exit_of(failed) == 125);
    CHECK(error_of(failed).code == Code::jail_failed);
    CHECK(error_of(failed).message == "mounts: Operation not permitted");
    CHECK(error_of(ended("exited", 127)).message.empty());
    CHECK(error_of(ended("running", {})).message.empty());
}

TEST_CASE("an error's exit code, for a command that runs something and for others") {
    const auto error = [](Code code) { return Error{code, "m", "", 0, ""}; };
    CHECK(exit_of(error(Code::unreachable), Exits::plain) == 6);
    CHECK(exit_of(error(Code::not_found), Exits::plain) == 5);
    CHECK(exit_of(error(Code::forbidden), Exits::plain) == 4);
    CHECK(exit_of(error(Code::unauthenticated), Exits::plain) == 3);
    CHECK(exit_of(error(Code::bad_request), Exits::plain) == 2);
    CHECK(exit_of(error(Code::busy), Exits::plain) == 1);
    CHECK(exit_of(error(Code::unreachable), Exits::like_run) == 125);
    CHECK(exit_of(error(Code::not_found), Exits::like_run) == 125);
    CHECK(exit_of(error(Code::program_not_found), Exits::like_run) == 127);
}

TEST_CASE("every error code has a next step") {
    for (int code = 0; code <= static_cast<int>(Code::internal); ++code)
        CHECK(!next_step(static_cast<Code>(code)).empty());
}

TEST_CASE("ids are named by both ends, and by what only one has") {
    const std::vector<std::string> ids = {"0190aaaa-0000-7000-8000-000000001111",
                                          "0190aaab-0000-7000-8000-000000002222",
                                          "0190bbbb-0000-7000-8000-0190aaab1111"};
    const auto meant = [&](const std::string& named) { return meant_id(named, ids, "run", "list"); };
    CHECK(meant("0190bb") == ids[2]);
    CHECK(meant("0190aaab-0") == ids[1]);
    CHECK(meant("00001111") == ids[0]);
    CHECK(meant(ids[2]) == ids[2]);
    for (const auto* many : {"0190aa", "1111"}) CHECK(meant(many).error().code == Code::bad_request);
    for (const auto* none : {"ffffff", "7000-8000"}) CHECK(meant(none).error().code == Code::not_found);
    CHECK(whole_or_part("0190b", "run", "").error().code == Code::bad_request);
    CHECK(whole_or_part("0190bx", "run", "").error().code == Code::bad_request);
    CHECK(whole_or_part("0190bb", "run", "").value().empty());
    CHECK(is_whole_id("01900001-0000-7000-8000-000000000001"));
    CHECK(!is_whole_id("01900001-0000-7000-8000-00000000000g"));
    CHECK(!is_whole_id("01900001"));
}

TEST_CASE("output as JSON lines") {
    CHECK(output_event("stdout", "a\"\n") == "{\"event\":\"output\",\"stream\":\"stdout\",\"data\":\"a\\\"\\n\"}\n");
    CHECK(output_event("stderr", "\xff\xfe") ==
          "{\"event\":\"output\",\"stream\":\"stderr\",\"data\":\"//4=\",\"encoding\":\"base64\"}\n");
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    CHECK(is_utf8("ünï 漢 🐳"));
    CHECK(!is_utf8("\xc0\x80"));
    CHECK(!is_utf8("\xed\xa0\x80"));
    CHECK(!is_utf8("\xf4\x90\x80\x80"));
    CHECK(!is_utf8("\xe6\xbc"));
}

TEST_CASE("detach keys") {
    DetachKeys keys;
    CHECK(keys.take("ab").data == "ab");
    CHECK(keys.take("a\x10").data == "a");
    CHECK(keys.holds());
    CHECK(keys.take("x").data == "\x10x");
    CHECK(!keys.take("\x10\x10").detach);
    CHECK(keys.flush() == "\x10");
    CHECK(keys.flush().empty());
    const auto typed = keys.take("bye\x10\x11ignored");
    CHECK(typed.detach);
    CHECK(typed.data == "bye");
}

TEST_CASE("a run's time is told in its order, and each of the jail's steps by its own") {
    const auto steps = timed_steps({{"audit", 700},
                                    {"jail", 5000},
                                    {"jail.cwd", 900},
                                    {"jail.intent", 1500},
                                    {"jail.mounts", 400},
                                    {"receipt", 60},
                                    {"resolve", 2000},
                                    {"run", 9000},
                                    {"something", 3}});
    std::vector<std::pair<std::string, std::uint64_t>> told;
    for (const auto& step : steps) told.emplace_back(step.name, step.us);
    const std::vector<std::pair<std::string, std::uint64_t>> wanted = {
        {"resolve", 2000},      {"audit", 700}, {"jail", 5000},  {"  jail.mounts", 400}, {"  jail.cwd", 500},
        {"  jail.intent", 600}, {"run", 9000},  {"receipt", 60}, {"something", 3}};
    CHECK(told == wanted);
    CHECK(timed_steps({}).empty());
}
