// Where devices find an owhaled, and what is said to one that owhaled knows no more.
#include "checks.hpp"
#include "cli/call.hpp"
#include "cli/device_url.hpp"

using namespace owhale;
using namespace owhale::cli;

TEST_CASE("the URL that pair join takes and pair new hands out") {
    CHECK(parse_device_url("https://owhaled.example.org")->url() == "https://owhaled.example.org:7717");
    for (const auto* url : {"https://127.0.0.1:27717", "https://127.0.0.1:27717/", "https://127.0.0.1:27717/app",
                            "https://127.0.0.1:27717/app/"}) {
        CAPTURE(url);
        const auto host = parse_device_url(url);
        REQUIRE(host);
        CHECK(host->url() == "https://127.0.0.1:27717");
        CHECK(host->is_loopback());
    }
    CHECK(parse_device_url("https://[2001:db8::7]:1/app")->url() == "https://[2001:db8::7]:1");
    CHECK(parse_device_url("https://app")->url() == "https://app:7717");
    CHECK_FALSE(parse_device_url("https://192.0.2.7")->is_loopback());
}

TEST_CASE("what is wrong with a URL is said with what to write instead") {
    struct Wrong {
        const char *url, *next;
    };
    for (const auto& [url, next] : {Wrong{"foo", "https://build.example.org"},
                                    {"http://127.0.0.1:27717", "https://build.example.org"},
                                    {"https://", "https://build.example.org"},
                                    {"https://a b", "https://build.example.org"},
                                    {"https://127.0.0.1:27717/v1/pair", "without a path: https://127.0.0.1:27717"},
                                    {"https://h/apps/app", "without a path: https://h"},
                                    {"https://h/app?x", "without a path: https://h"},
                                    {"https://h/app#7K3M9QXT", "no command line: https://h/app"}}) {
        CAPTURE(url);
        const auto host = parse_device_url(url);
        REQUIRE_FALSE(host);
        CHECK_NE(host.error().next.find(next), std::string::npos);
        CHECK_EQ(host.error().next.find("http://"), std::string::npos);
        CHECK_EQ((host.error().message + host.error().next).find("7K3M"), std::string::npos);
    }
}

TEST_CASE("an address that stands for all of a machine's is handed out to nobody") {
    CHECK(device_url_for("0.0.0.0:7717", "build.example.org")->url() == "https://build.example.org:7717");
    CHECK(device_url_for("[::]:8000", "build")->url() == "https://build:8000");
    CHECK(device_url_for("[::]:8000", "2001:db8::7")->url() == "https://[2001:db8::7]:8000");
    CHECK(device_url_for("192.0.2.7:1", "build")->url() == "https://192.0.2.7:1");
    CHECK(device_url_for("[::1]:1", "build")->is_loopback());
    CHECK_FALSE(device_url_for("0.0.0.0:7717", "no name"));
}

TEST_CASE("a device that owhaled takes no more is not told to log in") {
    const auto refused = [](const std::string& code, const std::string& next, const std::string& device_of) {
        Reply reply{401,
                    R"({"type":"about:blank","title":"x","status":401,"detail":"x","code":")" + code + R"(","next":")" +
                        next + "\"}",
                    {},
                    device_of};
        return succeeded(std::move(reply)).error().next;
    };
    const std::string url = "https://h:7717", pair = "pair it: owhalectl pair join URL";
    for (const auto* code : {"token_revoked", "token_expired"}) {
        CHECK_NE(refused(code, pair, url).find("owhalectl pair join https://h:7717, with a new code"),
                 std::string::npos);
        CHECK_NE(refused(code, pair, url).find("owhalectl --host https://h:7717 logout"), std::string::npos);
        CHECK_EQ(refused(code, pair, ""), "");
    }
    CHECK(refused("token_revoked", "ask an admin of this owhaled", url).starts_with("ask an admin"));
    CHECK_EQ(refused("signature_stale", pair, url), "");
}
