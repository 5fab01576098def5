#include "transport/pages.hpp"

#include <array>
#include <set>
#include <string>

#include "checks.hpp"
#include "page/files.hpp"

using namespace owhale;
using transport::Head;

namespace {

Head head_of(std::string_view target, std::string_view fields = "", std::string_view method = "GET") {
    auto head = transport::parse_head(std::string(method) + " " + std::string(target) +
                                      " HTTP/1.1\r\nHost: me.example:7717\r\n" + std::string(fields) + "\r\n");
    REQUIRE(head.has_value());
    return *std::move(head);
}

bool may(std::string_view fields, bool tls = true, std::string_view target = "/v1/health",
         std::string_view method = "GET") {
    return transport::check_origin(head_of(target, fields, method), tls).has_value();
}

constexpr std::string_view kLed =
    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";

} // namespace

TEST_CASE("the page's own origin is https and the very Host that was asked") {
    const std::string own = "Origin: https://me.example:7717\r\nSec-Fetch-Site: same-origin\r\n";
    CHECK(may(own));
    CHECK(may(""));
    CHECK_FALSE(may(own, false));
    for (const auto* origin : {"http://me.example:7717", "https://me.example", "https://me.example:7717.evil.example",
                               "https://me.example:77170", "https://ME.example:7717", "null", "",
                               "https://me.example:7717, https://evil.example"})
        CHECK_FALSE_MESSAGE(may("Origin: " + std::string(origin) + "\r\n"), origin);
    for (const auto* site : {"same-site", "cross-site", "nonsense"}) {
        CHECK_FALSE(may("Origin: https://me.example:7717\r\nSec-Fetch-Site: " + std::string(site) + "\r\n"));
        CHECK_FALSE(may("Sec-Fetch-Site: " + std::string(site) + "\r\n"));
    }
}

TEST_CASE("another site may lead to the page, and to nothing else") {
    CHECK(may(kLed, true, "/app"));
    CHECK(may(kLed, true, "/app?a=b", "HEAD"));
    CHECK_FALSE(may(kLed, false, "/app"));
    for (const auto* target : {"/", "/app/", "/app/main.js", "/v1/health", "/apps"})
        CHECK_FALSE(may(kLed, true, target));
    CHECK_FALSE(may(kLed, true, "/app", "POST"));
    CHECK_FALSE(may(std::string(kLed) + "Origin: https://evil.example\r\n", true, "/app"));
    CHECK_FALSE(
        may("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", true, "/app"));
}

TEST_CASE("files have paths, types and validators of their own") {
    std::set<std::string_view> paths, digests;
    for (const auto& file : page::files()) {
        CHECK(file.path.starts_with("/app"));
        CHECK(paths.insert(file.path).second);
        CHECK(digests.insert(file.digest).second);
        CHECK_FALSE(file.plain.empty());
        CHECK_EQ(page::find(file.path), &file);
    }
    CHECK(paths.contains("/app"));
    CHECK_EQ(page::find("/app/"), nullptr);
    CHECK_EQ(page::find(""), nullptr);
}

TEST_CASE("what is asked otherwise is no file") {
    const auto asked = [](const Head& head) {
        const auto target = transport::parse_target(head.target);
        REQUIRE(target.has_value());
        return transport::page_for(head, *target, "SHA256:00");
    };
    CHECK(asked(head_of("/app"))->status == 200);
    CHECK(asked(head_of("/app/certificate"))->body == "SHA256:00\n");
    CHECK_FALSE(asked(head_of("/app", "Content-Length: 1\r\n")));
    CHECK_FALSE(asked(head_of("/app", "", "POST")));
    CHECK_FALSE(asked(head_of("/app", "Connection: upgrade\r\nUpgrade: websocket\r\n")));
    CHECK_FALSE(asked(head_of("/app/%2e%2e/app")));
    CHECK_FALSE(asked(head_of("/v1/health")));
    CHECK_FALSE(asked(head_of("/"))); // no browser
    CHECK_FALSE(asked(head_of("/", "Accept: text/html\r\n", "POST")));
}

TEST_CASE("what people type for the page leads there, and says where there is no TLS why it does not") {
    const auto location = [](const transport::Response& response) {
        for (const auto& [name, value] : response.headers)
            if (name == "Location") return value;
        return std::string();
    };
    const auto target_of = [](const Head& head) { return *transport::parse_target(head.target); };
    const std::string browser = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n";
    for (const auto* path : {"/", "/app/"}) {
        const auto head = head_of(path, browser);
        const auto led = transport::page_for(head, target_of(head), "");
        REQUIRE(led);
        CHECK_EQ(led->status, 308);
        CHECK_EQ(location(*led), "/app");
        CHECK(transport::page_in_the_clear(head, target_of(head)));
    }
    const auto plain = head_of("/app");
    const auto told = transport::page_in_the_clear(plain, target_of(plain));
    REQUIRE(told);
    CHECK_EQ(told->status, 404);
    CHECK(told->body.find("tls = on") != std::string::npos);
    const auto health = head_of("/v1/health", browser);
    CHECK_FALSE(transport::page_in_the_clear(health, target_of(health)));
}
