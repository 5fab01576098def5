#include <boost/json/parse.hpp>

#include "audit/event.hpp"
#include "audit/leaf.hpp"
#include "base/clock.hpp"

#include "checks.hpp"

using namespace owhale;
namespace json = boost::json;

namespace {

std::string canonical(const char* text) {
    return audit::canonical(json::parse(text)).value_or("refused");
}

} // namespace

TEST_CASE("members are sorted, space goes") {
    CHECK_EQ(canonical(R"({ "b" : [1, true, null, {}], "a":"", "aa" : -5 })"),
             R"({"a":"","aa":-5,"b":[1,true,null,{}]})");
    CHECK_EQ(canonical("[]"), "[]");
}

TEST_CASE("keys are sorted by UTF-16 code units: the example of RFC 8785, 3.2.3") {
    CHECK_EQ(canonical(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})"),
             "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001f600\":5,\"\ufb33\":3}");
}

TEST_CASE("only what must be is escaped: the example of RFC 8785, 3.2.2") {
    CHECK_EQ(canonical(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/")"), R"("€$\u000f\nA'B\"\\\\\"/")");
    CHECK_EQ(canonical(R"("\b\f\t\r\u0001\u001f\u007f")"), "\"\\b\\f\\t\\r\\u0001\\u001f\x7f\"");
}

TEST_CASE("numbers that JSON readers would round are refused") {
    CHECK_EQ(canonical("9007199254740991"), "9007199254740991");
    CHECK_EQ(canonical("-9007199254740991"), "-9007199254740991");
    for (const char* text : {"9007199254740992", "-9007199254740992", "18446744073709551615", "1.5", "1e2"})
        CHECK_MESSAGE(canonical(text) == "refused", text);
}

TEST_CASE("strings that are not UTF-8 are refused") {
    for (const char* text :
         {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\x80", "\xf0\x80\x80\x80"}) {
        CHECK_FALSE(audit::canonical(json::value(text)));
        CHECK_FALSE(audit::canonical(json::object{{text, 1}}));
    }
    CHECK(audit::canonical(json::value("\xf4\x8f\xbf\xbf")));
}

TEST_CASE("nesting is bounded") {
    json::value deep = json::array();
    for (int i = 0; i < 100; ++i) deep = json::array{std::move(deep)};
    CHECK_FALSE(audit::canonical(deep));
}

TEST_CASE("a leaf's hash is RFC 6962's") {
    // RFC 6962's test vectors: the leaf of no bytes.
    std::string hex;
    for (const auto byte : audit::leaf_hash(""))
        (hex += "0123456789abcdef"[byte >> 4]) += "0123456789abcdef"[byte & 15];
    CHECK_EQ(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST_CASE("an event has the members that its format names") {
    const auto leaf = audit::make_leaf({"run.intent", "unix:1000", "runs.create", "pending", "r1", {{"argv", {"id"}}}});
    REQUIRE(leaf);
    const auto event = json::parse(leaf->json).as_object();
    CHECK_EQ(event.size(), 9);
    CHECK_EQ(event.at("v"), 1);
    CHECK_EQ(event.at("event"), "run.intent");
    CHECK_EQ(event.at("principal"), "unix:1000");
    CHECK_EQ(event.at("data"), json::parse(R"({"argv":["id"]})"));
    CHECK_EQ(event.at("time").as_string(), rfc3339(leaf->time));
}
