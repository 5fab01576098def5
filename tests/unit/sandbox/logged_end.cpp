// What a start takes from the log for a row that a crash left live.
#include "sandbox/logged_end.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "checks.hpp"
#include "shared/codec.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

std::string event(const std::string& outcome, boost::json::object data) {
    boost::json::object whole{{"event", "run.outcome"}, {"outcome", outcome}, {"time", "2026-11-28T10:00:01.000000Z"}};
    whole["data"] = std::move(data);
    return boost::json::serialize(whole);
}

api::Receipt receipt() {
    api::Receipt out;
    out.run = "r";
    out.started = "2026-11-28T09:00:00.000000Z";
    out.ended = "2026-11-28T10:00:00.000000Z";
    out.state = "signaled";
    out.exit_code = 137;
    out.signal = "SIGKILL";
    out.signature = "c2ln";
    return out;
}

api::Run left() {
    api::Run run;
    run.id = "r";
    run.state = "running";
    return run;
}

} // namespace

TEST_CASE("a row that a crash left live says what the log says, and has the receipt") {
    auto run = left();
    REQUIRE(take_logged_end(run, event("signaled", {{"exit_code", 137}, {"receipt", codec::encode(receipt())}})));
    CHECK_EQ(run.state, "signaled");
    CHECK_EQ(run.exit_code, 137);
    CHECK_EQ(run.signal, "SIGKILL");
    CHECK_EQ(run.started, "2026-11-28T09:00:00.000000Z");
    CHECK_EQ(run.ended, "2026-11-28T10:00:00.000000Z");
    REQUIRE(run.receipt);
    CHECK_EQ(codec::to_text(*run.receipt), codec::to_text(receipt()));
    CHECK_FALSE(run.error);
}

TEST_CASE("one that failed has its error, and its time is the event's") {
    auto run = left();
    REQUIRE(take_logged_end(run, event("failed", {{"code", "jail_failed"}, {"error", "no room"}, {"step", "mount"}})));
    CHECK_EQ(run.state, "failed");
    CHECK_EQ(run.code, "jail_failed");
    CHECK_EQ(run.error, "no room");
    CHECK_EQ(run.step, "mount");
    CHECK_EQ(run.ended, "2026-11-28T10:00:01.000000Z");
    CHECK_FALSE(run.exit_code);
}

TEST_CASE("a receipt that this version cannot read is left out, and the end is not") {
    auto run = left();
    REQUIRE(take_logged_end(run, event("exited", {{"exit_code", 3}, {"receipt", {{"version", "two"}}}})));
    CHECK_EQ(run.state, "exited");
    CHECK_EQ(run.exit_code, 3);
    CHECK_FALSE(run.receipt);
}

TEST_CASE("what tells no end changes nothing") {
    for (const auto& text : {std::string(), std::string("[]"), std::string("{"), event("running", {{"exit_code", 0}}),
                             event("ok", {{"exit_code", 0}}), std::string(R"({"outcome":7})")}) {
        CAPTURE(text);
        auto run = left();
        CHECK_FALSE(take_logged_end(run, text));
        CHECK_EQ(codec::to_text(run), codec::to_text(left()));
    }
}
