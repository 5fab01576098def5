#include "transport/target.hpp"

#include "checks.hpp"

using namespace owhale;
using transport::parse_target;

TEST_CASE("path and query are split first and decoded then") {
    const auto target = parse_target("/v1/runs/a%2Fb?limit=1&grep=a+b%2B%26c&flag");
    REQUIRE(target.has_value());
    CHECK_EQ(target->segments, std::vector<std::string>{"v1", "runs", "a/b"});
    CHECK_EQ(target->query.at("limit"), "1");
    CHECK_EQ(target->query.at("grep"), "a b+&c");
    CHECK_EQ(target->query.at("flag"), "");
}

TEST_CASE("dots and empty parts are names like any other: nothing is resolved") {
    CHECK_EQ(parse_target("/v1/../x")->segments, std::vector<std::string>{"v1", "..", "x"});
    CHECK_EQ(parse_target("//")->segments, std::vector<std::string>{"", ""});
    CHECK_EQ(parse_target("/")->segments, std::vector<std::string>{""});
}

TEST_CASE("an absolute target says whom it is for") {
    CHECK_EQ(parse_target("http://localhost/v1/health")->path, "/v1/health");
    CHECK_EQ(parse_target("http://[::1]:7717/v1")->authority, "[::1]:7717");
    CHECK_EQ(parse_target("https://localhost@evil.example/v1")->authority, "localhost@evil.example");
    CHECK_EQ(parse_target("/v1")->authority, "");
    CHECK_FALSE(parse_target("http:///v1").has_value());
}

TEST_CASE("other forms and broken encodings are refused") {
    for (const auto* text : {"*", "localhost:80", "ftp://localhost/", "http://localhost", "http://localhost?x=1",
                             "v1/runs", "/%", "/%4", "/%zz", "/%00", "/%0a", "/%7f", "/%ff", "/%c0%af", "/a#b",
                             "/?a=1&a=2", "/?a=%", "/?%61=1&a=2", "/?a=%0d%0a"}) {
        INFO(text);
        CHECK_FALSE(parse_target(text).has_value());
    }
}
