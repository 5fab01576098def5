#include "shared/api.hpp"
#include "shared/codec.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace std::literals;

namespace {

Error error_of(std::string_view text) {
    const auto decoded = codec::decode<api::RunRequest>(text);
    REQUIRE_FALSE(decoded.has_value());
    return decoded.error();
}

bool says(const Error& error, std::string_view part) {
    return error.message.find(part) != std::string::npos;
}

std::string nested(std::size_t depth) {
    return R"({"argv":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

} // namespace

TEST_CASE("a whole request is read into its members") {
    const auto request = codec::decode<api::RunRequest>(
        R"({"argv":["a","\u00e9"],"stdin":"in","env":{"A":"1","B":""},"limits":{"memory":5,"cpus":1},"wait":true,"rows":24})"sv);
    REQUIRE(request.has_value());
    CHECK_EQ(request->argv->at(1), "é");
    CHECK_EQ(*request->stdin_, "in");
    CHECK_EQ(request->env->at("B"), "");
    CHECK_EQ(*request->limits->memory, 5);
    CHECK_EQ(*request->limits->cpus, 1.0);
    CHECK_EQ(*request->rows, 24);
    CHECK_FALSE(request->script.has_value());
}

TEST_CASE("null stands for a left-out optional, not for a required member") {
    CHECK(codec::decode<api::RunRequest>(R"({"script":null})"sv).has_value());
    const auto signal = codec::decode<api::SignalRequest>(R"({"signal":null})"sv);
    REQUIRE_FALSE(signal.has_value());
    CHECK_EQ(signal.error().message, "\"signal\" must be a string, not null");
}

TEST_CASE("what a message becomes, it can be read from again") {
    api::Run run;
    run.id = "x";
    run.stdout_ = "out\n";
    run.exit_code = -1;
    run.timing = {{"audit", 18446744073709551615ULL}};
    run.hints = {{"what", "next"}};
    const auto text = codec::to_text(run);
    CHECK_NE(text.find("\"stdout\":\"out\\n\""), std::string::npos);
    CHECK_EQ(text.find("\"stderr\""), std::string::npos);
    const auto back = codec::decode<api::Run>(text);
    REQUIRE(back.has_value());
    CHECK_EQ(*back->stdout_, "out\n");
    CHECK_EQ(*back->exit_code, -1);
    CHECK_EQ(back->timing.at("audit"), 18446744073709551615ULL);
    CHECK_EQ(back->hints.at(0).next, "next");
}

TEST_CASE("a duplicate key is refused at any depth, whatever its value") {
    CHECK_EQ(error_of(R"({"argv":[],"argv":[]})").code, Code::duplicate_key);
    CHECK(says(error_of(R"({"env":{"A":"1","A":"1"}})"), "\"env.A\""));
    CHECK_EQ(error_of(R"({"":1,"":1})").code, Code::duplicate_key);
    CHECK_EQ(error_of(R"({"argv":1,"\u0061rgv":1})").code, Code::duplicate_key);
}

TEST_CASE("an unknown key is named, with its place and the nearest known one") {
    const auto error = error_of(R"({"limits":{"memry":1}})");
    CHECK_EQ(error.code, Code::unknown_field);
    CHECK(says(error, "\"limits.memry\""));
    CHECK_EQ(error.next.rfind("Did you mean \"memory\"?", 0), 0);
    CHECK(says(error_of(R"({"a\nb":1})"), "\"a?b\""));
    CHECK(error_of("{\"" + std::string(100'000, 'k') + "\":1}").message.size() < 200);
}

TEST_CASE("a wrong type and a number out of range name the key") {
    CHECK_EQ(error_of(R"({"argv":["a",1]})").message, "\"argv[1]\" must be a string, not a number");
    CHECK_EQ(error_of(R"({"rows":4294967296})").message, "\"rows\" must be between 0 and 4294967295");
    CHECK_EQ(error_of(R"({"limits":{"memory":-1}})").code, Code::invalid_value);
    CHECK_EQ(error_of(R"({"timeout_ms":1.5})").code, Code::invalid_value);
    CHECK_EQ(error_of(R"({"timeout_ms":18446744073709551616})").code, Code::invalid_value);
    CHECK_EQ(error_of(R"({"wait":"yes"})").message, "\"wait\" must be true or false, not a string");
    CHECK_EQ(error_of("[]").message, "the body must be an object, not an array");
}

TEST_CASE("text that is no JSON, or too deep, or not UTF-8, is refused") {
    for (const auto* text : {"", "{", "{\"a\":1} x", "{\"a\":01}", "{'a':1}", "{\"a\":NaN}", "{\"a\":1,}", "// x\n{}"})
        CHECK_EQ(error_of(text).code, Code::malformed_json);
    CHECK_EQ(error_of("{\"cwd\":\"\\ud800\"}").code, Code::malformed_json);
    CHECK_EQ(error_of("{\"cwd\":\"\xff\"}").message, "body: not valid UTF-8 at byte 8");
    CHECK_EQ(error_of(R"({"rows":1e999})").code, Code::malformed_json);
    CHECK_EQ(error_of(nested(100)).code, Code::too_deep);
    CHECK_EQ(error_of(nested(32)).code, Code::too_deep);
    CHECK_EQ(error_of(nested(31)).code, Code::invalid_value);
}

TEST_CASE("UTF-8 is told from what only looks like it") {
    CHECK(codec::is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8b"));
    for (const auto* text :
         {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88", "\xe2\x82"})
        CHECK_FALSE(codec::is_utf8(text));
}
